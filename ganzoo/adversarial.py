"""Interfaces of the parts of an adversarial recipe: networks, losses, regularisers and augmentations.

Import them from `ganzoo.model`, which is the public module.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch, alike
from ganzoo.options import Options
from ganzoo.specs import ImageShape, Task

Terms = Mapping[str, Tensor]
"""Named scalars that add up to a loss."""
_PICTURE = 3
"""Channels of one picture."""


@dataclass(frozen=True, kw_only=True)
class LabelRows:
    """A tensor with a row for each value of each label attribute, in their order, behind `before` other rows.

    A run that starts from trained weights takes such rows by the names of the labels. A label that is new starts from
    the mean of the rows, or from the first of those before them; from 0 if the rows are `counts`.
    """

    before: int = 0
    counts: bool = False


class Labelled:
    """A module of which some tensors have a row for each label: `label_rows` names them."""

    label_rows: Mapping[str, LabelRows] = {}


class Generator(nn.Module, ABC):
    """Network that draws images. It is built as `TheClass(options, shape=ImageShape)`."""

    task: Task = "generate"
    """What its recipes do: it does not fit one that translates."""
    latent: int
    """Length of the latent vector."""
    conditional: bool = False
    """Whether the label changes what is drawn."""
    styled: bool = False
    """Whether the generator has style vectors, as StyleGAN: `forward` is `synthesis(mapping(latent, label))`.

    The buffer `mean_style` then holds the running mean of the style vectors.
    """
    truncation: float = 1.0
    """Truncation psi of a `styled` generator: mean_style + truncation * (style - mean_style); 1 turns it off."""

    @abstractmethod
    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Latents B x latent, labels int64 B A (a column for each attribute) -> images B C H W in [-1, 1].

        Between labels, as walks and projections need them, `label` is float B V: a weight for each value of each
        attribute, as in `ganzoo.layers.LabelTable`.
        """


class Discriminator(nn.Module, ABC):
    """Network that scores images. It is built as `TheClass(options, shape=ImageShape)`."""

    conditional: bool = False
    """Whether the score says how well an image fits its label."""

    @abstractmethod
    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Images B C H W in [-1, 1], labels int64 B A -> scores B, or a map B x ... of scores; higher is more real."""

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        """Extra terms of the discriminator's loss, computed from real images after augmentation; none by default.

        For example the error of decoders that reconstruct the images from its features (arXiv 2101.04775, eq. 4).
        """
        return {}


class AdversarialLoss(ABC):
    """What the discriminator and the generator minimise. It is built as `TheClass(options)`.

    A loss that keeps something from step to step is also an `nn.Module` and keeps it in buffers, so that checkpoints
    hold it. `discriminator` and `generator` may take one more argument, `batch: Batch | None = None`: its `rng` for
    random numbers, its `mean` for a mean over the images of all processes.
    """

    needs_real = False
    """Whether the generator's loss compares with scores of real images; they are computed only then."""
    scores_are_logits = False
    """Whether the sigmoid of a score is a probability; logs and the live view then show probabilities."""

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """Loss of the discriminator from its scores of real and fake images."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """Loss of the generator from the scores of its images; `real` is None unless `needs_real`."""

    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        """Terms for which the discriminator is called again, such as a gradient penalty; none by default.

        `batch.target` are the real images, `fake` the generated ones, B C H W and detached. `discriminator` augments
        what it receives.
        """
        return {}

    def before_step(self, discriminator: Discriminator) -> None:  # noqa: B027  # optional on purpose
        """Called before each step of the discriminator, for example to clip its weights."""

    def after_step(self, discriminator: Discriminator) -> None:  # noqa: B027
        """Called after each step of the discriminator."""


def discriminator_loss_of(loss: AdversarialLoss, real: Tensor, fake: Tensor, batch: Batch) -> Terms:
    """The loss of the discriminator from its scores; the batch goes to a loss that takes it."""
    return loss.discriminator(real, fake, **_asked(loss.discriminator, batch))


def generator_loss_of(loss: AdversarialLoss, fake: Tensor, real: Tensor | None, batch: Batch) -> Terms:
    """The loss of the generator from the scores of its images; the batch goes to a loss that takes it."""
    return loss.generator(fake, real, **_asked(loss.generator, batch))


def _asked(method: Callable[..., Terms], batch: Batch) -> dict[str, Any]:
    return {"batch": batch} if "batch" in signature(method).parameters else {}


@dataclass(frozen=True, kw_only=True)
class CriticOutputs:
    """The results of the discriminator's step so far, from which a `Regulariser` computes its term.

    `batch.target` are the real images, `fake` the generated ones, detached.
    `discriminator` augments the images that it receives.
    """

    discriminator: Discriminator
    batch: Batch
    fake: Tensor
    real_scores: Tensor
    """Scores of the real images, with gradients."""
    fake_scores: Tensor
    """Scores of the generated images, with gradients."""


class Regulariser(nn.Module, ABC):
    """A term added to the discriminator's loss, whatever that loss is. It is built as `TheClass(options)`.

    What it keeps from step to step lives in buffers, so that checkpoints hold it.
    """

    every: int = 1
    """The term is computed in every `every`-th round and multiplied by `every` (lazy regularisation, 1912.04958)."""

    @abstractmethod
    def forward(self, outputs: CriticOutputs) -> Tensor:
        """The weighted term, a scalar."""


class Augmentation(nn.Module, ABC):
    """Changes images at random. It is built as `TheClass(options, shape=ImageShape)`.

    What it learns during training lives in buffers, so that checkpoints hold it. A photo and its painting are changed
    in two calls with the same random numbers. Where images are moved, and to where, therefore depends on `rng` and on
    the number of images, not on what they show.
    """

    margin: float = 1.0
    """How much larger than `shape` images are read from the data on each side, so that a crop needs no enlarging.

    It applies to the option `augment_data` only. An augmentation before the discriminator receives images of `shape`.
    """

    @abstractmethod
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Images B C H' W' in [-1, 1] -> B C H W of `shape`; all randomness comes from `rng`, a generator on the CPU.

        Differentiable: it must not clamp, since a clamp passes no gradient outside of [-1, 1]. With `augment_data` the
        engine clamps the result.
        """

    def observe(self, real_scores: Tensor) -> None:  # optional on purpose
        """Called with the scores of real images, detached, after each loss of the discriminator that it augments."""

    def recorded(self) -> Mapping[str, Tensor]:
        """Scalars for the logs, such as a probability that adapts; none by default."""
        return {}


class NoAugmentation(Augmentation):
    """Leaves images as they are."""

    def __init__(self, options: Options, *, shape: ImageShape) -> None:
        super().__init__()

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """The very same images."""
        return images


def augmented(augment: Augmentation, discriminator: Discriminator, rng: torch.Generator) -> Discriminator:
    """The discriminator behind the augmentation; itself without augmentation."""
    return discriminator if isinstance(augment, NoAugmentation) else AugmentedDiscriminator(discriminator, augment, rng)


class AugmentedDiscriminator(Discriminator):
    """D(T(x)), where each call draws T anew. T computes in full precision, since half precision would shift pixels."""

    def __init__(self, discriminator: Discriminator, augment: Augmentation, rng: torch.Generator) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.augment = augment
        self.rng = rng

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores of the augmented images."""
        scores: Tensor = self.discriminator(self._augmented(images), label)
        return scores

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        """The terms of the discriminator, from augmented images."""
        # What an augmentation draws changes all later random numbers, so without terms nothing is augmented.
        own = type(self.discriminator).auxiliary is not Discriminator.auxiliary
        return self.discriminator.auxiliary(self._augmented(images), rng) if own else {}

    def _augmented(self, images: Tensor) -> Tensor:
        """Changed images; pictures that are stacked in the channels of one image are changed alike."""
        channels = images.shape[1]
        size = _PICTURE if channels % _PICTURE == 0 else channels
        with torch.autocast(images.device.type, enabled=False):
            changed = alike(self.augment, torch.split(images.float(), size, dim=1), self.rng)
            return changed[0] if len(changed) == 1 else torch.cat(changed, dim=1)
