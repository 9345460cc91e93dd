"""Recipes that translate photos into another style, and the networks and terms that they are put together from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from ganzoo.batch import Batch
from ganzoo.deprecated import adopt_old_names, keep_old_names
from ganzoo.model import GAN, AdversarialRecipe, Step, Terms
from ganzoo.options import AdversarialTranslatorOptions, TranslatorOptions, split_names
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape, Task

__all__ = [
    "AdversarialTranslator",
    "ImageGenerator",
    "Term",
    "Translate",
    "Translator",
    "falling",
    "softened",
    "source_of",
    "within_range",
]

Translate = Callable[[Tensor], Tensor]
"""Images B 3 H W in [-1, 1] -> the same translated, with the weights that are being trained."""


@keep_old_names
class ImageGenerator(nn.Module, ABC):
    """Network that translates images. A part's target is called as `target(options, shape=ImageShape)`.

    It takes images of any size that is a multiple of `size_multiple`, not only those of `shape`.
    """

    task: Task = "translate"
    """What its recipes do: it does not fit one that draws from noise."""
    size_multiple: int = 1
    """Height and width must be multiples of this many pixels."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        adopt_old_names(cls)

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Images B 3 H W in [-1, 1] -> images of the same shape and range."""

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Feature maps B C h w of its encoding half, finest first, for losses between patches (arXiv 2007.15651).

        Raises NotImplementedError for a network that has none.
        """
        raise NotImplementedError(f"{type(self).__name__} gives no maps of its own")


class Term(nn.Module, ABC):
    """An extra term of a translator's loss. A part's target is called as `target(options)`.

    A term whose options hold parts, such as an encoder, is called as `target(options, parts=Parts)`.
    """

    @abstractmethod
    def forward(self, batch: Batch, translated: Tensor, translate: Translate) -> Tensor:
        """The weighted term, a scalar; `translated` is `batch.source` after translation."""


@keep_old_names
class Translator(GAN):
    """A recipe whose `generator` translates photos. It is handed over to `__init__`, or set by the subclass.

    Options with a field `extra` (`ganzoo.named_parts("term", …)`) let users add terms. A recipe with losses of its own
    adds `extra_terms` to one of them.
    """

    native_strength: bool = False
    """Whether `translate` has a strength of its own, which it was trained with."""
    takes_style: bool = False
    """Whether `translate` accepts the style of a painting, which `style_of` and `styles` give."""
    # Few large images: backward passes of their convolutions, and instance norms, are slow in the other order.
    channels_last = False
    generator: ImageGenerator

    def __init__(
        self, options: TranslatorOptions, *, shape: ImageShape, parts: Parts, generator: ImageGenerator | None = None
    ) -> None:
        super().__init__()
        self.options = options
        """The model's options."""
        self.shape = shape
        """The shape of the training images."""
        self.extra = nn.ModuleDict(parts.several(split_names(getattr(options, "extra", ""))))
        if generator is not None:
            self.generator = self.averaged = generator

    @property
    def size_multiple(self) -> int:
        """Height and width that `translate` takes are multiples of this."""
        return self.generator.size_multiple

    def translate(self, images: Tensor, *, strength: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Images B 3 H W in [-1, 1] of any size in multiples of `size_multiple` -> translated ones of the same shape.

        `strength` (B, 0 is the photo and 1 the painting) is passed only if `native_strength`, `style` (B M, one of
        `style_of` or a point between two of them) only if `takes_style`.
        """
        translated: Tensor = self.generator(images)
        return translated

    def style_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 h w in [-1, 1] -> their styles, B M. Raises NotImplementedError unless `takes_style`."""
        raise NotImplementedError(f"{type(self).__name__} takes no style")

    def styles(self) -> Mapping[str, Tensor]:
        """Styles M by name, learnt from labelled paintings; the first, "", is that of all paintings."""
        return {}

    def forward(self, batch: Batch) -> Tensor:
        """The photos of the batch, translated."""
        return self.translate(source_of(batch))

    def translated(self, batch: Batch) -> Tensor:
        """The same, computed once for all steps between which the generator is not trained."""
        return batch.shared("translated", self.generator, lambda: self(batch))

    def extra_terms(self, batch: Batch, translated: Tensor) -> Terms:
        """The terms that the option `extra` names."""
        return {name: term(batch, translated, self.translate) for name, term in self.extra.items()}


@keep_old_names
class AdversarialTranslator(AdversarialRecipe, Translator):
    """One translator against one critic, each a part; a recipe overrides `content` with what keeps the content."""

    options: AdversarialTranslatorOptions
    generator: ImageGenerator

    def __init__(self, options: AdversarialTranslatorOptions, *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.generator = parts.generator(shape)
        self.discriminator = parts.discriminator(self.discriminator_shape(shape))
        self.build_losses(parts, shape)
        self.averaged = self.generator

    def discriminator_shape(self, shape: ImageShape) -> ImageShape:
        """The shape of what the discriminator receives; that of the images by default."""
        return shape

    def discriminator_input(self, batch: Batch, images: Tensor) -> Tensor:
        """Real or translated images as the discriminator receives them; as they are by default."""
        return images

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """Terms of the generator's loss that keep what the photos show; none by default."""
        return {}

    def rate(self, progress: float) -> float:
        """1, then a straight line to 0 from `decay_from` on."""
        return falling(progress, self.options.decay_from)

    def steps(self) -> Iterable[Step]:
        """Both steps, or without an adversarial weight the generator's alone."""
        return (step for step in super().steps() if self.options.adversarial or step.name != "discriminator")

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The adversarial loss, its penalty, the regularisers and what the discriminator adds."""
        fake = self.discriminator_input(batch, self.translated(batch).detach())
        return self.discriminator_terms(self._with_real(batch), fake)

    def generator_loss(self, batch: Batch) -> Terms:
        """The weighted adversarial loss, `content` and `extra_terms`."""
        translated = self.translated(batch)
        return {
            **self._adversarial_terms(batch, translated),
            **self.content(batch, translated),
            **self.extra_terms(batch, translated),
        }

    def _adversarial_terms(self, batch: Batch, translated: Tensor) -> Terms:
        if not self.options.adversarial:
            return {}
        terms = self.generator_terms(self._with_real(batch), self.discriminator_input(batch, translated))
        return {name: self.options.adversarial * term for name, term in terms.items()}

    def _with_real(self, batch: Batch) -> Batch:
        """The batch whose target is what the discriminator receives; translators don't show it labels."""
        return batch.with_target(self.discriminator_input(batch, batch.target), label=None)


def source_of(batch: Batch) -> Tensor:
    """The photos to translate."""
    assert batch.source is not None, "a translator needs photos"
    return batch.source


def falling(progress: float, start: float) -> float:
    """1 up to `start`, then a straight line to 0 at the end of the budget."""
    return 1.0 if start >= 1 or progress <= start else max(0.0, (1 - progress) / (1 - start))


def softened(images: Tensor, halvings: int) -> Tensor:
    """Images B 3 H W, shrunk and enlarged again; their sides must halve that often.

    They keep shapes and colours, but not the texture that gives a photo away: strokes must take its place.
    """
    if not halvings:
        return images
    return interpolate(avg_pool2d(images, 2**halvings), scale_factor=2**halvings, mode="bilinear")


def within_range(images: Tensor) -> Tensor:
    """Values clamped to [-1, 1]; beyond it only gradients that lead back pass, so that none dies or runs away."""
    kept: Tensor = _WithinRange.apply(images)
    return kept


class _WithinRange(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor) -> Tensor:
        ctx.save_for_backward(images)
        return images.clamp(-1, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (images,) = ctx.saved_tensors
        outward = ((images > 1) & (gradient < 0)) | ((images < -1) & (gradient > 0))
        return gradient.masked_fill(outward, 0)
