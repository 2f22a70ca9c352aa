"""Money and other decimal numbers as exact whole numbers: 19.99 is 1999 cents."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import numpy as np
import pyarrow as pa

from footfall.events.money_text import NUMBER, read_decimals
from footfall.events.plain_text import MISSING_WORDS
from footfall.events.text_arrays import as_text, decoded_dictionary, text_bytes

__all__ = ["BAD", "GIVEN", "MISSING", "Numbers", "minor_units", "parse_numbers"]

# What became of a value.
MISSING, GIVEN, BAD = 0, 1, 2

_LARGEST = 10**18
_SIGN = (
    r"(?:[$€£¥₩₽₹₺₫₴₪฿元円]|(?:US|HK|NT|AU|CA|NZ|SG|R)\$|Rs\.?|kr\.?|zł|RMB|USD|EUR|GBP|JPY|CNY|"
    r"HKD|TWD|KRW|INR|AUD|CAD|NZD|SGD|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|RUB|UAH|BRL|MXN|ZAR|"
    r"ILS|AED|SAR|KWD|BHD|THB|VND|IDR|MYR|PHP)"
)
_CURRENCY = re.compile(rf"(?i)(?P<minus>[-+])?{_SIGN}?\s*(?P<number>[-+]?[\d., ']*\d)\s*{_SIGN}?")
_SCIENTIFIC = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d{1,2}")


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, scaled to whole ones.

    Parameters
    ----------
    values : int64 array
        Multiples of 10**-digits; 0 where none is given.
    kinds : int8 array
        MISSING, GIVEN or BAD.
    """

    values: np.ndarray
    kinds: np.ndarray


def minor_units(text: str, digits: int = 2) -> int | None:
    """Read one price as people write them; None when it is no number or could be two.

    The last of comma and point is the decimal mark, the others set off thousands and must stand
    between groups of three. A lone comma before three digits sets off thousands, unless the
    currency has three digits itself: then it could mean either. Currency signs and codes are left
    out, blanks and apostrophes may set off thousands too.

    Examples
    --------
    >>> [minor_units(text) for text in ("¥12.5", "1,299.00", "€ 3,50", "1.299,5 EUR", "1,2,3")]
    [1250, 129900, 350, 129950, None]
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if _SCIENTIFIC.fullmatch(text):
        return _scaled(text, digits)
    found = _CURRENCY.fullmatch(text)
    if found is None:
        return None
    number = (found["minus"] or "") + found["number"]
    plain = _without_groups(re.sub(r"(?<=\d)[ '](?=\d{3}(?!\d))", "", number), digits)
    return None if plain is None else _scaled(plain, digits)


def _without_groups(number: str, digits: int) -> str | None:
    """Write a number with a point at most; None when its marks contradict each other."""
    commas, points = number.count(","), number.count(".")
    if commas and points:
        mark = max(",.", key=number.rfind)
        group = "." if mark == "," else ","
        whole, _, fraction = number.rpartition(mark)
        return None if mark in whole else _joined(whole, group, fraction)
    if points > 1:
        return _joined(number, ".", "")
    if commas > 1:
        return _joined(number, ",", "")
    if commas == 1:
        whole, _, fraction = number.partition(",")
        if len(fraction) == 3 and len(whole.lstrip("+-")) <= 3 and whole.lstrip("+-0"):
            return None if digits == 3 else whole + fraction
        return f"{whole}.{fraction}"
    return number


def _joined(whole: str, group: str, fraction: str) -> str | None:
    first, *others = whole.split(group)
    if not 1 <= len(first.lstrip("+-")) <= 3 or any(len(part) != 3 for part in others):
        return None
    return f"{first}{''.join(others)}.{fraction or 0}"


def _scaled(text: str, digits: int) -> int | None:
    """Multiply a decimal by 10**digits, half to even."""
    try:
        number = Decimal(text).scaleb(digits)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _LARGEST:
        return None
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def parse_numbers(column: pa.Array | pa.ChunkedArray, *, digits: int) -> Numbers:
    """Read a column of numbers of any type.

    Parameters
    ----------
    column : pyarrow.Array or ChunkedArray
        Text, whole or broken numbers, decimals, or a dictionary of these. A float stands for the
        shortest decimal that is that float, so 2.675 is a tie and not a little less.
    digits : int
        How many digits behind the point count; what is finer is rounded, half to even.

    Returns
    -------
    Numbers
        NaN and infinities are BAD, null and `MISSING_WORDS` other than NaN are MISSING.
    """
    array = decoded_dictionary(column)
    kind = array.type
    if pa.types.is_floating(kind):
        out = _of_floats(array, digits)
    elif pa.types.is_integer(kind):
        out = _of_integers(array, digits)
    elif pa.types.is_boolean(kind) or pa.types.is_nested(kind) or pa.types.is_null(kind):
        out = Numbers(np.zeros(len(array), np.int64), np.full(len(array), BAD, np.int8))
    else:
        out = _of_text(as_text(array), digits)
    if array.null_count:
        absent = array.is_null().to_numpy(zero_copy_only=False)
        out.values[absent], out.kinds[absent] = 0, MISSING
    return out


def _of_integers(array: pa.Array, digits: int) -> Numbers:
    if pa.types.is_unsigned_integer(array.type):
        return _of_text(array.cast(pa.string()), digits)
    counts = array.cast(pa.int64()).fill_null(0).to_numpy()
    fits = np.abs(counts) < _LARGEST // 10**digits
    values = np.where(fits, counts, 0) * 10**digits
    return Numbers(values, np.where(fits, GIVEN, BAD).astype(np.int8))


def _of_floats(array: pa.Array, digits: int) -> Numbers:
    numbers = array.fill_null(0).to_numpy(zero_copy_only=False)
    scaled = numbers.astype(np.float64) * 10.0**digits
    with np.errstate(invalid="ignore"):
        fits = np.isfinite(scaled) & (np.abs(scaled) < 2.0**53)
    scaled = np.where(fits, scaled, 0)
    values = np.rint(scaled).astype(np.int64)
    # Multiplying may have moved a tie to one side: those few are read from their decimals.
    # A float of 32 or 64 bits is off by about 1e-7 or 1e-16 of its size.
    slack = (1e-15 if numbers.dtype == np.float64 else 5e-7) * np.maximum(np.abs(scaled), 1)
    near = np.flatnonzero(fits & (np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) <= slack))
    for place in near:
        values[place] = _scaled(str(numbers[place]), digits) or 0
    return Numbers(values, np.where(fits, GIVEN, BAD).astype(np.int8))


def _of_text(array: pa.Array, digits: int) -> Numbers:
    values, kinds = np.zeros(len(array), np.int64), np.zeros(len(array), np.int8)
    read_decimals(*text_bytes(array), digits, values, kinds)
    left = np.flatnonzero(kinds != NUMBER)
    if len(left):
        coded = array.take(pa.array(left)).dictionary_encode()
        read = [_read_one(text, digits) for text in coded.dictionary.to_pylist()]
        codes = coded.indices.fill_null(0).to_numpy()
        if read:
            values[left] = np.array([value for value, _ in read], np.int64)[codes]
            kinds[left] = np.array([kind for _, kind in read], np.int8)[codes]
    return Numbers(values, kinds)


def _read_one(text: str, digits: int) -> tuple[int, int]:
    word = text.strip()
    if (word in MISSING_WORDS or word.lower() in MISSING_WORDS) and word.lower() != "nan":
        return 0, MISSING
    value = minor_units(word, digits)
    return (0, BAD) if value is None else (value, GIVEN)
