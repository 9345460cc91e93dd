"""Checks of what losses make of scores: signs, hooks, and the part of each image."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.model import GAN, AdversarialLoss, discriminator_loss_of, generator_loss_of
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import BATCH, Subject, draws, losses, names, total

_WRONG = (0.5, 0.25)
"""Real scores around -0.5 and fake ones around 0.5: a discriminator that is wrong, and must be pushed back. And again
closer together, as a loss with targets for scores is flat where it meets them by chance."""
_SHAPES = ((8,), (8, 1, 2, 2))
_PLACES = {"first": 0, "middle": BATCH // 2, "last": BATCH - 1}
_CALLED = ("discriminator", "generator", "penalty", "before_step", "after_step")


def score_signs(subject: Subject) -> None:
    """The discriminator's loss falls with real and rises with fake scores, the generator's falls with fake scores."""
    found = adversarial_losses(subject.gan())
    if not found:
        skip("the recipe has no AdversarialLoss; pulls-towards-data looks at its signs")
    for loss in found:
        for shape, wrong in product(_SHAPES, _WRONG):
            _check_signs(loss, shape, wrong)


def loss_is_called(subject: Subject) -> None:
    """A recipe with an adversarial loss calls all of it: both losses, the penalty, and the hooks around a step."""
    if subject.field:
        skip("the host calls it")
    kinds = {type(loss) for loss in adversarial_losses(subject.gan())}
    if not kinds:
        skip("the recipe has no AdversarialLoss")
    called: set[str] = set()
    with ExitStack() as patches:
        for kind in kinds:
            for name in _CALLED:
                patches.enter_context(mock.patch.object(kind, name, _noting(getattr(kind, name), name, called)))
        subject.trainer(gan=subject.build()).round(0.5)
    if missing := set(_CALLED) - called:
        fail(
            f"a round never calls {names(missing)} of the adversarial loss: the loss wgan clips weights in before_step,"
            " wgan-gp adds its penalty in penalty(). Call them as ganzoo.model.AdversarialGAN does"
        )


def every_image_matters(subject: Subject) -> None:
    """A loss that depends on one real or drawn image of the batch depends on the others too: first, middle and last."""
    for what in ("real", "drawn"):
        usual = _totals(subject, what, None)
        changed = {name: _totals(subject, what, place) for name, place in _PLACES.items()}
        for step in usual:
            depends = {name: not torch.equal(usual[step], values[step]) for name, values in changed.items()}
            if any(depends.values()) and not all(depends.values()):
                seen, unseen = (next(name for name in depends if depends[name] is wanted) for wanted in (True, False))
                fail(
                    f"the loss of step '{step}' depends on the {seen} {what} image of the batch, but not on the"
                    f" {unseen} one: use all of them"
                )


def adversarial_losses(gan: GAN) -> list[AdversarialLoss]:
    """Those that the recipe holds."""
    held = [*gan.modules(), *vars(gan).values()]
    return list({id(one): one for one in held if isinstance(one, AdversarialLoss)}.values())


def _check_signs(loss: AdversarialLoss, shape: tuple[int, ...], wrong: float) -> None:
    real, fake = _scores(shape, -wrong), _scores(shape, wrong)
    of_real, of_fake = _slopes(discriminator_loss_of(loss, real, fake, _batch(len(real))), real, fake)
    where = f"real scores around {-wrong} and fake ones around {wrong}"
    _expect(of_real < 0, "discriminator's loss must fall when real scores rise", of_real, where)
    _expect(of_fake > 0, "discriminator's loss must rise when fake scores rise", of_fake, where)
    real, fake = _scores(shape, wrong), _scores(shape, -wrong)
    shown = real if loss.needs_real else None
    of_real, of_fake = _slopes(generator_loss_of(loss, fake, shown, _batch(len(fake))), real, fake)
    where = f"fake scores around {-wrong}" + (f" and real ones around {wrong}" if loss.needs_real else "")
    _expect(of_fake < 0, "generator's loss must fall when fake scores rise", of_fake, where)
    _expect(of_real >= 0, "generator's loss must not fall when real scores rise", of_real, where)


def _batch(count: int) -> Batch:
    """For losses that draw, or take means over it."""
    return Batch(torch.zeros(count, 3, 1, 1), torch.Generator().manual_seed(0))


def _scores(shape: tuple[int, ...], around: float) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    return (around + 0.1 * torch.randn(shape, generator=rng)).requires_grad_()


def _slopes(terms: Any, real: Tensor, fake: Tensor) -> tuple[float, float]:
    """How the sum of the terms changes when all real scores, or all fake scores, rise."""
    gradients = torch.autograd.grad(total(terms), (real, fake), allow_unused=True)
    return tuple(0.0 if one is None else float(one.sum()) for one in gradients)  # type: ignore[return-value]  # two


def _expect(holds: bool, what: str, slope: float, where: str) -> None:
    if not holds:
        fail(f"the {what}, as a higher score means more real; its slope is {slope:+.3g} at {where}: look at its signs")


def _noting(method: Callable[..., Any], name: str, called: set[str]) -> Callable[..., Any]:
    def noting(self: object, *arguments: object, **named: object) -> Any:
        called.add(name)
        return method(self, *arguments, **named)

    return noting


def _totals(subject: Subject, what: str, place: int | None) -> dict[str, Tensor]:
    """The loss of each step that should see such images, with the image at that place replaced by its negative."""
    gan = subject.gan()

    def changed() -> Batch:
        made = subject.batch()
        if what == "real" and place is not None:
            made.target[place] *= -1
        return made

    with _negative(gan.averaged, place if what == "drawn" else None):
        return {
            step.name: total(terms).detach()
            for step, terms in losses(gan, changed)
            if what == "drawn" or not draws(step, gan)
        }


@contextmanager
def _negative(network: nn.Module, place: int | None) -> Iterator[None]:
    """Inside, the network draws the negative of the image at that place."""

    def change(_: nn.Module, __: object, images: object) -> object:
        if place is None or not isinstance(images, Tensor) or images.dim() != 4 or len(images) != BATCH:
            return None
        sign = torch.ones(BATCH, 1, 1, 1)
        sign[place] = -1
        return images * sign

    handle = network.register_forward_hook(change)
    try:
        yield
    finally:
        handle.remove()
