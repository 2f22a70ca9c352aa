"""When people shop: the year's trend, weekends, promotion days and the hours of a day."""

import datetime as dt

import numpy as np
import numpy.typing as npt

from footfall.events.simulate.behavior import Behavior
from footfall.events.simulate.options import SimulateOptions

__all__ = ["PROMOTIONS", "day_factors", "hour_cdf", "promotion_days"]

# Month, day; Black Friday is added where it falls.
PROMOTIONS = ((6, 18), (11, 11), (12, 12))


def _is_promotion(day: dt.date) -> bool:
    black_friday = day.month == 11 and day.weekday() == 4 and 23 <= day.day <= 29
    return black_friday or (day.month, day.day) in PROMOTIONS


def promotion_days(options: SimulateOptions) -> list[dt.date]:
    """List the promotion days of a simulation.

    Examples
    --------
    >>> promotion_days(SimulateOptions(start=dt.date(2025, 11, 1), days=30))
    [datetime.date(2025, 11, 11), datetime.date(2025, 11, 28)]
    """
    days = (options.start + dt.timedelta(days=day) for day in range(options.days))
    return [day for day in days if _is_promotion(day)]


def day_factors(options: SimulateOptions) -> npt.NDArray[np.float64]:
    """Compute how busy each day is.

    Parameters
    ----------
    options : SimulateOptions
        Of the simulation.

    Returns
    -------
    ndarray of shape (days,), float64
        Multiplies everybody's tempo. The three days before a promotion are quieter: people wait.
    """
    behavior: Behavior = options.behavior
    factors = np.empty(options.days)
    for number in range(options.days):
        day = options.start + dt.timedelta(days=number)
        angle = 2.0 * np.pi * (day.timetuple().tm_yday - 340) / 365.25
        factor = 1.0 + behavior.season_swing * np.cos(angle)
        if day.weekday() >= 5:
            factor *= behavior.weekend_factor
        if _is_promotion(day):
            factor *= behavior.promotion_traffic
        elif any(_is_promotion(day + dt.timedelta(days=ahead)) for ahead in (1, 2, 3)):
            factor *= 0.85
        factors[number] = factor
    return factors


def hour_cdf() -> npt.NDArray[np.float64]:
    """Compute the hours at which each rhythm shops.

    Returns
    -------
    ndarray of shape (rhythms, 24), float64
        Cumulated weights of the hours of a local day, in the order of `shoppers.RHYTHMS`.

    Examples
    --------
    >>> hour_cdf().shape
    (4, 24)
    """
    hours = np.arange(24)

    def bump(center: float, width: float) -> npt.NDArray[np.float64]:
        away = np.minimum(np.abs(hours - center), 24 - np.abs(hours - center))
        return np.asarray(np.exp(-0.5 * (away / width) ** 2))

    shared = 0.08 * bump(15.0, 5.0) + 0.004
    rhythms = [
        0.8 * bump(8.0, 1.2) + 0.6 * bump(18.5, 1.5),  # commuter
        bump(12.4, 1.2) + 0.3 * bump(20.0, 2.0),  # lunch
        bump(20.5, 1.8),  # evening
        bump(23.0, 1.5),  # night
    ]
    return np.cumsum(np.stack(rhythms) + shared, axis=1)
