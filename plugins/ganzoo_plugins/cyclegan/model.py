"""CycleGAN (Zhu et al., arXiv 1703.10593): two painters and two critics, and ways that lead back."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ganzoo import ImageShape
from ganzoo.model import Batch, Discriminator, Step, Terms, through
from ganzoo.parts import Parts
from ganzoo.translator import AdversarialTranslator, ImageGenerator, source_of
from ganzoo_plugins.cyclegan.pool import Pool

if TYPE_CHECKING:
    from ganzoo_plugins.cyclegan import CycleGANOptions


class CycleGAN(AdversarialTranslator):
    """`generator` paints photos, `back` makes photos of paintings; both are trained by one step, as are the critics."""

    options: "CycleGANOptions"

    def __init__(self, options: "CycleGANOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.back: ImageGenerator = parts.generator(shape)
        self.photo_critic: Discriminator = parts.discriminator(shape)
        self.painters = nn.ModuleList([self.generator, self.back])
        self.critics = nn.ModuleList([self.discriminator, self.photo_critic])
        self.painted_pool = Pool(options.pool, shape)
        self.photo_pool = Pool(options.pool, shape)

    def steps(self) -> Iterable[Step]:
        """Painters first, as published; the critics then judge what was painted, or older images of the pool."""
        yield Step(name="painters", trains=self.painters, loss=self._painters_loss)
        yield Step(
            name="discriminator",
            trains=self.critics,
            loss=self._critics_loss,
            before=lambda: self._for_critics(self.loss.before_step),
            after=lambda: self._for_critics(self.loss.after_step),
        )

    def _painters_loss(self, batch: Batch) -> Terms:
        photo, painting = source_of(batch), batch.target
        painted, photographed = self.generator(photo), self.back(painting)
        batch.stash(painted=painted, photographed=photographed)
        options = self.options
        identity = options.identity_weight
        terms = {
            **self._won("painted", self.discriminator, painted, painting, batch),
            **self._won("photo", self.photo_critic, photographed, photo, batch),
            "cycle photo": options.cycle * l1_loss(self.back(painted), photo),
            "cycle painting": options.cycle * l1_loss(self.generator(photographed), painting),
            **self.extra_terms(batch, painted),
        }
        if identity:
            terms["identity painting"] = identity * l1_loss(self.generator(painting), painting)
            terms["identity photo"] = identity * l1_loss(self.back(photo), photo)
        return terms

    def _won(self, name: str, critic: Discriminator, fake: Tensor, real: Tensor, batch: Batch) -> Terms:
        judge = through(self.augment, critic, batch.rng)
        scores = self.loss.generator(judge(fake), judge(real) if self.loss.needs_real else None)
        return {f"{name} {key}": self.options.adversarial * term for key, term in scores.items()}

    def _critics_loss(self, batch: Batch) -> Terms:
        painted = self.painted_pool(batch.unstash("painted", lambda: self.generator(source_of(batch))), batch)
        photographed = self.photo_pool(batch.unstash("photographed", lambda: self.back(batch.target)), batch)
        return {
            **self._told("painting", self.discriminator, batch.target, painted, batch),
            **self._told("photo", self.photo_critic, source_of(batch), photographed, batch),
        }

    def _for_critics(self, action: Callable[[Discriminator], None]) -> None:
        for critic in (self.discriminator, self.photo_critic):
            action(critic)

    def _told(self, name: str, critic: Discriminator, real: Tensor, fake: Tensor, batch: Batch) -> Terms:
        judge = through(self.augment, critic, batch.rng)
        real_scores, fake_scores = judge(real), judge(fake)
        batch.record(f"D({name})", real_scores.mean())
        batch.record(f"D(fake {name})", fake_scores.mean())
        terms = {
            **self.loss.discriminator(real_scores, fake_scores),
            **self.loss.penalty(judge, batch.with_target(real), fake),
        }
        return {f"{name} {key}": term for key, term in terms.items()}
