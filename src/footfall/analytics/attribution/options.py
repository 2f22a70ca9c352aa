"""The options of attribution, checked."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from footfall.analytics.attribution.credit import MODELS
from footfall.analytics.scope import condition
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.store.view import LogView

__all__ = ["checked_models", "checked_numbers", "ends_of", "touch_of"]


def checked_models(model: str | Sequence[str]) -> tuple[str, ...]:
    """Give the models asked for."""
    models = [part.strip() for part in model.split(",")] if isinstance(model, str) else [*model]
    if not models or len({*models}) < len(models) or not {*models} <= {*MODELS}:
        raise OptionError.of("model", "attribution", f"one or several of {[*MODELS]}", model)
    return tuple(models)


def checked_numbers(*, order: int, longest: int, draws: int, top: int, seed: int) -> None:
    """Refuse numbers outside what makes sense."""
    numbers = {
        "order": (order, 1, 3),
        "longest": (longest, 1, 1000),
        "draws": (draws, 0, 10_000),
        "top": (top, 1, 200),
        "seed": (seed, 0, 2**32 - 1),
    }
    for name, (number, least, most) in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise OptionError.of(name, "attribution", f"an int in [{least}, {most}]", number)


def ends_of(position: Sequence[float | Fraction]) -> tuple[Fraction, Fraction]:
    """Give the shares of the first and the last touch as exact fractions."""
    allowed = "three shares that add up to 1, such as (0.4, 0.2, 0.4)"
    try:
        first, middle, last = (Fraction(str(share)) for share in position)
    except (TypeError, ValueError, ZeroDivisionError):
        raise OptionError.of("position", "attribution", allowed, position) from None
    if min(first, middle, last) < 0 or first + middle + last != 1:
        raise OptionError.of("position", "attribution", allowed, position)
    return first, last


def touch_of(log: LogView, touch: str | None, time_zone: str) -> tuple[Any, Any]:
    """Read which events are touches: event types, or an expression."""
    if touch is None:
        return None, None
    if any(sign in touch for sign in "=<>(") or " " in touch.strip():
        expression = condition(log, touch, owner="attribution", option="touch", time_zone=time_zone)
        return expression, None
    types = np.zeros(len(log.event_types), bool)
    types[codes_of(log, touch)] = True
    return None, types
