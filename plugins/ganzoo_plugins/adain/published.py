"""The published files of naoto0804/pytorch-AdaIN: its normalised VGG and its decoder."""

from collections.abc import Mapping

from torch import Tensor

from ganzoo import Recognised, UsageError

_LAYERS = 31
"""Modules of the VGG up to relu4_1; the file has more, which only a loss would need."""


def of_adain(files: Mapping[str, Mapping[str, Tensor]]) -> Recognised:
    """The decoder, and the VGG that it was trained with."""
    vgg, decoder = files["vgg"], files["decoder"]
    if vgg["0.weight"].shape != (3, 3, 1, 1):
        raise UsageError("its VGG does not begin with a change of colours: give the normalised one")
    taken = {f"encoder.{name}": one for name, one in vgg.items() if int(name.split(".")[0]) < _LAYERS}
    taken |= {f"decoder.{name}": one for name, one in decoder.items()}
    settings = {"size": "256", "crop": True, "load_size": 512}
    return Recognised(options={"width": vgg["2.weight"].shape[0]}, weights=taken, settings=settings)
