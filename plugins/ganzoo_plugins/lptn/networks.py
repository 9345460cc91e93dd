"""The network of LPTN (arXiv 2105.09188, section 3): it translates a small copy, and masks the bands of detail."""

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo import ImageShape, UsageError
from ganzoo.translator import ImageGenerator, within_range

if TYPE_CHECKING:
    from ganzoo_plugins.lptn import LPTNGeneratorOptions

_BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)
_NARROW = 16


class LaplacianTranslator(ImageGenerator):
    """Images B 3 H W -> B 3 H W; detail is kept unless a mask changes it, so images stay sharp at any size."""

    kernel: Tensor

    def __init__(self, options: "LPTNGeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.size_multiple = 1 << options.bands
        if shape.height % self.size_multiple or shape.width % self.size_multiple:
            raise UsageError(
                f"size {shape.height}x{shape.width}: lptn halves {options.bands} times, so both sides must be"
                f" multiples of {self.size_multiple}"
            )
        channels = shape.channels
        kernel = torch.tensor(_BINOMIAL) / sum(_BINOMIAL)
        self.register_buffer("kernel", torch.outer(kernel, kernel).expand(channels, 1, 5, 5).clone(), persistent=False)
        self.bands = options.bands
        self.low = _Low(channels, options.width, options.low_blocks)
        self.mask = _mask(3 * channels, channels, options.width, options.high_blocks)
        self.refine = nn.ModuleList(_narrow(channels) for _ in range(options.bands))

    def forward(self, images: Tensor) -> Tensor:
        """The translated photos."""
        bands, small = self._decomposed(images)
        translated = self.low(small)
        inputs = [F.interpolate(one, size=bands[-1].shape[2:], mode="bilinear") for one in (small, translated)]
        mask = self.mask(torch.cat([bands[-1], *inputs], dim=1))
        for band, refine in zip(reversed(bands), self.refine, strict=True):
            if mask.shape[2:] != band.shape[2:]:
                mask = F.interpolate(mask, size=band.shape[2:], mode="bilinear")
            mask = refine(mask)
            translated = self._enlarged(translated) + band + band * mask
        return within_range(translated)

    def _decomposed(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Bands of detail, finest first, and the small copy that is left."""
        bands = []
        for _ in range(self.bands):
            small = self._blurred(images)[:, :, ::2, ::2]
            bands.append(images - self._enlarged(small))
            images = small
        return bands, images

    def _enlarged(self, images: Tensor) -> Tensor:
        batch, channels, height, width = images.shape
        spread = images.new_zeros(batch, channels, 2 * height, 2 * width)
        spread[:, :, ::2, ::2] = images
        # Padding must keep the zeros between pixels at the borders; replication would not.
        return self._blurred(spread, padding="reflect") * 4

    def _blurred(self, images: Tensor, padding: str = "reflect") -> Tensor:
        if min(images.shape[2:]) < 3:
            padding = "replicate"
        return F.conv2d(F.pad(images, (2, 2, 2, 2), padding), self.kernel.to(images.dtype), groups=images.shape[1])


class _Low(nn.Module):
    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, _NARROW, 3, padding=1),
            nn.InstanceNorm2d(_NARROW, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(_NARROW, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            *(_Block(width) for _ in range(blocks)),
            nn.Conv2d(width, _NARROW, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(_NARROW, channels, 3, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        translated: Tensor = (images + self.layers(images)).tanh()
        return translated


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = values + self.layers(values)
        return changed


def _mask(before: int, after: int, width: int, blocks: int) -> nn.Module:
    first = [nn.Conv2d(before, width, 3, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*first, *(_Block(width) for _ in range(blocks)), nn.Conv2d(width, after, 3, padding=1))


def _narrow(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, _NARROW, 1), nn.LeakyReLU(0.2), nn.Conv2d(_NARROW, channels, 1))
