"""Published networks as the generator `resnet`: CycleGAN's, CUT's, and the fast neural style net of PyTorch's examples.

Places in a sequence of modules, shapes and the kernels of blurs say what a layer is.
"""

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from ganzoo import Recognised, UsageError

Tensors = Mapping[str, Tensor]

_CONVOLUTIONS = 6
"""Outside of residual blocks: the first, two halvings, two doublings, the last."""
_VIEW = 286
"""The shorter side to which the authors' training enlarges pictures of 256 pixels."""
_GREY = 127.5
"""Half of the range of pixel values 0 to 255."""


def of_cyclegan(files: Mapping[str, Tensors]) -> Recognised:
    """`define_G` with `resnet_6blocks`, `resnet_9blocks` or another number of blocks, of either repository."""
    tensors = files["generator"]
    places = [
        int(name.split(".")[1])
        for name, one in tensors.items()
        if re.fullmatch(r"model\.\d+\.weight", name) and one.dim() == 4
    ]
    blocks = list(dict.fromkeys(int(name.split(".")[1]) for name in tensors if ".conv_block." in name))
    if len(places) != _CONVOLUTIONS or sum(place < min(blocks) for place in places) != _CONVOLUTIONS // 2:
        raise UsageError(
            f"it has {len(places)} convolutions outside of its residual blocks, and those of resnet are"
            f" {_CONVOLUTIONS}: two halvings, two doublings"
        )
    first, down1, down2, up1, up2, last = places
    width = tensors[f"model.{first}.weight"].shape[0]
    _check_channels(tensors[f"model.{first}.weight"], tensors[f"model.{last}.weight"])
    norm = (
        "batch"
        if f"model.{first + 1}.weight" in tensors and f"model.{first + 1}.running_var" in tensors
        else "instance"
    )
    down, (up, edges, notes) = _down(tensors, down1), _up(tensors, up1, blocks[-1], width)
    if down == "blur" and edges == "auto":
        edges = "zeros"
    if down == "blur" and edges == "reflect":
        raise UsageError("it halves beside zeros and doubles beside reflections, which resnet does not mix")
    below, above = ("0.0", "0.1") if down == "blur" else ("0", "1"), ("0", "1") if up == "deconv" else ("1.0", "1.1")
    taken = {
        **_convolution(tensors, f"model.{first}", f"model.{first + 1}", "begin.0", "begin.1"),
        **_convolution(tensors, f"model.{down1}", f"model.{down1 + 1}", f"down.0.{below[0]}", f"down.0.{below[1]}"),
        **_convolution(tensors, f"model.{down2}", f"model.{down2 + 1}", f"down.1.{below[0]}", f"down.1.{below[1]}"),
        **_convolution(tensors, f"model.{up1}", f"model.{up1 + 1}", f"up.0.{above[0]}", f"up.0.{above[1]}"),
        **_convolution(tensors, f"model.{up2}", f"model.{up2 + 1}", f"up.1.{above[0]}", f"up.1.{above[1]}"),
        **{f"end.{kind}": tensors[f"model.{last}.{kind}"] for kind in ("weight", "bias")},
    }
    for number, place in enumerate(blocks):
        taken |= _block(tensors, f"model.{place}.conv_block", f"blocks.{number}.layers")
    options = {
        "width": width,
        "blocks": len(blocks),
        "kernel": tensors[f"model.{first}.weight"].shape[-1],
        "down": down,
        "up": up,
        "norm": norm,
        "edges": edges,
        "end": "tanh",
    }
    return Recognised(options=options, weights=taken, settings=_at(256, _VIEW), notes=notes)


def of_fast_style(files: Mapping[str, Tensors]) -> Recognised:
    """`TransformerNet`, which takes and gives pixels from 0 to 255: its first and its last layer are rescaled."""
    tensors = files["generator"]
    count = len({match[1] for name in tensors if (match := re.match(r"res(\d+)\.conv1\.conv2d\.weight$", name))})
    names = {"begin": ("conv1", "in1"), "down.0": ("conv2", "in2"), "down.1": ("conv3", "in3")}
    taken: dict[str, Tensor] = {}
    for own, (convolution, norm) in names.items():
        taken |= _convolution(tensors, f"{convolution}.conv2d", norm, f"{own}.0", f"{own}.1")
    for own, (convolution, norm) in {"up.0.1": ("deconv1", "in4"), "up.1.1": ("deconv2", "in5")}.items():
        taken |= _convolution(tensors, f"{convolution}.conv2d", norm, f"{own}.0", f"{own}.1")
    for number in range(count):
        theirs, own = f"res{number + 1}", f"blocks.{number}.layers"
        taken |= _convolution(tensors, f"{theirs}.conv1.conv2d", f"{theirs}.in1", f"{own}.0.0", f"{own}.0.1")
        taken |= _convolution(tensors, f"{theirs}.conv2.conv2d", f"{theirs}.in2", f"{own}.1", f"{own}.2")
    first, last = tensors["conv1.conv2d.weight"], tensors["deconv3.conv2d.weight"]
    _check_channels(first, last)
    # A pixel p of 0 … 255 is 127.5 (x + 1), with x of -1 … 1.
    taken["begin.0.weight"] = _GREY * first
    taken["begin.0.bias"] = tensors["conv1.conv2d.bias"] + _GREY * first.sum((1, 2, 3))
    taken |= {"end.weight": last / _GREY, "end.bias": tensors["deconv3.conv2d.bias"] / _GREY - 1}
    options = {
        "width": first.shape[0],
        "blocks": count,
        "kernel": first.shape[-1],
        "down": "stride",
        "up": "resize",
        "norm": "instance",
        "edges": "reflect",
        "end": "clamp",
    }
    return Recognised(options=options, weights=taken, settings=_at(256, 256))


def _at(size: int, view: int) -> dict[str, object]:
    """The settings of a run with crops of `size` from pictures whose shorter side is `view`."""
    return {"size": str(size), "crop": True, "load_size": view}


def _down(tensors: Tensors, place: int) -> str:
    """How it halves: a blur's kernel stands three places behind its convolution, after norm and ReLU."""
    kernel = tensors.get(f"model.{place + 3}.filt")
    if kernel is None:
        return "stride"
    _check_blur(kernel, (1.0, 2.0, 1.0))
    return "blur"


def _up(tensors: Tensors, place: int, block: int, width: int) -> tuple[str, str, tuple[str, ...]]:
    """How it doubles, what its convolutions see beyond the edges, and what of it tensors don't tell."""
    weight, kernel = tensors[f"model.{place}.weight"], tensors.get(f"model.{place - 1}.filt")
    if kernel is not None:
        _check_blur(kernel, (1.0, 3.0, 3.0, 1.0))
        return "blur", "zeros", ()
    if weight.shape[0] == 4 * width:
        return "deconv", "auto", ()
    told = "doubling is taken as bilinear, which tensors don't tell: --set generator.up=resize is for nearest"
    padded = place == block + 3  # between the enlargement and the convolution stands a module that pads
    return "blur", "auto" if padded else "zeros", (told,)


def _check_blur(kernel: Tensor, row: tuple[float, ...]) -> None:
    """Raises UsageError unless the kernel is that of the row with itself, of any size."""
    line = torch.tensor(row)
    wanted = torch.outer(line, line)
    if kernel.shape[-2:] != wanted.shape or not torch.allclose(
        kernel / kernel.sum((2, 3), True), wanted / wanted.sum()
    ):
        raise UsageError("it blurs with another kernel than its authors' usual one")


def _check_channels(first: Tensor, last: Tensor) -> None:
    """Raises UsageError unless the first layer takes and the last one gives pictures in colour."""
    if (first.shape[1], last.shape[0]) != (3, 3):
        raise UsageError(f"it turns {first.shape[1]} channels into {last.shape[0]}, and pictures have 3")


def _block(tensors: Tensors, theirs: str, own: str) -> dict[str, Tensor]:
    """A residual block; with dropout its second convolution stands one place further."""
    second = 6 if f"{theirs}.6.weight" in tensors and tensors[f"{theirs}.6.weight"].dim() == 4 else 5
    return {
        **_convolution(tensors, f"{theirs}.1", f"{theirs}.2", f"{own}.0.0", f"{own}.0.1"),
        **_convolution(tensors, f"{theirs}.{second}", f"{theirs}.{second + 1}", f"{own}.1", f"{own}.2"),
    }


def _convolution(tensors: Tensors, theirs: str, their_norm: str, own: str, own_norm: str) -> dict[str, Tensor]:
    """A convolution and its norm. A missing bias is 0, and a norm without parameters has scale 1 and shift 0.

    Instance norms of old versions of torch kept statistics that nobody used.
    """
    weight = tensors[f"{theirs}.weight"]
    transposed = own_norm.startswith("up") and weight.shape[0] > weight.shape[1]
    channels = weight.shape[1 if transposed else 0]
    taken = {f"{own}.weight": weight, f"{own}.bias": tensors.get(f"{theirs}.bias", torch.zeros(channels))}
    taken[f"{own_norm}.weight"] = tensors.get(f"{their_norm}.weight", torch.ones(channels))
    taken[f"{own_norm}.bias"] = tensors.get(f"{their_norm}.bias", torch.zeros(channels))
    return {**taken, **_statistics(tensors, their_norm, own_norm, ("running_mean", "running_var"))}


def _statistics(tensors: Tensors, theirs: str, own: str, names: Iterable[str]) -> dict[str, Tensor]:
    return {f"{own}.{name}": tensors[f"{theirs}.{name}"] for name in names if f"{theirs}.{name}" in tensors}
