"""CycleGAN (Zhu et al., arXiv 1703.10593): two generators, two critics, and a loss for going there and back."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ganzoo import ImageShape
from ganzoo.model import Batch, Critic, Discriminator, Step, Terms
from ganzoo.parts import Parts
from ganzoo.translator import AdversarialTranslator, ImageGenerator, source_of
from ganzoo_plugins.cyclegan.pool import Pool

if TYPE_CHECKING:
    from ganzoo_plugins.cyclegan import CycleGANOptions


class CycleGAN(AdversarialTranslator):
    """`generator` turns photos into paintings, `back` paintings into photos.

    One step trains both generators, one both critics. D(real) and D(fake) are of the critic of paintings, D(real photo)
    and D(fake photo) of the critic of photos. The adaptive augmentation follows both.
    """

    options: "CycleGANOptions"

    def __init__(self, options: "CycleGANOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.back: ImageGenerator = parts.generator(shape)
        self.photo_critic: Discriminator = parts.discriminator(shape)
        self.photo_regularisers = self.build_regularisers(parts)
        # Names of checkpoints: both generators, both critics.
        self.painters = nn.ModuleList([self.generator, self.back])
        self.critics = nn.ModuleList([self.discriminator, self.photo_critic])
        self.painted_pool = Pool(options.pool, shape)
        self.photo_pool = Pool(options.pool, shape)

    @property
    def trained_modules(self) -> nn.Module:
        """Both generators."""
        return self.painters

    @property
    def of_photos(self) -> Critic:
        """The critic of photos."""
        return Critic(discriminator=self.photo_critic, regularisers=self.photo_regularisers, name="photo")

    def steps(self) -> Iterable[Step]:
        """Generators first, as published; the critics then see what was generated, or older images of the pool."""
        yield Step(name="painters", trains=self.trained_modules, loss=self.generator_loss)
        yield Step(
            name="discriminator",
            trains=self.critics,
            loss=self.discriminator_loss,
            repeat=self.options.critic_steps_at,
            before=lambda: self._for_critics(self.loss.before_step),
            after=lambda: self._for_critics(self.loss.after_step),
        )

    def generator_loss(self, batch: Batch) -> Terms:
        """The adversarial loss of both generators, both cycles, `extra_terms`, and identity unless its weight is 0."""
        photo, painting = source_of(batch), batch.target
        translated, photographed = self.generator(photo), self.back(painting)
        batch.stash(translated=translated, photographed=photographed)
        options = self.options
        identity = options.identity_weight
        terms = {
            **self._weighted("painted", self.generator_terms(_with_real(batch, painting), translated)),
            **self._weighted("photo", self.generator_terms(_with_real(batch, photo), photographed, self.of_photos)),
            "cycle photo": options.cycle * l1_loss(self.back(translated), photo),
            "cycle painting": options.cycle * l1_loss(self.generator(photographed), painting),
            **self.extra_terms(batch, translated),
        }
        if identity:
            terms["identity painting"] = identity * l1_loss(self.generator(painting), painting)
            terms["identity photo"] = identity * l1_loss(self.back(photo), photo)
        return terms

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The terms of both critics."""
        photo, painting = source_of(batch), batch.target
        translated = self.painted_pool(batch.unstash("translated", lambda: self.generator(photo)), batch)
        photographed = self.photo_pool(batch.unstash("photographed", lambda: self.back(painting)), batch)
        return {
            **_prefixed("painting", self.discriminator_terms(_with_real(batch, painting), translated)),
            **_prefixed("photo", self.discriminator_terms(_with_real(batch, photo), photographed, self.of_photos)),
        }

    def _weighted(self, name: str, terms: Terms) -> Terms:
        return _prefixed(name, {key: self.options.adversarial * term for key, term in terms.items()})

    def _for_critics(self, action: Callable[[Discriminator], None]) -> None:
        for critic in (self.discriminator, self.photo_critic):
            action(critic)


def _prefixed(prefix: str, terms: Terms) -> Terms:
    return {f"{prefix} {key}": term for key, term in terms.items()}


def _with_real(batch: Batch, real: Tensor) -> Batch:
    return batch.with_target(real, label=None)
