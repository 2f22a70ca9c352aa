"""The behaviour model for other runtimes: an ONNX graph, and the items its columns stand for."""

import json
from pathlib import Path

from footfall.errors import NotEnoughDataError, OptionError, StoreError
from footfall.recommend.contract import Recommender
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.repeats import REPEATS
from footfall.recommend.sequential import Sequential

__all__ = ["CHANCES", "GRAPH", "ITEMS", "export_onnx"]

GRAPH, ITEMS, CHANCES = "network.onnx", "items.json", "repeats.json"


def export_onnx(model: Recommender, folder: str | Path) -> Path:
    """Write a fitted behaviour model as ONNX.

    The folder gets ``network.onnx``, which scores all items for histories (its inputs are told
    at `footfall.models.compress.export.export_onnx`), ``items.json``, the ids of the items in
    the order of their codes and of the columns of scores, and ``repeats.json``, the chances that
    items come again (see `footfall.recommend.repeats.count_repeats`; null for older models). Items
    of the history (whether they may come again, and how likely), users without one and business
    rules are the caller's business.

    Parameters
    ----------
    model : Recommender
        A fitted `Sequential`, or a `Hybrid` with one: of that its network alone.
    folder : str or Path
        Made when it is not there.

    Returns
    -------
    Path
        Of the graph.

    Raises
    ------
    MissingExtraError
        If the extra ``onnx`` is not installed.
    NotEnoughDataError
        If the model has no network, for nobody had a next event to learn from.
    NotFittedError
        Before `fit`.
    OptionError
        For a model of another kind.
    StoreError
        If the files cannot be written.
    """
    if isinstance(model, Hybrid):
        model = model.network() or model
    if not isinstance(model, Sequential):
        allowed = "a fitted Sequential, or a Hybrid with one"
        raise OptionError.of("model", "compress", allowed, type(model).__name__)
    network = model._network()  # noqa: SLF001  # one model in two forms
    if network is None:
        raise NotEnoughDataError("The model has no network: nobody had a next event to learn from.")
    from footfall.models.compress.export import export_onnx as write_graph

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_graph(network[0], folder / GRAPH)
        ids = json.dumps(model.item_ids_.to_pylist(), ensure_ascii=False)
        (folder / ITEMS).write_text(ids, encoding="utf-8")
        rates = model.learned_.get(REPEATS)
        said = json.dumps(None if rates is None else rates.tolist())
        (folder / CHANCES).write_text(said, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write {folder}: {error.strerror}.") from error
    return folder / GRAPH
