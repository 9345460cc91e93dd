"""A generator that sees photos by frozen pretrained features, so that it knows their content from the first step on."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from ganzoo import ImageShape, UsageError
from ganzoo.encoders import Encoder
from ganzoo.parts import Parts
from ganzoo.translator import ImageGenerator, within_range
from ganzoo_plugins.adain.decoder import decoded, decoder

if TYPE_CHECKING:
    from ganzoo_plugins.adain import FeaturePainterOptions


class FeaturePainter(ImageGenerator):
    """Images B 3 H W -> B 3 H W: the photo plus what a trained decoder makes of its features.

    It has no norm over the image, so a tile of a photo is painted as the same part of the whole.
    """

    def __init__(self, options: "FeaturePainterOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.encoder: Encoder = parts.build("encoder")
        count = options.stages
        if count > len(self.encoder.strides):
            raise UsageError(f"generator.stages={count}: encoder '{self.encoder.name}' has {len(self.encoder.strides)}")
        self.size_multiple = self.encoder.strides[count - 1]
        self.channels = self.encoder.channels[:count]
        self.decoder = decoder(self.channels, options.width, skips=True, up=options.up)
        self.end = nn.Conv2d(options.width, shape.channels, 3, padding=1, padding_mode="reflect")
        nn.init.normal_(self.end.weight, 0.0, 1e-3)  # changes hardly show at first
        nn.init.zeros_(self.end.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, images: Tensor) -> Tensor:
        """The translated images."""
        change: Tensor = self.end(decoded(self.decoder, self.maps(images)[1:], skips=True))
        return within_range(images + change)

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """The pixels and the frozen features."""
        return (images, *self.encoder.maps(images, depth=len(self.channels)))
