"""Turns sequences of tokens into states: six families behind one contract."""

from footfall.errors import OptionError
from footfall.models.encoders.attention import Gated, Transformer
from footfall.models.encoders.contract import Encoder, State
from footfall.models.encoders.convolution import CNN
from footfall.models.encoders.hstu import HSTU
from footfall.models.encoders.recurrent import GRU, LSTM, RNN

__all__ = ["ENCODERS", "Encoder", "State", "encoder_named"]

ENCODERS: dict[str, type[Encoder]] = {
    "rnn": RNN,
    "lstm": LSTM,
    "gru": GRU,
    "cnn": CNN,
    "transformer": Transformer,
    "ligr": Gated,
    "hstu": HSTU,
}


def encoder_named(name: str) -> type[Encoder]:
    """Find an encoder by its name.

    Raises
    ------
    OptionError
        When there is none of this name.

    Examples
    --------
    >>> encoder_named("gru").__name__
    'GRU'
    """
    if name not in ENCODERS:
        raise OptionError.of("encoder", "models", f"one of {', '.join(ENCODERS)}", name)
    return ENCODERS[name]
