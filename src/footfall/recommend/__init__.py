"""Says what to show: recommenders with one contract."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from footfall.errors import InputError, OptionError
from footfall.models.options import ENCODERS
from footfall.recommend.again import BuyAgain
from footfall.recommend.compressed import Compressed, compress
from footfall.recommend.content import Content
from footfall.recommend.contract import Recommender
from footfall.recommend.ease import EASE
from footfall.recommend.exported import export_onnx
from footfall.recommend.factor import ALS, BPR
from footfall.recommend.files import model_name
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.measure import Measured, evaluate_model
from footfall.recommend.neighbors import ItemKNN, UserKNN
from footfall.recommend.popular import Popular
from footfall.recommend.rerank import BusinessRules, ShopRules, Slates
from footfall.recommend.rules import Rules
from footfall.recommend.search import rerank_search
from footfall.recommend.sequential import Sequential

__all__ = [
    "ALS",
    "BPR",
    "EASE",
    "RECOMMENDERS",
    "BusinessRules",
    "BuyAgain",
    "Compressed",
    "Content",
    "Hybrid",
    "ItemKNN",
    "Measured",
    "Popular",
    "Recommender",
    "Rules",
    "Sequential",
    "ShopRules",
    "Slates",
    "UserKNN",
    "compress",
    "evaluate_model",
    "export_onnx",
    "load_recommender",
    "recommender_named",
    "rerank_search",
]

RECOMMENDERS: dict[str, type[Recommender]] = {
    kind.name: kind
    for kind in (
        ALS,
        BPR,
        BuyAgain,
        Compressed,
        Content,
        EASE,
        Hybrid,
        ItemKNN,
        Popular,
        Rules,
        Sequential,
        UserKNN,
    )
}


def recommender_named(name: str, options: Mapping[str, Any] | None = None) -> Recommender:
    """Make a recommender by its name.

    Parameters
    ----------
    name : str
        One of `RECOMMENDERS`, or an encoder of `Sequential`: gru, transformer, ...
    options : mapping of option to value, or None
        Options that differ from the defaults.

    Raises
    ------
    OptionError
        When the name, an option or its value is not allowed.

    Examples
    --------
    >>> recommender_named("rules", {"window": 3}).options["window"]
    3
    """
    if name in ENCODERS:
        return _network_named(name, options or {})
    if name not in RECOMMENDERS:
        allowed = f"one of {', '.join(RECOMMENDERS)}, or of the networks {', '.join(ENCODERS)}"
        raise OptionError.of("model", "recommend", allowed, name)
    return RECOMMENDERS[name].of(options or {})


def _network_named(encoder: str, options: Mapping[str, Any]) -> Sequential:
    """Make a sequential recommender of one encoder; the options cannot name another."""
    named = options.get("encoder", encoder)
    if named != encoder:
        allowed = f"left out, or {encoder!r}: the model's name says it"
        raise OptionError.of("encoder", encoder, allowed, named)
    return Sequential.of({**options, "encoder": encoder})


def load_recommender(folder: str | Path) -> Recommender:
    """Read a saved recommender of any kind.

    Parameters
    ----------
    folder : str or Path
        Where its `save` wrote.

    Raises
    ------
    InputError
        When the folder holds no recommender, one this version does not know, or a damaged one.
    """
    _refuse_behavior(Path(folder))
    name = model_name(Path(folder))
    if name not in RECOMMENDERS:
        raise InputError(f"{folder} holds a {name!r} model, which this footfall does not know.")
    return RECOMMENDERS[name].load(folder)


def _refuse_behavior(folder: Path) -> None:
    """Say what can be asked of a behaviour model instead, when a folder holds no other."""
    if (folder / "behavior.json").is_file() and not (folder / "model.json").exists():
        raise InputError(
            f"{folder} holds a behaviour model of all events, not a recommender. Ask its heads"
            f" with `footfall predict --from {folder}` or take vectors with `footfall embed --from"
            f" {folder}`; in Python, BehaviorModel.load(folder) has predict and embed."
        )
