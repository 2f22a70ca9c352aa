"""The network as an ONNX file: the same numbers from another runtime, on other machines."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.errors import MissingExtraError, OptionError, StoreError
from footfall.models.encoders.hstu import HSTU
from footfall.models.network import Network

__all__ = ["export_onnx"]

USERS, ROWS = 3, 7  # of the example that the graph is drawn from; any other number goes
FIXED = "rnn"  # the encoder that keeps the numbers of the example


class Scorer(nn.Module):
    """Histories in, scores of all items out: what the graph is drawn from.

    Parameters
    ----------
    network : Network
        It reads items and nothing else.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.encoder, self.fading, self.norm = network.encoder, network.fading, network.norm
        self.table = nn.Parameter(network.table().detach().clone(), requires_grad=False)

    def forward(self, items: Tensor, lengths: Tensor, seconds: Tensor | None = None) -> Tensor:
        """Give scores, (B, V), for items (B, T) of which the first `lengths`, (B,), are real."""
        tokens = F.embedding(items, self.table)
        if self.fading is not None:
            tokens = self.fading(tokens)
        states = self.norm(self.encoder.last(tokens, lengths - 1, seconds))
        return states @ self.table.t()


def export_onnx(network: Network, file: Path) -> None:
    """Write a trained network as an ONNX graph that scores all items for histories.

    Its inputs are ``items`` (int64, B x T: codes of the items of B users from their first on,
    shorter histories filled up at the end with any item), ``lengths`` (int64, B: how many are
    real, at least 1) and, for an encoder that looks at time, ``seconds`` (float64, B x T). Its
    output is ``scores`` (float32, B x V). Only the latest rows, as many as the network's context,
    have to be given.

    Parameters
    ----------
    network : Network
        It reads items and nothing else; it is left as it is.
    file : Path

    Raises
    ------
    MissingExtraError
        If the extra ``onnx`` is not installed.
    OptionError
        For the encoder ``rnn``.
    StoreError
        If the file cannot be written.
    """
    try:
        import onnxscript  # noqa: F401  # what torch writes graphs with
    except ImportError as error:
        raise MissingExtraError.of("onnxscript", "onnx", "ONNX files") from error
    if network.shape.encoder == FIXED:
        allowed = "another one, such as gru: torch draws it for one number of users only"
        raise OptionError.of("encoder", "onnx", allowed, FIXED)
    scorer = Scorer(network).eval()
    items = torch.zeros(USERS, ROWS, dtype=torch.int64)
    given: tuple[Tensor, ...] = (items, torch.arange(USERS) + 1)
    names, free = ["items", "lengths"], torch.export.Dim.DYNAMIC
    shapes: tuple[dict[int, object], ...] = ({0: free, 1: free}, {0: free})
    if isinstance(network.encoder, HSTU):
        given, names = (*given, items.double()), [*names, "seconds"]
        shapes = (*shapes, {0: free, 1: free})
    with _quiet(), torch.no_grad():
        # Drawn here, strictly: left to itself, torch first tries the other way, which fails late.
        drawn = torch.export.export(scorer, given, dynamic_shapes=shapes, strict=True)
        program = torch.onnx.export(
            drawn, dynamo=True, input_names=names, output_names=["scores"], verbose=False
        )
    if program is None:
        raise StoreError("torch wrote no ONNX graph. Install a newer one.")
    try:
        program.save(str(file), external_data=False)
    except OSError as error:
        raise StoreError(f"Cannot write {file}: {error.strerror}.") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch from telling of its own parts, and of packages that pictures would need."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
