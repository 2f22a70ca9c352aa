"""Every tag of every user of a log, in a pass for each thing that is counted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.profile.stages import stage_tags
from footfall.analytics.profile.tags import Tag, favorite_tag, share_tags
from footfall.analytics.profile.words import KINDS
from footfall.analytics.segment.favorites import ItemValues, PropertyValues, favorites
from footfall.analytics.segment.measures import Measures, measure_users
from footfall.analytics.segment.prices import item_words
from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

__all__ = ["Tagged", "tag_users"]

# Names other systems give the property, the first that events have counts.
_CHANNELS = ("channel", "utm_source", "source", "referrer")
_DEVICES = ("device", "platform", "device_type", "os")


@dataclass(frozen=True)
class Tagged:
    """Tags of users.

    Parameters
    ----------
    measures : Measures
    tags : dict of str to Tag
        Kind to tag, in the order of :data:`footfall.analytics.profile.words.KINDS`.
    absent : dict of str to str
        Kinds this log cannot give, and why.
    """

    measures: Measures
    tags: dict[str, Tag]
    absent: dict[str, str]

    @property
    def users(self) -> npt.NDArray[np.int32]:
        """Codes of the users, ascending."""
        return self.measures.users

    def holders(self, kind: str, value: str | None, *, owner: str) -> npt.NDArray[np.bool_]:
        """Say who has a tag, any value of it for None.

        Raises
        ------
        OptionError
            If there is no such tag or value.
        """
        if kind not in self.tags:
            why = f" ({self.absent[kind]})" if kind in self.absent else ""
            raise OptionError.of("tag", owner, f"one of {list(self.tags)}{why}", kind)
        tag = self.tags[kind]
        if value is None:
            return tag.codes >= 0
        if value not in tag.words:
            some = list(tag.words[:20])
            raise OptionError.of("value", owner, f"a value of {kind}, such as {some}", value)
        return tag.codes == tag.words.index(value)

    def column(self, kind: str) -> pa.Array:
        """Give a tag's value for each user, null where nothing is sure enough."""
        tag = self.tags[kind]
        return pa.array(tag.words, pa.string()).take(pa.array(tag.codes, mask=tag.codes < 0))


def tag_users(
    log: LogView,
    *,
    at: Moment | None,
    time_zone: str,
    gap_minutes: float,
    discount: str | None,
    new_days: float,
    least: float,
    owner: str,
) -> Tagged:
    """Tag every user of a log; see :func:`footfall.analytics.profile.profiles`."""
    if not isinstance(least, int | float) or not 0.5 <= least < 1:
        raise OptionError.of("least", owner, "a confidence in [0.5, 1)", least)
    if not isinstance(new_days, int | float) or not 0 <= new_days <= 3650:
        raise OptionError.of("new_days", owner, "days in [0, 3650]", new_days)
    measures = measure_users(
        log, at=at, time_zone=time_zone, gap_minutes=gap_minutes, discount=discount, owner=owner
    )
    gap = gap_microseconds(gap_minutes, owner=owner)
    tags = {tag.name: tag for tag in stage_tags(measures, new_days=new_days, least=least)}
    tags |= {tag.name: tag for tag in share_tags(measures, least=least)}
    absent = {}
    if "price_level" not in tags:
        absent["price_level"] = measures.absent["price_level"]
    if "discount" not in tags:
        absent["discount"] = measures.absent["discount_share"]
    for kind, source in _sources(log).items():
        if isinstance(source, str):
            absent[kind] = source
            continue
        found = favorites(log, source, gap=gap, at=measures.at, label=f"{owner}: {kind}")
        tags[kind] = favorite_tag(kind, found, least=least)
    return Tagged(measures, {kind: tags[kind] for kind in KINDS if kind in tags}, absent)


def _sources(log: LogView) -> dict[str, ItemValues | PropertyValues | str]:
    """Find where favorites come from, or why there are none."""
    found: dict[str, ItemValues | PropertyValues | str] = {}
    for kind in ("category", "brand"):
        words = item_words(log, kind)
        found[kind] = f"items have no {kind}" if words is None else ItemValues(*words)
    keys = log.property_keys()
    for kind, names in (("channel", _CHANNELS), ("device", _DEVICES)):
        name = next((each for each in names if each in keys), None)
        found[kind] = (
            f"no property of events is called {' or '.join(names)}"
            if name is None
            else PropertyValues(name)
        )
    return found
