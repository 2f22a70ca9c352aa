"""The rules of cleaning: each a name, what it does, and a function that finds its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from footfall.events.cells import Cells, CleanOptions

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True)
class Rule:
    """One rule of cleaning.

    Parameters
    ----------
    name : str
        As it stands in reports and in the table of rejected rows.
    kind : {'reject', 'repair'}
        Whether its rows are put aside, or kept after a change that is counted.
    what : str
        What it does, in a sentence.
    find : callable
        ``find(cells, options)`` gives a bool array, True for the rows the rule is about.
    """

    name: str
    kind: Literal["reject", "repair"]
    what: str
    find: Callable[[Cells, CleanOptions], np.ndarray]


def _unparseable_time(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.no_time


def _future_time(cells: Cells, options: CleanOptions) -> np.ndarray:
    return cells.micros > options.now_micros


def _before_floor(cells: Cells, options: CleanOptions) -> np.ndarray:
    return cells.micros < options.floor_micros


def _no_user(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.no_user


def _no_event_type(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.no_event_type


def _bad_price(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.line.bad_price


def _bad_quantity(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.line.bad_quantity


def _text_cleaned(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.text_changed


def _custom_event_type(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.custom_event_type


def _odd_quantity(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.line.odd_quantity


def _value_dropped(cells: Cells, _: CleanOptions) -> np.ndarray:
    return cells.value_dropped


# A row is rejected by the first rule that finds it; repairs are counted in the rows that are kept.
RULES: tuple[Rule, ...] = (
    Rule(
        "unparseable_time",
        "reject",
        "The timestamp is missing or in no form that can be read.",
        _unparseable_time,
    ),
    Rule("future_time", "reject", "The timestamp is later than now.", _future_time),
    Rule("before_floor", "reject", "The timestamp is before the floor, 1995.", _before_floor),
    Rule("no_user", "reject", "The user id is missing, empty or a word for it.", _no_user),
    Rule("no_event_type", "reject", "The event type is missing or empty.", _no_event_type),
    Rule(
        "bad_price",
        "reject",
        "The price or the amount is no number, could be two, is below 0, NaN, infinite or absurd.",
        _bad_price,
    ),
    Rule(
        "bad_quantity",
        "reject",
        "The quantity is no number, below 0, NaN, infinite or absurd.",
        _bad_quantity,
    ),
    Rule(
        "text_cleaned",
        "repair",
        "HTML or control characters were taken out of a text, or control characters out of an id.",
        _text_cleaned,
    ),
    Rule(
        "custom_event_type",
        "repair",
        "The event type is not in the vocabulary and is kept under its own name.",
        _custom_event_type,
    ),
    Rule(
        "odd_quantity",
        "repair",
        "The quantity is 0 or a fraction and is left out; the amount still follows from it.",
        _odd_quantity,
    ),
    Rule(
        "value_dropped",
        "repair",
        "A rating, slot, propensity or reward is no sensible number and is left out.",
        _value_dropped,
    ),
)
