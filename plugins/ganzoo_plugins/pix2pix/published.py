"""The U-Net of the authors' PyTorch repository (`unet_128`, `unet_256`) as the generator `unet`."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ganzoo import Recognised, UsageError

Tensors = Mapping[str, Tensor]


def of_pix2pix(files: Mapping[str, Tensors]) -> Recognised:
    """Modules stand inside each other there, from the outermost level to the innermost."""
    tensors = files["generator"]
    levels = _levels(tensors)
    first, last = tensors[f"{levels[0]}.0.weight"], tensors[f"{levels[0]}.3.weight"]
    if (first.shape[1], last.shape[1]) != (3, 3):
        raise UsageError(f"it turns {first.shape[1]} channels into {last.shape[1]}, and pictures have 3")
    depth, inner = len(levels), levels[-1]
    taken = {
        "first.weight": first,
        "first.bias": _bias(tensors, f"{levels[0]}.0", first.shape[0]),
        "last.weight": _swapped(last),
        "last.bias": _bias(tensors, f"{levels[0]}.3", 3),
    }
    for number, level in enumerate(levels[1:]):
        taken |= _layer(tensors, f"{level}.1", "" if level == inner else f"{level}.2", f"down.{number}")
    taken |= _layer(tensors, f"{inner}.3", f"{inner}.4", "up.0", transposed=True)
    for number, level in enumerate(reversed(levels[1:-1]), 1):
        taken |= _layer(tensors, f"{level}.5", f"{level}.6", f"up.{number}", transposed=True)
        taken[f"up.{number}.1.weight"] = _swapped(taken[f"up.{number}.1.weight"])
    norm = "batch" if f"{inner}.4.running_var" in tensors and f"{inner}.4.weight" in tensors else "instance"
    note = "the authors' test draws with the statistics of each picture: --set generator.norm=instance does the same"
    return Recognised(
        options={"width": first.shape[0], "depth": depth, "up": "deconv", "norm": norm},
        weights=taken,
        settings={"size": str(2**depth), "crop": True, "load_size": 2**depth},
        notes=(note,) if norm == "batch" else (),
    )


def _levels(tensors: Tensors) -> list[str]:
    """The names of the sequences of all levels, outermost first."""
    levels = ["model.model", "model.model.1.model"]
    while f"{levels[-1]}.3.model.1.weight" in tensors:
        levels.append(f"{levels[-1]}.3.model")
    return levels


def _layer(tensors: Tensors, theirs: str, norm: str, own: str, *, transposed: bool = False) -> dict[str, Tensor]:
    """A convolution and the norm after it, if there is one; what has no parameters there has neutral ones here."""
    weight = tensors[f"{theirs}.weight"]
    channels = weight.shape[1 if transposed else 0]
    taken = {f"{own}.1.weight": weight, f"{own}.1.bias": _bias(tensors, theirs, channels)}
    if norm:
        taken[f"{own}.2.weight"] = tensors.get(f"{norm}.weight", torch.ones(channels))
        taken[f"{own}.2.bias"] = _bias(tensors, norm, channels)
        names = (f"{norm}.running_mean", f"{norm}.running_var")
        taken |= {f"{own}.2.{name.rpartition('.')[2]}": tensors[name] for name in names if name in tensors}
    return taken


def _bias(tensors: Tensors, name: str, channels: int) -> Tensor:
    return tensors.get(f"{name}.bias", torch.zeros(channels))


def _swapped(weight: Tensor) -> Tensor:
    """The channels of the level's twin come first there, and last here."""
    twin, below = weight.chunk(2)
    return torch.cat([below, twin])
