"""A simulated shop: shoppers with hidden tastes, their log, and the truth behind it."""

from footfall.events.simulate.behavior import Behavior
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.simulated import Simulated, Truth, simulate
from footfall.events.simulate.writing import write_simulation

__all__ = ["Behavior", "SimulateOptions", "Simulated", "Truth", "simulate", "write_simulation"]
