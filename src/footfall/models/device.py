"""Where a network is trained, and how finely its numbers are kept on the way."""

import torch

from footfall.errors import OptionError

__all__ = ["device_named", "takes_bf16"]


def device_named(name: str) -> torch.device:
    """Find a device; auto is a GPU where there is one.

    Raises
    ------
    OptionError
        If a GPU is asked for that is not there.

    Examples
    --------
    >>> device_named("cpu")
    device(type='cpu')
    """
    there = torch.cuda.is_available()
    if name == "auto":
        # Of several processes each has set its own: see `join_world`.
        return torch.device("cuda", torch.cuda.current_device()) if there else torch.device("cpu")
    device = torch.device(name)
    if device.type == "cuda" and (not there or (device.index or 0) >= torch.cuda.device_count()):
        count = torch.cuda.device_count() if there else 0
        raise OptionError.of("device", "train", f"'cpu', or one of {count} GPUs found here", name)
    return device


def takes_bf16(precision: str, device: torch.device) -> bool:
    """Say whether the network computes in bf16; auto does on a GPU that can.

    Weights, their gradients, averages and moments are float32 in any case, and so is the loss.

    Examples
    --------
    >>> takes_bf16("auto", torch.device("cpu")), takes_bf16("bf16", torch.device("cpu"))
    (False, True)
    """
    if precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return precision == "bf16"
