"""The interfaces of recipes: networks, adversarial losses, steps and the GAN itself.

A recipe says what is optimised. Optimisers, freezing, averaging, precision and checkpoints belong to the engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.options import AdversarialOptions, Options, split_names
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape

__all__ = [
    "GAN",
    "AdversarialGAN",
    "AdversarialLoss",
    "Augmentation",
    "Batch",
    "Discriminator",
    "Generator",
    "Judged",
    "NoAugmentation",
    "Regulariser",
    "Step",
    "Terms",
]

Terms = Mapping[str, Tensor]
"""Named scalars that add up to a loss."""


class Generator(nn.Module, ABC):
    """Network that draws images. A part's target is called as `target(options, shape=ImageShape)`."""

    latent: int
    """Length of the latent vector."""
    conditional: bool = False
    """Whether the label changes what is drawn."""
    styled: bool = False
    """Whether it draws by way of style vectors: `synthesis(mapping(latent, label))`, with `mean_style` of latents."""
    truncation: float = 1.0
    """For one that is `styled`: how far from `mean_style` styles are, 0 at it; below 1 safer and less varied."""

    @abstractmethod
    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Latents B x latent, labels int64 B A -> images B C H W in [-1, 1].

        Walks and projections give mixtures instead of labels, B V with a weight for each value, as `LabelTable` takes.
        """


class Discriminator(nn.Module, ABC):
    """Network that scores images. A part's target is called as `target(options, shape=ImageShape)`."""

    conditional: bool = False
    """Whether it judges how well an image fits its label."""

    @abstractmethod
    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Images B C H W in [-1, 1], labels int64 B A -> scores of any shape beyond B, higher is more real."""

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        """Terms of its own loss beside the game, from real images as it sees them; none by default.

        Such as redrawing them from its features (arXiv 2101.04775, eq. 4). Models that draw from noise add them.
        """
        return {}


class AdversarialLoss(ABC):
    """The game between the two players. A part's target is called as `target(options)`.

    One that keeps something from step to step is an `nn.Module` too and keeps it in buffers, for checkpoints to hold.
    """

    needs_real = False
    """Whether the generator's loss compares with the scores of real images; only then are they computed."""
    scores_are_logits = False
    """Whether the sigmoid of a score is a probability, which the live view then shows."""

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """Loss of the discriminator from its scores of real and fake images."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """Loss of the generator from the scores of its images; `real` is None unless `needs_real`."""

    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        """Terms that look into the discriminator, such as a gradient penalty; none by default."""
        return {}

    def before_step(self, discriminator: Discriminator) -> None:  # noqa: B027  # optional on purpose
        """Called before each step of the discriminator, such as to clip its weights."""

    def after_step(self, discriminator: Discriminator) -> None:  # noqa: B027
        """Called after each step of the discriminator."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a step of the discriminator has computed: `fake` without gradients, scores with them."""

    discriminator: Discriminator
    batch: Batch
    fake: Tensor
    real_scores: Tensor
    fake_scores: Tensor


class Regulariser(nn.Module, ABC):
    """An extra term of the discriminator's loss, beside any game. A part's target is called as `target(options)`.

    What it keeps from step to step lives in buffers, for checkpoints to hold.
    """

    every: int = 1
    """Rounds from one use to the next; the term then counts so many times, as in lazy regularisation (1912.04958)."""

    @abstractmethod
    def forward(self, judged: Judged) -> Tensor:
        """The weighted term, a scalar."""


class Augmentation(nn.Module, ABC):
    """Changes images at random. A part's target is called as `target(options, shape=ImageShape)`.

    What it learns while training lives in buffers, so that checkpoints hold it.
    """

    margin: float = 1.0
    """Pictures are read this many times larger than `shape` on each side, so that a crop needs no enlarging; a
    discriminator's inputs come as they are."""

    @abstractmethod
    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Images B C H' W' in [-1, 1] -> B C H W of `shape`, changed by nothing but `rng`, a generator on the CPU.

        Differentiable. Values may leave [-1, 1], since cutting them off would cut gradients off; images that are
        changed as they are drawn from the data are brought back by the engine.
        """

    def observe(self, real_scores: Tensor) -> None:  # optional on purpose
        """Called with the scores of real images, detached, after each loss of the discriminator that it changes."""

    def recorded(self) -> Mapping[str, Tensor]:
        """Scalars for the logs, such as a probability that is steered; none by default."""
        return {}


class NoAugmentation(Augmentation):
    """Leaves images as they are."""

    def __init__(self, options: Options, *, shape: ImageShape) -> None:
        super().__init__()

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """The very same images."""
        return images


@dataclass(frozen=True, kw_only=True)
class Step:
    """One player's move: the engine computes the sum of `loss(batch)` and updates the parameters of `trains`.

    `repeat` is a number of repetitions, or a function from the number of the round (from 0) to one; the first
    repetition goes on with the batch of the step before, each further one draws its own. The step takes part in every
    `every`-th round. `before` and `after` are called around each repetition, without gradients.
    """

    name: str
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
    """Whether images of each label, or combination of labels, come equally often, however many there are of each."""
    paired: bool = False
    """Whether each source image belongs to the target image at its place, as a translator of pairs needs it."""
    records_probabilities: bool = False
    """Whether D(real) and D(fake), if it records them, are probabilities and not just scores."""
    channels_last: bool = True
    """Whether a CPU is faster with channels last in memory; other devices always get them so."""

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
        """Factor of all learning rates when that part of the budget is used up; 1 throughout by default."""
        return 1.0


class AdversarialGAN(GAN):
    """The recipe for noise to image: a generator, a discriminator and an adversarial loss, each a part.

    The discriminator sees every image, real or fake, through the augmentation, each time drawn anew. Where one of the
    networks does not use labels the other gets none: what it drew for them, or asked of them, would mean nothing.
    """

    def __init__(self, options: AdversarialOptions, *, shape: ImageShape, parts: Parts) -> None:
        super().__init__()
        self.options = options
        self.generator, self.discriminator = _players(parts, shape)
        self.loss: AdversarialLoss = parts.build("loss")
        self.records_probabilities = self.loss.scores_are_logits
        self.regularisers = nn.ModuleDict(parts.several(split_names(options.regularise)))
        self.augment: Augmentation = parts.build("augment", shape=shape)
        self.averaged = self.generator
        self.conditional = self.generator.conditional

    def forward(self, batch: Batch) -> Tensor:
        """Images drawn from the noise of the batch."""
        images: Tensor = self.generator(batch.noise(self.generator.latent), batch.label)
        return images

    def steps(self) -> Iterable[Step]:
        """Discriminator first, then generator, which goes on with the images that the discriminator has just seen."""
        yield Step(
            name="discriminator",
            trains=self.discriminator,
            loss=self._discriminator_loss,
            repeat=self.options.critic_steps_at,
            before=lambda: self.loss.before_step(self.discriminator),
            after=lambda: self.loss.after_step(self.discriminator),
        )
        yield Step(name="generator", trains=self.generator, loss=self._generator_loss)

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        """The optimiser that the options name."""
        return build_optimiser(self.options, step)

    def _fake(self, batch: Batch) -> Tensor:
        return batch.shared("fake", self.generator, lambda: self(batch))

    def _judge(self, batch: Batch) -> Discriminator:
        """The discriminator as losses and penalties see it."""
        return through(self.augment, self.discriminator, batch.rng)

    def _discriminator_loss(self, batch: Batch) -> Terms:
        judge = self._judge(batch)
        fake = self._fake(batch).detach()
        real_scores = judge(batch.target, batch.label)
        fake_scores = judge(fake, batch.label)
        batch.record("D(real)", self._shown(real_scores))
        batch.record("D(fake)", self._shown(fake_scores))
        terms = {**self.loss.discriminator(real_scores, fake_scores), **self.loss.penalty(judge, batch, fake)}
        judged = Judged(discriminator=judge, batch=batch, fake=fake, real_scores=real_scores, fake_scores=fake_scores)
        terms |= self._regularised(judged) | dict(judge.auxiliary(batch.target, batch.rng))
        self.augment.observe(real_scores.detach())
        for name, value in self.augment.recorded().items():
            batch.record(name, value)
        return terms

    def _regularised(self, judged: Judged) -> dict[str, Tensor]:
        chosen = cast("Mapping[str, Regulariser]", self.regularisers)
        return {name: one.every * one(judged) for name, one in chosen.items() if judged.batch.number % one.every == 0}

    def _generator_loss(self, batch: Batch) -> Terms:
        judge = self._judge(batch)
        fake_scores = judge(self._fake(batch), batch.label)
        real_scores = judge(batch.target, batch.label) if self.loss.needs_real else None
        return self.loss.generator(fake_scores, real_scores)

    def _shown(self, scores: Tensor) -> Tensor:
        scores = scores.detach()
        return (scores.sigmoid() if self.loss.scores_are_logits else scores).mean()


def _players(parts: Parts, shape: ImageShape) -> tuple[Generator, Discriminator]:
    generator, discriminator = parts.generator(shape), parts.discriminator(shape)
    if generator.conditional != discriminator.conditional:
        plain = replace(shape, attributes={})
        generator, discriminator = parts.generator(plain), parts.discriminator(plain)
    return generator, discriminator


def through(augment: Augmentation, discriminator: Discriminator, rng: torch.Generator) -> Discriminator:
    """The discriminator as it sees augmented images, each time drawn anew; itself where nothing is augmented."""
    return discriminator if isinstance(augment, NoAugmentation) else _Augmented(discriminator, augment, rng)


class _Augmented(Discriminator):
    """D(T(x)), drawn anew at each call; T computes in full precision, where half would shift pixels."""

    def __init__(self, discriminator: Discriminator, augment: Augmentation, rng: torch.Generator) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.augment = augment
        self.rng = rng

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        scores: Tensor = self.discriminator(self._seen(images), label)
        return scores

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        # Nothing is drawn for a discriminator without terms of its own.
        own = type(self.discriminator).auxiliary is not Discriminator.auxiliary
        return self.discriminator.auxiliary(self._seen(images), rng) if own else {}

    def _seen(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, enabled=False):
            return self.augment(images.float(), self.rng)  # type: ignore[no-any-return]  # a module's call


def build_optimiser(options: AdversarialOptions, step: Step) -> torch.optim.Optimizer:
    """Adam or RMSProp with the options' rates, in the fused form where there is one."""
    lr = options.lr_discriminator if step.name == "discriminator" and options.lr_discriminator else options.lr
    if options.optimiser == "rmsprop":
        return torch.optim.RMSprop(step.trains.parameters(), lr, alpha=options.beta2)
    return torch.optim.Adam(step.trains.parameters(), lr, betas=(options.beta1, options.beta2), fused=True)
