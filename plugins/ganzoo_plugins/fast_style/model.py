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


class FastStyle(Translator):
    """The picture takes its texture from the paintings, which are one or few, and its content from the photo."""

    options: "FastStyleOptions"

    def __init__(self, options: "FastStyleOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.generator = parts.generator(shape)
        self.averaged = self.generator
        self.features: Encoder = parts.build("features")
        self.stages = self.features.stage_range(options.first, options.last)
        self.features.stage_range(options.content, options.content)

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
            photo, painting = self._maps(source_of(batch)), self._maps(batch.target)
            wanted = [batch.mean(gram(painting[stage])) for stage in self.stages]
        found = self._maps(translated)
        kept, own = found[options.content], photo[options.content]
        across, down = translated.diff(dim=3), translated.diff(dim=2)
        return {
            "content": options.content_weight * relative(kept, own),
            "style": options.style_weight
            * torch.stack([relative(gram(found[i]), one) for i, one in zip(self.stages, wanted, strict=True)]).mean(),
            "variation": options.variation * (across.abs().mean() + down.abs().mean()),
            **self.extra_terms(batch, translated),
        }

    def _maps(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.features.maps(images, depth=max(self.stages.stop, self.options.content + 1))


def relative(values: Tensor, wanted: Tensor) -> Tensor:
    """Squared distance B … of each image, relative to the size of what is wanted, B … or one for all; their mean.

    Encoders differ in the size of their features, and so weights need not.
    """
    distance, size = (one.square().flatten(1).mean(1) for one in (values - wanted, wanted.expand_as(values)))
    return (distance / (size + _EPSILON)).mean()
