"""Recipes that translate photos into another style, and the networks and terms that they are put together from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.model import GAN, AdversarialLoss, Augmentation, Discriminator, Step, Terms, through
from ganzoo.options import AdversarialTranslatorOptions, TranslatorOptions, split_names
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape

__all__ = ["AdversarialTranslator", "ImageGenerator", "Term", "Translate", "Translator", "within_range"]

Translate = Callable[[Tensor], Tensor]
"""Images B 3 H W in [-1, 1] -> the same painted, with the weights that are being trained."""


class ImageGenerator(nn.Module, ABC):
    """Network that paints images. A part's target is called as `target(options, shape=ImageShape)`.

    It takes images of any size that is a multiple of `size_multiple`, not only those of `shape`.
    """

    size_multiple: int = 1
    """Height and width must be multiples of this many pixels."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Images B 3 H W in [-1, 1] -> images of the same shape and range."""

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Feature maps B C h w of its own on the way in, finest first, for losses between patches (arXiv 2007.15651).

        Raises NotImplementedError for a network that has none to give.
        """
        raise NotImplementedError(f"{type(self).__name__} gives no maps of its own")


class Term(nn.Module, ABC):
    """An extra term of a translator's loss. A part's target is called as `target(options)`.

    One whose options hold parts, such as an encoder, is called as `target(options, parts=Parts)`.
    """

    @abstractmethod
    def forward(self, batch: Batch, painted: Tensor, translate: Translate) -> Tensor:
        """The weighted term, a scalar: `painted` is what became of `batch.source`."""


class Translator(GAN):
    """A recipe whose `generator` paints photos.

    Options with a field `extra` (`ganzoo.named_parts("term", …)`) let users add terms; a recipe of its own steps adds
    `extra_terms` to its loss.
    """

    native_strength: bool = False
    """Whether `translate` has a strength of its own, which it was trained with."""
    takes_style: bool = False
    """Whether `translate` can be given the style of a painting; then `style_of` and `styles` say how."""
    # Few large images: backward passes of their convolutions, and instance norms, are slow in the other order.
    channels_last = False
    generator: ImageGenerator

    def __init__(self, options: TranslatorOptions, *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.options = options
        self.shape = shape
        self.extra = nn.ModuleDict(parts.several(split_names(getattr(options, "extra", ""))))

    @property
    def size_multiple(self) -> int:
        """Height and width that `translate` takes are multiples of this."""
        return self.generator.size_multiple

    def translate(self, images: Tensor, *, strength: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Images B 3 H W in [-1, 1] of any size in multiples of `size_multiple` -> painted images of the same shape.

        `strength` (B, 0 is the photo and 1 the painting) is given only where it is native, `style` (B M, of
        `style_of` or between two of them) only where it can be taken.
        """
        painted: Tensor = self.generator(images)
        return painted

    def style_of(self, paintings: Tensor) -> Tensor:
        """Paintings B 3 h w in [-1, 1] -> what they are painted like, B M; of those that take a style."""
        raise NotImplementedError(f"{type(self).__name__} takes no style")

    def styles(self) -> Mapping[str, Tensor]:
        """Styles M learnt by name, from labelled paintings; the first, "", is that of all paintings."""
        return {}

    def forward(self, batch: Batch) -> Tensor:
        """The photos of the batch, painted."""
        return self.translate(source_of(batch))

    def painted(self, batch: Batch) -> Tensor:
        """The same, computed once for all steps between which the generator is not trained."""
        return batch.shared("painted", self.generator, lambda: self(batch))

    def extra_terms(self, batch: Batch, painted: Tensor) -> Terms:
        """The terms that the option `extra` names."""
        return {name: term(batch, painted, self.translate) for name, term in self.extra.items()}


class AdversarialTranslator(Translator):
    """One translator against one critic, each a part; a recipe adds what keeps the content by overriding `content`."""

    options: AdversarialTranslatorOptions

    def __init__(self, options: AdversarialTranslatorOptions, *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.generator = parts.generator(shape)
        self.discriminator: Discriminator = parts.discriminator(self.judged_shape(shape))
        self.loss: AdversarialLoss = parts.build("loss")
        self.records_probabilities = self.loss.scores_are_logits
        self.augment: Augmentation = parts.build("augment", shape=shape)
        self.averaged = self.generator

    def judged_shape(self, shape: ImageShape) -> ImageShape:
        """What the discriminator sees; images of `shape` by default."""
        return shape

    def judged(self, batch: Batch, images: Tensor) -> Tensor:
        """Images as the discriminator sees them, real or painted; as they are by default."""
        return images

    def content(self, batch: Batch, painted: Tensor) -> Terms:
        """Terms of the generator's loss that keep what the photos show; none by default."""
        return {}

    @property
    def painter(self) -> nn.Module:
        """What the generator's step trains."""
        return self.generator

    def steps(self) -> Iterable[Step]:
        """Discriminator first; both see the same painted photos, computed once."""
        yield Step(
            name="discriminator",
            trains=self.discriminator,
            loss=self._discriminator_loss,
            before=lambda: self.loss.before_step(self.discriminator),
            after=lambda: self.loss.after_step(self.discriminator),
        )
        yield Step(name="generator", trains=self.painter, loss=self._generator_loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """Adam with the options' rates, fused."""
        options = self.options
        lr = options.lr_discriminator if step.name == "discriminator" and options.lr_discriminator else options.lr
        betas = (options.beta1, options.beta2)
        return torch.optim.Adam(step.trains.parameters(), lr, betas=betas, fused=True)

    def rate(self, progress: float) -> float:
        """1, then falling to 0 in a line from `decay_from` on."""
        return falling(progress, self.options.decay_from)

    def _discriminator_loss(self, batch: Batch) -> Terms:
        judge = through(self.augment, self.discriminator, batch.rng)
        fake = self.judged(batch, self.painted(batch).detach())
        real = self.judged(batch, batch.target)
        real_scores, fake_scores = judge(real), judge(fake)
        shown = torch.sigmoid if self.loss.scores_are_logits else nn.Identity()
        batch.record("D(real)", shown(real_scores.detach()).mean())
        batch.record("D(fake)", shown(fake_scores.detach()).mean())
        self.augment.observe(real_scores.detach())
        return {
            **self.loss.discriminator(real_scores, fake_scores),
            **self.loss.penalty(judge, batch.with_target(real), fake),
        }

    def _generator_loss(self, batch: Batch) -> Terms:
        judge = through(self.augment, self.discriminator, batch.rng)
        painted = self.painted(batch)
        fake_scores = judge(self.judged(batch, painted))
        real_scores = judge(self.judged(batch, batch.target)) if self.loss.needs_real else None
        game = self.loss.generator(fake_scores, real_scores)
        weight = self.options.adversarial
        return {
            **{name: weight * term for name, term in game.items()},
            **self.content(batch, painted),
            **self.extra_terms(batch, painted),
        }


def source_of(batch: Batch) -> Tensor:
    """The photos to translate."""
    assert batch.source is not None, "a translator needs photos"
    return batch.source


def falling(progress: float, start: float) -> float:
    """1 up to `start`, then down to 0 in a line at the end of the budget."""
    return 1.0 if start >= 1 or progress <= start else max(0.0, (1 - progress) / (1 - start))


def within_range(images: Tensor) -> Tensor:
    """Values cut off at -1 and 1; beyond them only gradients that lead back pass, so that none dies or runs away."""
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
