"""Which form a network is kept in, as plain options."""

from dataclasses import dataclass, replace
from typing import Literal

from footfall.errors import OptionError
from footfall.models.size import size_named

__all__ = ["FORMS", "Form", "form_named"]

LAYERS = ("float32", "int8-dynamic", "int8-static")
TABLES = ("float32", "float16", "int8")
RARE = ("fold", "drop")


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a network is kept.

    Parameters
    ----------
    layers : {"float32", "int8-dynamic", "int8-static"}
        Linear layers in 8 bits, a scale an output; what goes into them is put on 8 bits by the
        range of each token (dynamic) or by the range met on sample histories (static).
    table : {"float32", "float16", "int8"}
        Vectors of the items; int8 has a scale an item.
    least_rows : int
        Items with fewer rows in the log are rare; 0: none is.
    rare : {"fold", "drop"}
        Rare items share one vector (fold); or they do so in histories and are never recommended
        (drop).
    student : str or None
        A smaller size that is trained on what the network expects, and takes its place.

    Examples
    --------
    >>> Form(table="int8").layers
    'float32'
    """

    layers: Literal["float32", "int8-dynamic", "int8-static"] = "float32"
    table: Literal["float32", "float16", "int8"] = "float32"
    least_rows: int = 0
    rare: Literal["fold", "drop"] = "fold"
    student: str | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        for option, allowed in (("layers", LAYERS), ("table", TABLES), ("rare", RARE)):
            if getattr(self, option) not in allowed:
                got = getattr(self, option)
                raise OptionError.of(option, "compress", f"one of {', '.join(allowed)}", got)
        whole = isinstance(self.least_rows, int) and not isinstance(self.least_rows, bool)
        if not whole or self.least_rows < 0:
            raise OptionError.of("least_rows", "compress", "a number of rows", self.least_rows)
        if self.student is not None:
            size_named(self.student)


SMALL = Form(layers="int8-dynamic", table="int8")

FORMS = {
    "float32": Form(),
    "float16": Form(table="float16"),
    "int8": Form(table="int8"),
    "int8-dynamic": SMALL,
    "int8-static": replace(SMALL, layers="int8-static"),
    "fold": replace(SMALL, least_rows=8),
    "prune": replace(SMALL, least_rows=8, rare="drop"),
    "distill": Form(student="small"),
    "distill-int8": replace(SMALL, student="small"),
}


def form_named(name: str) -> Form:
    """Find a form by its name.

    Parameters
    ----------
    name : str
        One of `FORMS`.

    Raises
    ------
    OptionError
        When there is none of this name.

    Examples
    --------
    >>> form_named("int8-static").table
    'int8'
    """
    if name not in FORMS:
        raise OptionError.of("how", "compress", f"one of {', '.join(FORMS)}, or a Form", name)
    return FORMS[name]
