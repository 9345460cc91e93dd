"""Translators that paint in the style of any painting, and remember the mean style of those they are trained on."""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor

from ganzoo.adversarial import Labelled, LabelRows
from ganzoo.batch import Batch
from ganzoo.errors import UsageError
from ganzoo.options import AdversarialTranslatorOptions
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape
from ganzoo.translator import AdversarialTranslator, ImageGenerator, source_of

__all__ = ["StyledGenerator", "StyledTranslator"]

_MEMORY = 0.99
"""Decay of the mean code of the paintings from one step to the next."""


class StyledGenerator(Labelled, ImageGenerator):
    """Images B 3 H W and codes of paintings B M -> B 3 H W.

    The first of `codes` is the mean over all training paintings, the default where no code is given; the others are
    those of each label. A subclass calls `set_up_codes` in its `__init__`.
    """

    label_rows = {"codes": LabelRows(before=1), "seen": LabelRows(before=1, counts=True)}  # noqa: RUF012  # never changed
    codes: Tensor
    seen: Tensor
    """How many paintings each code is the mean of."""
    firsts: Tensor
    """The row of each attribute's first value."""

    def set_up_codes(self, plain: Tensor, attributes: Mapping[str, tuple[str, ...]]) -> None:
        """Every code is `plain`, M, until `remember` has seen a painting."""
        names = [len(values) for values in attributes.values()]
        firsts = [1 + sum(names[:place]) for place in range(len(names))]
        self.register_buffer("firsts", torch.tensor(firsts, dtype=torch.long), persistent=False)
        self.register_buffer("codes", plain.repeat(1 + sum(names), 1))
        self.register_buffer("seen", torch.zeros(1 + sum(names)))

    @abstractmethod
    def forward(self, images: Tensor, code: Tensor | None = None, strength: Tensor | None = None) -> Tensor:
        """Images in the style of the codes B M, by default that of all paintings; `strength` B is 0 for the photo."""

    @abstractmethod
    def code_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 H W -> codes B M."""

    @torch.no_grad()
    def remember(self, codes: Tensor, label: Tensor | None = None) -> None:
        """Updates the mean code with these, and the mean codes of their labels."""
        belongs = self.codes.new_zeros(len(codes), len(self.codes))
        belongs[:, 0] = 1
        if label is not None:
            belongs.scatter_(1, label + self.firsts, 1)
        count = belongs.sum(0)
        means = belongs.T @ codes.float() / count.clamp(min=1)[:, None]
        self.seen += count > 0
        pace = (1 / self.seen.clamp(min=1)).clamp(min=1 - _MEMORY) * (count > 0)
        self.codes.lerp_(means, pace[:, None].expand_as(means))

    def mean_code(self, count: int) -> Tensor:
        """The mean code of all paintings, count M."""
        return self.codes[0].expand(count, -1)


class StyledTranslator(AdversarialTranslator):
    """Each photo takes the style of the painting at its place in the batch."""

    native_strength = True
    takes_style = True
    generator: StyledGenerator

    def __init__(self, options: AdversarialTranslatorOptions, *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        if not isinstance(self.generator, StyledGenerator):
            raise UsageError(f"generator '{options.generator.name}' takes no codes of paintings: choose another")

    def translate(self, images: Tensor, *, strength: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Images in `style`, or in the mean style of all training paintings."""
        translated: Tensor = self.generator(images, style, strength)
        return translated

    def style_of(self, paintings: Tensor) -> Tensor:
        """The code of each painting."""
        return self.generator.code_of(paintings)

    def styles(self) -> Mapping[str, Tensor]:
        """The mean code of all paintings, then that of the paintings with each label."""
        names = ["", *(name for values in self.shape.attributes.values() for name in values)]
        return dict(zip(names, self.generator.codes, strict=True))

    def code(self, batch: Batch) -> Tensor:
        """The codes of the paintings, computed once for all steps between which the generator is not trained."""
        return batch.shared("code", self.generator, lambda: self.generator.code_of(batch.target))

    def translated(self, batch: Batch) -> Tensor:
        """Photos, each in the style of its painting."""
        return batch.shared("translated", self.generator, lambda: self.generator(source_of(batch), self.code(batch)))
