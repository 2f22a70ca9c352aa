"""Skip-gram over rows of codes, trained by gensim, the same answer for the same seed."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from footfall.errors import MissingExtraError
from footfall.models.embeddings.checks import check_number, check_whole

__all__ = ["SkipGram", "Trained"]

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int32]
# Called once a pass: rows of codes, a block of them at a time.
Rows = Callable[[], Iterator[list[Codes]]]

CODES_READ = 5_000_000  # in all epochs together, about half a minute
MOST_EPOCHS = 200
LONGEST = 10_000  # codes of a row that gensim reads; it drops the rest in silence


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What training gives.

    Parameters
    ----------
    codes : int64 array, shape (N,)
        Codes that occurred, ascending.
    vectors : float32 array, shape (N, D)
        A vector of each.
    """

    codes: Int64
    vectors: Float32


@dataclass(frozen=True, kw_only=True)
class SkipGram:
    """How vectors are trained: a code's vector learns to tell the codes around it from others.

    Parameters
    ----------
    size : int
        Numbers of a vector, D.
    window : int
        Codes on either side, at most; near ones are met more often.
    epochs : int or None
        Passes over the rows. None: as many as read five million codes, 200 at most; over
        sequences 5 at least, over walks 1.
    negative : int
        Other codes drawn for each one met.
    power : float
        Other codes are drawn by their count to this power: 0.75 is word2vec's own; 0 draws all
        alike.
    sample : float
        Codes that make up more than this share of all are partly left out; 0: none are.
    rate : float
        Learning rate at the start; it falls to 0.0001.

    Raises
    ------
    OptionError
        When an option is not as above.
    MissingExtraError
        When gensim is not installed, at training.

    References
    ----------
    T. Mikolov et al., "Distributed representations of words and phrases and their
    compositionality", NeurIPS 2013.
    H. Caselles-Dupre et al., "Word2vec applied to recommendation: hyperparameters matter",
    RecSys 2018.
    """

    size: int = 64
    window: int = 5
    epochs: int | None = None
    negative: int = 5
    power: float = 0.75
    sample: float = 0.0
    rate: float = 0.1

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("size", "window", "negative"):
            check_whole(getattr(self, option), option, "SkipGram")
        if self.epochs is not None:
            check_whole(self.epochs, "epochs", "SkipGram")
        check_number(self.power, "power", "SkipGram", low=-2, high=2)
        check_number(self.sample, "sample", "SkipGram", low=0, high=1)
        check_number(self.rate, "rate", "SkipGram", low=1e-4, high=1)

    @property
    def options(self) -> dict[str, Any]:
        """The options by name."""
        return asdict(self)

    def over(self, codes: int, *, least: int) -> Self:
        """Say how many epochs there will be.

        Parameters
        ----------
        codes : int
            Codes of all rows.
        least : int
            Epochs, at least.

        Examples
        --------
        >>> SkipGram().over(500_000, least=5).epochs
        10
        """
        if self.epochs is not None:
            return self
        wanted = round(CODES_READ / max(codes, 1))
        return replace(self, epochs=min(max(wanted, least), MOST_EPOCHS))

    def train(self, rows: Rows, *, seed: int) -> Trained:
        """Train a vector for each code.

        Parameters
        ----------
        rows : callable
            Gives all rows anew each time it is called.
        seed : int
            Same seed and same rows in the same order, same vectors.
        """
        check_whole(seed, "seed", "SkipGram", low=0, high=2**31 - 1)
        sentences = _Sentences(rows, self.window)
        model = _word2vec()(
            vector_size=self.size, window=self.window, sg=1, hs=0, negative=self.negative,
            ns_exponent=self.power, sample=self.sample, alpha=self.rate, min_count=1,
            epochs=self.epochs or 1, seed=seed, workers=1, hashfxn=_code_of,
        )  # fmt: skip
        model.build_vocab(sentences)
        if not len(model.wv):
            return Trained(codes=np.empty(0, np.int64), vectors=np.zeros((0, self.size), "f4"))
        model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
        codes = np.array([int(word) for word in model.wv.index_to_key], np.int64)
        order = np.argsort(codes)
        vectors = np.ascontiguousarray(model.wv.vectors[order], np.float32)
        return Trained(codes=codes[order], vectors=vectors)


class _Sentences:
    """Rows as gensim reads them: lists of words, read once a pass."""

    def __init__(self, rows: Rows, overlap: int) -> None:
        self._rows = rows
        self._step = max(1, LONGEST - overlap)
        self._words: list[str] = []

    def __iter__(self) -> Iterator[list[str]]:
        words = self._words
        for block in self._rows():
            for row in block:
                for code in range(len(words), int(row.max(initial=-1)) + 1):
                    words.append(str(code))
                # Pieces overlap by a window, so that no pair is lost where a long row is cut.
                for start in range(0, max(1, len(row) - LONGEST + self._step), self._step):
                    yield [words[code] for code in row[start : start + LONGEST].tolist()]


def _code_of(word: str) -> int:
    """Stand in for Python's hash, which differs from process to process."""
    return int(word)


def _word2vec() -> Any:
    try:
        from gensim.models.word2vec import (  # type: ignore[import-untyped]  # it has no types
            Word2Vec,
        )
    except ImportError as error:
        raise MissingExtraError.of("gensim", "embeddings", "Embeddings of items") from error
    return Word2Vec
