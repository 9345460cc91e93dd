"""A frozen encoder and a trained decoder, with adaptive instance norm between them (arXiv 1703.06868) or without."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.parts import Parts
from ganzoo.styled import StyledGenerator
from ganzoo.translator import ImageGenerator, softened, within_range
from ganzoo_plugins.adain.decoder import check_stages, decoded, decoder

if TYPE_CHECKING:
    from ganzoo_plugins.adain import AdaINGeneratorOptions, FeaturePainterOptions

_EPSILON = 1e-5


class AdaINGenerator(StyledGenerator):
    """Images B 3 H W and codes of paintings B M -> B 3 H W.

    A code is the mean and the standard deviation of each channel, stage after stage. What is trained is added to the
    photo, or to the softened photo.
    """

    def __init__(self, options: "AdaINGeneratorOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        count = options.stages
        check_stages(self.encoder, count)
        self.size_multiple = max(self.encoder.strides[count - 1], 2**options.soften)
        self.channels = self.encoder.channels[:count]
        self.skips, self.residual, self.soften = options.skips, options.residual, options.soften
        self.norms = nn.ModuleList(nn.InstanceNorm2d(channels) for channels in self.channels)
        self.decoder = decoder(self.channels, options.width, skips=options.skips, up=options.up)
        self.end = nn.Conv2d(options.width, shape.channels, 3, padding=1, padding_mode="reflect")
        if self.residual:
            nn.init.normal_(self.end.weight, 0.0, 1e-3)
            nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias
        plain = torch.cat([torch.zeros(sum(self.channels)), torch.ones(sum(self.channels))])
        self.set_up_codes(plain, shape.attributes)

    def forward(self, images: Tensor, code: Tensor | None = None, strength: Tensor | None = None) -> Tensor:
        """Images in the style of the codes, by default that of all paintings; `strength` B mixes the features."""
        wanted = self.exchanged(self.features(images), self.mean_code(images.shape[0]) if code is None else code)
        return self.decode(images, wanted, strength)

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """The frozen features, finest first."""
        return self.encoder.maps(images, depth=len(self.channels))

    def code_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 H W -> codes B M."""
        maps = self.features(paintings)
        means, spreads = (
            [one.mean((2, 3)) for one in maps],
            [(one.var((2, 3), correction=0) + _EPSILON).sqrt() for one in maps],
        )
        return torch.cat([*means, *spreads], dim=1)

    def exchanged(self, maps: Sequence[Tensor], code: Tensor) -> list[Tensor]:
        """Features with the mean and the standard deviation of the codes."""
        half = sum(self.channels)
        means, spreads = (torch.split(part, list(self.channels), 1) for part in (code[:, :half], code[:, half:]))
        return [
            norm(one) * spread[:, :, None, None] + mean[:, :, None, None]
            for norm, one, mean, spread in zip(self.norms, maps, means, spreads, strict=True)
        ]

    def decode(self, images: Tensor, wanted: Sequence[Tensor], strength: Tensor | None = None) -> Tensor:
        """Features -> images; `strength` B is how far to go from the features of the images to those wanted."""
        if strength is not None:
            part = strength[:, None, None, None]
            wanted = [own + part * (one - own) for own, one in zip(self.features(images), wanted, strict=True)]
        change: Tensor = self.end(decoded(self.decoder, wanted, skips=self.skips))
        if not self.residual:
            return change.tanh()
        if self.soften:
            change = change + (softened(images, self.soften) - images)
        return within_range(images + (change if strength is None else strength[:, None, None, None] * change))


class FeaturePainter(ImageGenerator):
    """Images B 3 H W -> B 3 H W: the photo plus what a trained decoder makes of its features.

    It has no norm over the image, so a tile of a photo is painted as the same part of the whole.
    """

    def __init__(self, options: "FeaturePainterOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        count = options.stages
        check_stages(self.encoder, count)
        self.size_multiple = max(self.encoder.strides[count - 1], 2**options.soften)
        self.soften = options.soften
        self.channels = self.encoder.channels[:count]
        self.decoder = decoder(self.channels, options.width, skips=True, up=options.up)
        self.end = nn.Conv2d(options.width, shape.channels, 3, padding=1, padding_mode="reflect")
        nn.init.normal_(self.end.weight, 0.0, 1e-3)  # changes hardly show at first
        nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, images: Tensor) -> Tensor:
        """The translated images."""
        change: Tensor = self.end(decoded(self.decoder, self.maps(images)[1:], skips=True))
        return within_range(softened(images, self.soften) + change)

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """The pixels and the frozen features."""
        return (images, *self.encoder.maps(images, depth=len(self.channels)))
