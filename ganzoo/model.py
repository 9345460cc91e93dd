"""The interface of recipes, and the recipe that draws images from noise.

A recipe says what is optimised. Optimisers, freezing, averaging, precision and checkpoints belong to the engine. The
interfaces of a recipe's parts are written in `ganzoo/adversarial.py`; import them from here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from ganzoo.adversarial import (
    AdversarialLoss,
    Augmentation,
    CriticOutputs,
    Discriminator,
    Generator,
    Labelled,
    LabelRows,
    NoAugmentation,
    Regulariser,
    Terms,
    augmented,
    discriminator_loss_of,
    generator_loss_of,
)
from ganzoo.batch import Batch
from ganzoo.deprecated import MODEL, adopt_old_names, keep_old_names, warn
from ganzoo.options import AdversarialOptions, AdversarialTranslatorOptions, split_names
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape

__all__ = [
    "GAN",
    "AdversarialGAN",
    "AdversarialLoss",
    "AdversarialRecipe",
    "Augmentation",
    "Batch",
    "Critic",
    "CriticOutputs",
    "Discriminator",
    "Generator",
    "LabelRows",
    "Labelled",
    "NoAugmentation",
    "Regulariser",
    "Step",
    "Terms",
    "discriminator_loss_of",
    "generator_loss_of",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One update: the engine computes the sum of `loss(batch)` and updates the parameters of `trains`.

    `repeat` is a number of repetitions, or a function from the number of the round (from 0) to one. The first
    repetition uses the batch of the step before, each further one draws its own. The step takes part in every
    `every`-th round. `before` and `after` are called around each repetition, without gradients.
    """

    name: str
    """Its name in logs: "discriminator" gives discriminator.real; unique in the recipe."""
    trains: nn.Module
    loss: Callable[[Batch], Terms]
    repeat: int | Callable[[int], int] = 1
    every: int = 1
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None

    def repetitions(self, round_number: int) -> int:
        """Repetitions in that round, 0 when the step is not part of it."""
        if round_number % self.every:
            return 0
        return self.repeat(round_number) if callable(self.repeat) else self.repeat


class GAN(nn.Module, ABC):
    """A trainable recipe. A model's target is called as `target(options, shape=ImageShape, parts=Parts)`."""

    averaged: nn.Module
    """The network that `forward` draws with; the engine keeps the moving average of its weights."""
    conditional: bool = False
    """Whether the label changes what is drawn."""
    balanced: bool = False
    """Whether each label, or combination of labels, comes equally often, however many images it has."""
    paired: bool = False
    """Whether each source image belongs to the target image at its place, as a translator of pairs needs it."""
    records_probabilities: bool = False
    """Whether D(real) and D(fake), if the recipe records them, are probabilities; plain scores otherwise."""
    channels_last: bool = True
    """Whether a CPU is faster with channels last in memory; other devices always get that order."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        adopt_old_names(cls)

    def layout(self, device: torch.device) -> torch.memory_format:
        """The memory order of networks and images on that device."""
        first = device.type == "cpu" and not self.channels_last
        return torch.contiguous_format if first else torch.channels_last

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """Images B C H W in [-1, 1], as users are to see them."""

    @abstractmethod
    def steps(self) -> Iterable[Step]:
        """The steps of one round, in order."""

    @abstractmethod
    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """A new optimiser over the parameters of `step.trains`."""

    def rate(self, progress: float) -> float:
        """Factor of all learning rates, given the part of the budget that is used up; 1 throughout by default."""
        return 1.0

    def betas(self, progress: float) -> tuple[float, float] | None:
        """Betas of every Adam, given the part of the budget that is used up; None leaves them as they were built."""
        return None


@dataclass(frozen=True, kw_only=True)
class Critic:
    """A discriminator and its regularisers. A recipe with several critics gives all but the first a `name`."""

    discriminator: Discriminator
    """The network."""
    regularisers: nn.ModuleDict
    """Regularisers by name, with a state of their own for this critic."""
    name: str = ""
    """Part of the names of its scalars: D(real photo) is of the critic "photo"."""


@keep_old_names
class AdversarialRecipe(GAN):
    """What all recipes with an adversarial loss share: their steps, and the terms of both losses.

    A subclass sets `generator` and `discriminator`, then calls `build_losses`; it computes `discriminator_loss` and
    `generator_loss` with the help of `discriminator_terms` and `generator_terms`. Every discriminator sees images, real
    or fake, through the augmentation, each time drawn anew.
    """

    options: AdversarialOptions | AdversarialTranslatorOptions
    """The model's options."""
    generator: nn.Module
    discriminator: Discriminator
    loss: AdversarialLoss
    """The adversarial loss."""
    regularisers: nn.ModuleDict
    """Those of the option `regularise`, by name."""
    augment: Augmentation
    """What changes images before the discriminator sees them."""

    def build_losses(self, parts: Parts, shape: ImageShape) -> None:
        """Builds the loss, the regularisers and the augmentation that the options name."""
        self.loss = parts.build("loss")
        self.records_probabilities = self.loss.scores_are_logits
        self.regularisers = self.build_regularisers(parts)
        self.augment = parts.build("augment", shape=shape)

    def build_regularisers(self, parts: Parts) -> nn.ModuleDict:
        """The regularisers that the option `regularise` names, a set of their own for each critic."""
        return nn.ModuleDict(parts.several(split_names(self.options.regularise)))

    @abstractmethod
    def discriminator_loss(self, batch: Batch) -> Terms:
        """Terms of the discriminator's loss."""

    @abstractmethod
    def generator_loss(self, batch: Batch) -> Terms:
        """Terms of the generator's loss."""

    @property
    def trained_modules(self) -> nn.Module:
        """What the generator's step trains; `generator` by default."""
        return self.generator

    @property
    def main_critic(self) -> Critic:
        """The discriminator with its regularisers."""
        return Critic(discriminator=self.discriminator, regularisers=self.regularisers)

    def steps(self) -> Iterable[Step]:
        """Discriminator first, then generator; both use the same generated images, computed once."""
        yield Step(
            name="discriminator",
            trains=self.discriminator,
            loss=self.discriminator_loss,
            repeat=self.options.critic_steps_at,
            before=lambda: self.loss.before_step(self.discriminator),
            after=lambda: self.loss.after_step(self.discriminator),
        )
        yield Step(name="generator", trains=self.trained_modules, loss=self.generator_loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """The optimiser that the options name, Adam where they name none; in the fused form where there is one."""
        options = self.options
        lr = options.lr_discriminator if step.name == "discriminator" and options.lr_discriminator else options.lr
        if isinstance(options, AdversarialOptions) and options.optimiser == "rmsprop":
            return torch.optim.RMSprop(step.trains.parameters(), lr, alpha=options.beta2)
        return torch.optim.Adam(step.trains.parameters(), lr, betas=(options.beta1, options.beta2), fused=True)

    def augmented_discriminator(self, batch: Batch, critic: Critic | None = None) -> Discriminator:
        """The discriminator behind the augmentation, as losses and penalties see it; itself without augmentation."""
        return augmented(self.augment, (critic or self.main_critic).discriminator, batch.rng)

    def run_discriminator(
        self, images: Tensor, label: Tensor | None, batch: Batch, critic: Critic | None = None
    ) -> Tensor:
        """Scores of images B C H W behind the augmentation, which draws from the batch's generator."""
        scores: Tensor = self.augmented_discriminator(batch, critic)(images, label)
        return scores

    def discriminator_terms(self, batch: Batch, fake: Tensor, critic: Critic | None = None) -> Terms:
        """All terms that train a discriminator; D(real), D(fake) and the augmentation's scalars go to the logs.

        `batch.target` (with `batch.label`) and `fake` are real and fake images as the discriminator receives them.
        """
        critic = critic or self.main_critic
        discriminator = self.augmented_discriminator(batch, critic)
        real_scores = discriminator(batch.target, batch.label)
        fake_scores = discriminator(fake, batch.label)
        of = f" {critic.name}" if critic.name else ""
        batch.record(f"D(real{of})", self._recorded(real_scores))
        batch.record(f"D(fake{of})", self._recorded(fake_scores))
        outputs = CriticOutputs(
            discriminator=discriminator, batch=batch, fake=fake, real_scores=real_scores, fake_scores=fake_scores
        )
        terms = {
            **discriminator_loss_of(self.loss, real_scores, fake_scores, batch),
            **self.loss.penalty(discriminator, batch, fake),
            **self.regularisation(outputs, critic),
            **discriminator.auxiliary(batch.target, batch.rng),
        }
        self.augment.observe(real_scores.detach())
        for name, value in self.augment.recorded().items():
            batch.record(name, value)
        return terms

    def generator_terms(self, batch: Batch, fake: Tensor, critic: Critic | None = None) -> Terms:
        """The adversarial terms of the generator; arguments as for `discriminator_terms`."""
        fake_scores = self.run_discriminator(fake, batch.label, batch, critic)
        needed = self.loss.needs_real
        real_scores = self.run_discriminator(batch.target, batch.label, batch, critic) if needed else None
        return generator_loss_of(self.loss, fake_scores, real_scores, batch)

    def regularisation(self, outputs: CriticOutputs, critic: Critic) -> Terms:
        """The terms of the critic's regularisers that are due in this round."""
        chosen = cast("Mapping[str, Regulariser]", critic.regularisers)
        due = {name: one for name, one in chosen.items() if outputs.batch.number % one.every == 0}
        return {name: one.every * one(outputs) for name, one in due.items()}

    def _recorded(self, scores: Tensor) -> Tensor:
        scores = scores.detach()
        return (scores.sigmoid() if self.loss.scores_are_logits else scores).mean()


class AdversarialGAN(AdversarialRecipe):
    """The recipe for noise to image: a generator, a discriminator and an adversarial loss, each a part.

    Where one of the networks does not use labels the other gets none: what it drew for them would mean nothing.
    """

    options: AdversarialOptions
    generator: Generator

    def __init__(self, options: AdversarialOptions, *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.options = options
        self.generator, self.discriminator = _networks(parts, shape)
        self.build_losses(parts, shape)
        self.averaged = self.generator
        self.conditional = self.generator.conditional

    def forward(self, batch: Batch) -> Tensor:
        """Images drawn from the noise of the batch."""
        images: Tensor = self.generator(batch.noise(self.generator.latent), batch.label)
        return images

    def fake(self, batch: Batch) -> Tensor:
        """The same, computed once for all steps between which the generator is not trained."""
        return batch.shared("fake", self.generator, lambda: self(batch))

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The adversarial loss, its penalty, the regularisers and what the discriminator adds."""
        return self.discriminator_terms(batch, self.fake(batch).detach())

    def generator_loss(self, batch: Batch) -> Terms:
        """The adversarial loss."""
        return self.generator_terms(batch, self.fake(batch))


def __getattr__(name: str) -> Any:
    if name not in MODEL:
        raise AttributeError(f"module 'ganzoo.model' has no attribute {name!r}")
    now, instead = MODEL[name]
    warn(f"ganzoo.model.{name}", instead)
    return globals()[now]


def _networks(parts: Parts, shape: ImageShape) -> tuple[Generator, Discriminator]:
    generator, discriminator = parts.generator(shape), parts.discriminator(shape)
    if generator.conditional != discriminator.conditional:
        plain = replace(shape, attributes={})
        generator, discriminator = parts.generator(plain), parts.discriminator(plain)
    return generator, discriminator
