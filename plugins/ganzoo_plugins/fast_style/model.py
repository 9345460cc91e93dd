"""Perceptual losses for real-time style transfer (Johnson et al., arXiv 1603.08155) on any encoder's features."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganzoo import ImageShape
from ganzoo.encoders import Encoder
from ganzoo.losses import gram
from ganzoo.model import Batch, Step, Terms
from ganzoo.parts import Parts
from ganzoo.translator import Translator, falling, source_of

if TYPE_CHECKING:
    from ganzoo_plugins.fast_style import FastStyleOptions

_EPSILON = 1e-8
_MEMORY = 0.99
"""Decay of the mean texture of the paintings from one step to the next: a few crops differ much from the whole."""


class FastStyle(Translator):
    """The picture takes its texture from the paintings, which are one or few, and its content from the photo."""

    options: "FastStyleOptions"
    seen: Tensor

    def __init__(self, options: "FastStyleOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.generator = parts.generator(shape)
        self.averaged = self.generator
        self.features: Encoder = parts.build("features")
        self.stages = self.features.stage_range(options.first, options.last)
        self.features.stage_range(options.content, options.content)
        self.register_buffer("seen", torch.zeros(()))
        for stage in self.stages:
            channels = self.features.channels[stage]
            self.register_buffer(f"texture{stage}", torch.zeros(channels, channels))

    def steps(self) -> Iterable[Step]:
        """The generator's only."""
        yield Step(name="generator", trains=self.generator, loss=self.loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """Adam, as in the paper."""
        return torch.optim.Adam(step.trains.parameters(), self.options.lr, fused=True)

    def rate(self, progress: float) -> float:
        """1, then a straight line to 0 from `decay_from` on."""
        return falling(progress, self.options.decay_from)

    def loss(self, batch: Batch) -> Terms:
        """Content, style and total variation (section 3.2), and `extra_terms`."""
        translated, options = self.translated(batch), self.options
        with torch.no_grad():
            photo = self._maps(source_of(batch))
            textures = self._textures(batch)
        found = self._maps(translated)
        kept, own = found[options.content], photo[options.content]
        across, down = translated.diff(dim=3), translated.diff(dim=2)
        return {
            "content": options.content_weight * relative(kept, own),
            "style": options.style_weight
            * torch.stack([relative(gram(found[i]), one) for i, one in zip(self.stages, textures, strict=True)]).mean(),
            "variation": options.variation * (across.abs().mean() + down.abs().mean()),
            **self.extra_terms(batch, translated),
        }

    def _textures(self, batch: Batch) -> list[Tensor]:
        """The mean texture of all crops of paintings so far, stage by stage."""
        painting = self._maps(batch.target)
        self.seen += 1
        pace = (1 / self.seen).clamp(min=1 - _MEMORY)
        textures = [self.get_buffer(f"texture{stage}") for stage in self.stages]
        for stage, texture in zip(self.stages, textures, strict=True):
            mean = batch.mean(gram(painting[stage])).to(texture.dtype)
            texture.lerp_(mean, pace.expand_as(mean))
        return textures

    def _maps(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.features.maps(images, depth=max(self.stages.stop, self.options.content + 1))


def relative(values: Tensor, wanted: Tensor) -> Tensor:
    """Squared distance B … of each image, relative to the size of what is wanted, B … or one for all; their mean.

    Encoders differ in the size of their features, and so weights need not.
    """
    distance, size = (one.square().flatten(1).mean(1) for one in (values - wanted, wanted.expand_as(values)))
    return (distance / (size + _EPSILON)).mean()
