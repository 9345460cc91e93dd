"""Encoders: frozen networks that turn images into features, the same way for real and generated images."""

import hashlib
import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.data.images import from_uint8
from ganzoo.errors import DataError, UsageError

__all__ = ["Encoder", "Resize", "encode"]


@dataclass(frozen=True, kw_only=True)
class Resize:
    """Bicubic, antialiased resize to the size that an encoder receives, in pixels; values stay in [-1, 1].

    `side` is the new shorter side; 0 leaves images as they are. `least` enlarges images whose shorter side is below it.
    `square` changes the shape of the image as well, for networks that take one size only.
    """

    side: int = 0
    least: int = 0
    square: bool = False

    def __str__(self) -> str:
        """The name of the rule in the protocol of a score."""
        if self.square:
            return f"bicubic-aa to {self.side}x{self.side}"
        if self.side:
            return f"bicubic-aa, shorter side {self.side}"
        return f"bicubic-aa, shorter side at least {self.least}" if self.least else "no resize"

    def target(self, height: int, width: int) -> tuple[int, int]:
        """Height and width after the resize."""
        if self.square:
            return self.side, self.side
        short = min(height, width)
        factor = (self.side or max(short, self.least)) / short
        return round(height * factor), round(width * factor)

    def __call__(self, images: Tensor) -> Tensor:
        """B C H W in [-1, 1] -> the same at the target size; images of that size are returned untouched."""
        size = self.target(*images.shape[-2:])
        if size == tuple(images.shape[-2:]):
            return images
        # Bicubic weights overshoot at edges, to values that no picture has.
        return functional.interpolate(images, size=size, mode="bicubic", antialias=True).clamp(-1, 1)


class Encoder(nn.Module, ABC):
    """Frozen feature extractor. A part's target is called as `target(options)`.

    The weights are buffers outside the state dict: nothing trains, averages or saves them. The network stays in
    evaluation mode. `dimension` is the length of the features; `strides` and `channels` describe the maps. `mean` and
    `std` are of pixels in [0, 1].
    """

    name: str
    """The name in scores, such as KID-lite0."""
    fingerprint: str
    """SHA-256 over the architecture, the preprocessing, and names, shapes and values of the weights."""
    preprocessing: str
    """How an image is prepared for the network, as protocols record it."""
    scale: Tensor
    """Pixels are multiplied by it, C 1 1."""
    shift: Tensor
    """And this is added, C 1 1."""

    def __init__(
        self,
        network: nn.Module,
        *,
        name: str,
        architecture: str,
        dimension: int,
        strides: Sequence[int],
        channels: Sequence[int],
        resize: Resize,
        mean: Sequence[float] = (0.5, 0.5, 0.5),
        std: Sequence[float] = (0.5, 0.5, 0.5),
    ) -> None:
        super().__init__()
        self.name = name
        self.dimension = dimension
        """Length of the features."""
        self.strides: tuple[int, ...] = tuple(strides)
        self.channels: tuple[int, ...] = tuple(channels)
        self.resize = resize
        """The resize before the network."""
        self.preprocessing = f"{resize}; mean {_numbers(mean)}; std {_numbers(std)}"
        self.fingerprint = weights_fingerprint(network.state_dict(), f"{architecture}; {self.preprocessing}")
        self.network: nn.Module = self.prepare(network)
        """The frozen network."""
        self._memory = _Memory()
        scale, shift = [0.5 / s for s in std], [(0.5 - m) / s for m, s in zip(mean, std, strict=True)]
        self.register_buffer("scale", torch.tensor(scale).view(-1, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(shift).view(-1, 1, 1), persistent=False)
        _freeze(self.network)
        self.eval()

    def prepare(self, network: nn.Module) -> nn.Module:
        """Rewrites the network for speed without changing what it computes; unchanged by default."""
        return network

    @abstractmethod
    def pooled(self, inputs: Tensor) -> Tensor:
        """Normalised inputs B 3 H W -> features B x dimension of the layer before the classifier."""

    @abstractmethod
    def pyramid(self, inputs: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        """Normalised inputs B 3 H W -> the first `depth` feature maps, finest first, with `strides` and `channels`."""

    def forward(self, images: Tensor) -> Tensor:
        """Images B 3 H W in [-1, 1] -> features B x dimension, float32."""
        return self.pooled(self._inputs(images)).float()

    def maps(self, images: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        """Images B 3 H W in [-1, 1] -> feature maps B C H/stride W/stride of the resized images, differentiable.

        `depth` limits them to the finest ones. Maps of the same tensor are computed once, since several terms of one
        loss need them.
        """
        return self._memory.recall(images, depth) or self._memory.keep(
            images, depth, self.pyramid(self._inputs(images), depth)
        )

    def stage_range(self, first: int, last: int) -> range:
        """Numbers of the maps from `first` to `last`. Raises UsageError when the encoder has no such maps."""
        if not 0 <= first <= last < len(self.strides):
            raise UsageError(
                f"first={first}, last={last}: encoder '{self.name}' has stages 0 to {len(self.strides) - 1}, and first"
                " may not be after last"
            )
        return range(first, last + 1)

    def train(self, mode: bool = True) -> "Encoder":
        """Stays in evaluation mode, whatever `mode` is."""
        return super().train(False)

    def _inputs(self, images: Tensor) -> Tensor:
        inputs = self.resize(images) * self.scale + self.shift
        return inputs.contiguous(memory_format=torch.channels_last)


class _Memory:
    """The maps of the last tensor with gradients, until a backward pass frees them, and of the last tensor without."""

    def __init__(self) -> None:
        self._kept: dict[bool, tuple[weakref.ref[Tensor], int, int | None, tuple[Tensor, ...]]] = {}

    def recall(self, images: Tensor, depth: int | None) -> tuple[Tensor, ...] | None:
        """The maps kept for this very tensor; None if it has changed since, or if more maps are needed."""
        tensor, version, kept_depth, maps = self._kept.get(self._kind(images), (lambda: None, 0, None, ()))
        if tensor() is not images or version != images._version:
            return None
        if kept_depth is not None and (depth is None or depth > kept_depth):
            return None
        return maps[:depth]

    def keep(self, images: Tensor, depth: int | None, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Keeps the maps and returns them."""
        if images.is_inference() or torch.is_inference_mode_enabled() or torch.compiler.is_compiling():
            return maps  # such tensors have no version that would show a change
        kind = self._kind(images)
        if kind:
            for one in maps:  # the backward pass frees the graph, and its maps are useless from then on
                one.register_hook(self._forget)  # type: ignore[no-untyped-call]  # a gap in torch
        self._kept[kind] = (weakref.ref(images), images._version, depth, maps)
        return maps

    def _forget(self, _: Tensor) -> None:
        self._kept.pop(True, None)

    def __deepcopy__(self, _: object) -> "_Memory":
        return _Memory()

    @staticmethod
    def _kind(images: Tensor) -> bool:
        return torch.is_grad_enabled() and images.requires_grad


def encode(
    encoder: Encoder, images: NDArray[np.uint8], *, batch: int = 16, device: torch.device | str = "cpu"
) -> Tensor:
    """Images uint8 N H W 3, possibly memory-mapped -> features N x dimension, float32, on the device.

    Real and generated images both pass through here, the latter rounded by `ganzoo.data.images.to_uint8`. All batches
    are padded to the same size, so the features of an image do not depend on the number of the others. Raises DataError
    for anything but such images, UsageError when the features are not finite.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3 or not len(images):
        raise DataError(f"an encoder takes uint8 images of shape N H W 3, not {images.dtype} {images.shape}")
    encoder.to(device)
    features = []
    with torch.inference_mode(), torch.autocast(torch.device(device).type, enabled=False):
        for start in range(0, len(images), batch):
            rows = np.minimum(np.arange(start, start + batch), len(images) - 1)
            pixels = torch.tensor(images[rows], device=device).permute(0, 3, 1, 2)
            features.append(encoder(from_uint8(pixels))[: len(images) - start])
        table = torch.cat(features)
        if not table.isfinite().all():
            raise UsageError(f"encoder '{encoder.name}' gave features that are not finite: its weights are damaged")
    return table.clone()


def _freeze(network: nn.Module) -> None:
    """Turns parameters into buffers, and keeps all buffers out of the state dict."""
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach(), persistent=False)
        for name, buffer in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, buffer, persistent=False)


def weights_fingerprint(weights: Mapping[str, Tensor], rule: str) -> str:
    """SHA-256 over names, shapes and values of the weights, and the text `rule`."""
    digest = hashlib.sha256(f"{rule}\0".encode())
    for name, value in sorted(weights.items()):
        if name.endswith("num_batches_tracked"):  # counts training steps and does not affect features
            continue
        digest.update(f"{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.6g}" for value in values)
