"""Open Bandit Dataset: what a fashion shop showed, how probable that was, and the clicks."""

import dataclasses
import hashlib
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.readers.contract import Export, Reader
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, constant, draft_of

__all__ = ["OpenBandit"]

_POLICIES = ("random", "bts")
_CAMPAIGNS = ("all", "men", "women")
_FEATURES = tuple(f"user_feature_{number}" for number in range(4))
_AFFINITY = "user-item_affinity_"


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenBandit(Export):
    """Impressions with slot, action, propensity and policy; the reward is the click.

    - The data name no users. All rows with the same four user features are taken as one user, whose
      id is a hash of the four: a kind of shopper, not a person. Funnels and retention over these
      users mean nothing; off-policy evaluation does not look at them.
    - A click is the reward of its impression and no event of its own: the file has no time for it,
      and a second event would count the same act twice.
    - User features and the affinities that are not zero go to properties, with the campaign.

    Parameters
    ----------
    policy
        What chose the items. None takes "random" or "bts" from the folders of the path, as the
        data set lays them out (``bts/men/men.csv``), and leaves it out when neither is there.
    campaign
        None takes "all", "men" or "women" from the folders likewise.

    Examples
    --------
    >>> raw = pa.table({"timestamp": ["2019-11-24 00:00:34.762830+00:00"], "item_id": ["14"],
    ...     "position": ["3"], "click": ["0"], "propensity_score": ["0.0125"],
    ...     **{f"user_feature_{n}": ["f"] for n in range(4)}, "__row__": [1]})
    >>> draft = OpenBandit().start("obd/random/all/all.csv").convert(raw).to_pylist()[0]
    >>> draft["policy"], draft["action"], draft["slot"], draft["reward"]
    ('random', '14', '3', '0')
    """

    policy: str | None = None
    campaign: str | None = None

    name = "open_bandit"
    description = "Open Bandit Dataset: impressions with propensity and click"
    needs = ("timestamp", "item_id", "position", "click", "propensity_score", *_FEATURES)

    def start(self, file: str) -> Reader:
        """Give the reader for one file, with the policy and campaign its folders name."""
        return dataclasses.replace(
            self,
            policy=self.policy or _named(file, _POLICIES),
            campaign=self.campaign or _named(file, _CAMPAIGNS),
        )

    def _convert(self, raw: RawColumns) -> pa.Table:
        features = {name: raw.text(name) for name in _FEATURES}
        kept = {**features, **_affinities(raw)}
        if self.campaign is not None:
            kept["campaign"] = constant(self.campaign, raw.length)
        columns = {
            "user_id": _kinds(list(features.values())),
            "timestamp": raw.text("timestamp"),
            "event_type": constant("impression", raw.length),
            "item_id": raw.text("item_id"),
            "slot": raw.text("position"),
            "action": raw.text("item_id"),
            "propensity": raw.text("propensity_score"),
            "reward": raw.text("click"),
            "properties": json_objects(kept),
        }
        if self.policy is not None:
            columns["policy"] = constant(self.policy, raw.length)
        return draft_of(raw.rows, columns)


def _named(file: str, words: tuple[str, ...]) -> str | None:
    """Find one of these words among the folders of a path, the innermost first."""
    return next((part for part in reversed(PurePath(file).parent.parts) if part in words), None)


def _kinds(features: list[pa.Array]) -> pa.Array:
    """Hash each row's features to one id."""
    given = [pc.fill_null(feature, "") for feature in features]
    coded = pc.binary_join_element_wise(*given, "|").dictionary_encode()
    ids = [
        hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        for text in coded.dictionary.to_pylist()
    ]
    return pa.array(ids, pa.string()).take(coded.indices)


def _affinities(raw: RawColumns) -> dict[str, pa.Array]:
    """Take the affinity columns as numbers, without zeros, and only those that have any other."""
    found: dict[str, pa.Array] = {}
    for name in raw.names:
        if name.startswith(_AFFINITY):
            values = pc.cast(raw.text(name), pa.float64())
            values = pc.if_else(pc.equal(values, 0.0), pa.scalar(None, pa.float64()), values)
            if values.null_count < len(values):
                found[name] = values
    return found
