"""The answer of attribution: a table of credit, the common paths, the users behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, text_table
from footfall.analytics.attribution.credit import MODELS
from footfall.analytics.attribution.paths import Paths, ungrouped
from footfall.errors import OptionError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.attribution.question import Question

__all__ = ["NO_TOUCH", "Attribution"]

NO_TOUCH = "(no touch)"
_PATHS = 20


@dataclass(frozen=True, kw_only=True, repr=False)
class Attribution(Answer):
    """The answer of :func:`attribution`.

    Attributes
    ----------
    frame : pa.Table
        One row a channel and model: channel, model, credit (conversions), credit_share (of the
        conversions or the money that had a touch, as asked), share_low, share_high (its interval),
        credit_minor (money in minor units; adds up exactly), touches (in paths), users (with such a
        touch), converted_users (with one in a path that converted).
    groups : pa.Table or None
        With a breakdown, the same for each group, with a first column "group".
    conversions, money_minor : int
        With a touch: what the credits of each model add up to.
    untouched_conversions, untouched_money_minor : int
        Without any touch within the lookback: nobody's credit.
    paths : pa.Table
        The most common paths: path, touches, conversions, credit_minor, lost (paths that led to
        nothing).
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "credit_share": "share",
        "share_low": "share",
        "share_high": "share",
    } | dict.fromkeys(MODELS, "share")

    frame: pa.Table
    groups: pa.Table | None
    conversions: int
    money_minor: int
    untouched_conversions: int
    untouched_money_minor: int
    definition: Mapping[str, str]
    _found: Paths = field(compare=False)
    _question: "Question" = field(compare=False)

    @cached_property
    def paths(self) -> pa.Table:
        """The most common paths to conversions."""
        return _common(self._found)

    def users(
        self, channel: str, *, converted: bool = False, group: str | None = None
    ) -> list[str]:
        """List the users with a touch of a channel in one of their paths.

        Parameters
        ----------
        channel : str
            Of the table; "(no touch)" for users with a conversion that no touch came before.
        converted : bool, default=False
            Only those with such a touch in a path that converted.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such channel or group.
        """
        known = [*self._question.names, NO_TOUCH]
        if channel not in known:
            raise OptionError.of("channel", "Attribution", f"one of {known}", channel)
        return self._question.users(channel, converted=converted, group=group)

    def to_json(self) -> dict[str, Any]:
        """Give credits, paths, totals and the definition as plain values."""
        answer: dict[str, Any] = {
            "credits": self.frame.to_pylist(),
            "conversions": self.conversions,
            "money_minor": self.money_minor,
            "untouched_conversions": self.untouched_conversions,
            "untouched_money_minor": self.untouched_money_minor,
            "paths": self.paths.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the share of each channel, a mark a model, with its interval."""
        from footfall.analytics.attribution.charts import draw_credit

        return draw_credit(self)

    def __str__(self) -> str:
        what = "money" if self._question.how.money else "conversions"
        text = text_table(_wide(self.frame), formats=self.FORMATS)
        lines = [f"share of {what} by model; conversions with a touch {self.conversions:,}"]
        if self.untouched_conversions:
            lines[0] += f", without {self.untouched_conversions:,}"
        if self.groups is not None:
            text += "\n\n" + text_table(_wide(self.groups), formats=self.FORMATS)
        return "\n".join([*lines, text])


def _wide(frame: pa.Table) -> pa.Table:
    """Put the models' shares side by side: a row a channel (and group)."""
    keys = [name for name in ("group", "channel") if name in frame.column_names]
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in frame.to_pylist():
        key = tuple(row[name] for name in keys)
        line = rows.setdefault(key, {name: row[name] for name in (*keys, "touches", "users")})
        line[row["model"]] = row["credit_share"]
    models = list(dict.fromkeys(frame.column("model").to_pylist()))
    table = {
        name: pa.array([line.get(name) for line in rows.values()], kind)
        for name, kind in [
            *((key, pa.string()) for key in keys),
            ("touches", pa.int64()),
            ("users", pa.int64()),
            *((model, pa.float64()) for model in models),
        ]
    }
    return pa.table(table)


def _common(found: Paths) -> pa.Table:
    """List the paths with most conversions, then most often lost."""
    paths = ungrouped(found)
    order = np.lexsort((-paths.lost, -paths.conversions))
    starts = paths.ends - paths.lengths
    if len(order) > _PATHS:  # all that tie with the last one: their touches decide
        edge = order[_PATHS - 1]
        order = order[
            (paths.conversions[order] > paths.conversions[edge])
            | (paths.conversions[order] == paths.conversions[edge])
            & (paths.lost[order] >= paths.lost[edge])
        ]
    rows = [
        (
            int(paths.conversions[at]),
            int(paths.lost[at]),
            tuple(paths.flat[starts[at] : paths.ends[at]].tolist()),
            int(paths.money[at]),
        )
        for at in order.tolist()
    ]
    ranked = sorted(rows, key=lambda row: (-row[0], -row[1], row[2]))[:_PATHS]
    return pa.table(
        {
            "path": pa.array([_path_text(found.words, row[2]) for row in ranked], pa.string()),
            "touches": pa.array([len(row[2]) for row in ranked], pa.int64()),
            "conversions": pa.array([row[0] for row in ranked], pa.int64()),
            "credit_minor": pa.array([row[3] for row in ranked], pa.int64()),
            "lost": pa.array([row[1] for row in ranked], pa.int64()),
        }
    )


def _path_text(words: Sequence[str], codes: Sequence[int]) -> str:
    return " > ".join(words[code] for code in codes) if codes else NO_TOUCH
