"""The behaviour model: all events of a user in one network, a head for each question."""

from footfall.models.behavior.model import BehaviorModel

__all__ = ["BehaviorModel"]
