"""Price, quantity and amount of a line: what is given, and what follows from it, to the cent."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.events.money import BAD, GIVEN, MISSING, Numbers, parse_numbers

__all__ = ["Line", "line_of"]

# Quantities are read to a millionth: goods are sold by weight too.
_DIGITS = 6
_ONE = 10**_DIGITS


@dataclass(frozen=True)
class Line:
    """What each row says of money and quantity; all arrays have one value a row.

    Parameters
    ----------
    price, amount : Numbers
        Minor units. Where one is not given it is worked out from the other, if that can be done.
    quantity : Numbers
        Whole units; MISSING where the quantity is no whole number above 0.
    bad_price, bad_quantity : bool array
        What was given makes no sense: it is no number, below 0, or absurdly large.
    odd_quantity : bool array
        The quantity is a fraction or 0. The amount is worked out from it all the same.
    """

    price: Numbers
    amount: Numbers
    quantity: Numbers
    bad_price: np.ndarray
    bad_quantity: np.ndarray
    odd_quantity: np.ndarray


def line_of(
    price: pa.ChunkedArray | None,
    amount: pa.ChunkedArray | None,
    quantity: pa.ChunkedArray | None,
    *,
    rows: int,
    currency_digits: int,
    max_price: int,
    max_quantity: int,
) -> Line:
    """Read the three columns, each of which may be absent.

    Parameters
    ----------
    price, amount, quantity : pyarrow.ChunkedArray or None
        Major units of money, pieces; of any type that `parse_numbers` reads.
    rows : int
        How many rows there are.
    currency_digits : int
        Digits of the currency's minor unit: 2 for dollars, 0 for yen.
    max_price : int
        Prices and amounts above so many major units are bad.
    max_quantity : int
        Quantities above it are bad.
    """
    most = max_price * 10**currency_digits
    prices, bad_price = _sensible(_numbers(price, rows, currency_digits), most)
    amounts, bad_amount = _sensible(_numbers(amount, rows, currency_digits), most)
    counts, bad_quantity = _sensible(_numbers(quantity, rows, _DIGITS), max_quantity * _ONE)
    odd = (counts.kinds == GIVEN) & ((counts.values % _ONE != 0) | (counts.values == 0))
    pieces = np.where(odd, 0, counts.values // _ONE)
    return Line(
        price=_worked_out_price(prices, amounts, counts),
        amount=_worked_out_amount(prices, amounts, counts),
        quantity=Numbers(pieces, np.where(odd, MISSING, counts.kinds).astype(np.int8)),
        bad_price=bad_price | bad_amount,
        bad_quantity=bad_quantity,
        odd_quantity=odd,
    )


def _numbers(column: pa.ChunkedArray | None, rows: int, digits: int) -> Numbers:
    if column is None:
        return Numbers(np.zeros(rows, np.int64), np.full(rows, MISSING, np.int8))
    return parse_numbers(column, digits=digits)


def _sensible(numbers: Numbers, most: int) -> tuple[Numbers, np.ndarray]:
    """Split off the values that make no sense; they count as missing from here on."""
    bad = (numbers.kinds == BAD) | (numbers.values < 0) | (numbers.values > most)
    if not bad.any():
        return numbers, bad
    kinds = np.where(bad, MISSING, numbers.kinds).astype(np.int8)
    return Numbers(np.where(bad, 0, numbers.values), kinds), bad


def _worked_out_amount(price: Numbers, amount: Numbers, quantity: Numbers) -> Numbers:
    """Take price times quantity, or once the price, where no amount is given; half to even."""
    wanted = (amount.kinds != GIVEN) & (price.kinds == GIVEN)
    if not wanted.any():
        return amount
    times = np.where(quantity.kinds == GIVEN, quantity.values, _ONE)
    fraction = price.values * (times % _ONE)
    worked = _rounded(price.values * (times // _ONE) + fraction // _ONE, fraction % _ONE, _ONE)
    return _filled(amount, worked, wanted)


def _worked_out_price(price: Numbers, amount: Numbers, quantity: Numbers) -> Numbers:
    """Take amount by quantity, where only these two are given; half to even."""
    wanted = (price.kinds != GIVEN) & (amount.kinds == GIVEN) & (quantity.values > 0)
    if not wanted.any():
        return price
    parts = np.where(wanted, quantity.values, 1)
    whole, rest = np.divmod(amount.values * _ONE, parts)
    return _filled(price, _rounded(whole, rest, parts), wanted)


def _rounded(whole: np.ndarray, rest: np.ndarray, parts: np.ndarray | int) -> np.ndarray:
    up = (2 * rest > parts) | ((2 * rest == parts) & (whole % 2 == 1))
    return np.asarray(whole + up)


def _filled(numbers: Numbers, values: np.ndarray, where: np.ndarray) -> Numbers:
    return Numbers(
        np.where(where, values, numbers.values),
        np.where(where, GIVEN, numbers.kinds).astype(np.int8),
    )
