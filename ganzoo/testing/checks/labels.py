"""Checks of labels: each attribute matters, mixtures work, and penalties see them too."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.errors import one_line
from ganzoo.model import GAN, Discriminator
from ganzoo.testing.checks.outputs import differs, disturb, draw
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import ATTRIBUTES, Subject, draws, losses, steps_of


def label_as_declared(subject: Subject) -> None:
    """A model that is `conditional` draws other images for another value of each attribute; any other does not."""
    gan = subject.gan().eval()
    plain = draw(gan, subject.batch())
    for place, (attribute, values) in enumerate(ATTRIBUTES.items()):
        batch = subject.batch()
        assert batch.label is not None
        batch.label[:, place] = (batch.label[:, place] + 1) % len(values)
        same = torch.equal(plain, draw(gan, batch))
        if gan.conditional and same:
            fail(
                f"`conditional` is True, but another value of the attribute '{attribute}' (number {place + 1} of"
                f" {len(ATTRIBUTES)}) gives the same images: that column of the labels is not used"
            )
        if not gan.conditional and not same:
            fail("another label gives other images: set `conditional = True`, which users see")


def label_mixtures(subject: Subject) -> None:
    """A conditional model that draws from noise takes mixtures of labels, which `ganzoo walk` goes through."""
    gan = subject.gan().eval()
    if subject.task == "translate" or not gan.conditional:
        skip("no walk goes through labels of this model")
    batch = subject.batch()
    assert batch.label is not None
    plain = draw(gan, batch)
    columns = zip(batch.label.T, ATTRIBUTES.values(), strict=True)
    whole = torch.cat([functional.one_hot(column, len(values)) for column, values in columns], dim=1).float()
    for label, what in ((whole, "whole labels"), (whole.roll(1, 0).lerp(whole, 0.5), "halves")):
        mixed = subject.batch()
        mixed.label = label
        try:
            images = draw(gan, mixed)
        except Exception as error:
            fail(
                f"labels as float B V, {what} of the values of all attributes, end in {one_line(error)}: walks between"
                " labels use them; ganzoo.layers.LabelTable takes both kinds"
            )
        if not bool(torch.isfinite(images).all()):
            fail(f"labels as float B V, {what}, give images that are not finite")
        if what == "whole labels" and differs(images, plain, plain):
            fail("a label as float B V, 1 at its values, gives another image than the same label as a number")


def critics_use_labels(subject: Subject) -> None:
    """A discriminator that is `conditional` scores an image otherwise for another value of each attribute."""
    gan = subject.gan()
    seen = _images_of(gan, subject)
    if not any(critic.conditional for critic in seen):
        skip("no discriminator uses labels")
    label = subject.batch().label
    assert label is not None
    for critic, images in seen.items():
        disturb(critic.parameters())  # tables of labels may start at zero
        usual = critic(images, label)
        for place, (attribute, values) in enumerate(ATTRIBUTES.items()):
            other = label.clone()
            other[:, place] = (other[:, place] + 1) % len(values)
            if critic.conditional and torch.equal(usual, critic(images, other)):
                fail(
                    f"{type(critic).__name__}.conditional is True, but another value of the attribute '{attribute}'"
                    f" (number {place + 1} of {len(ATTRIBUTES)}) gives the same scores: that column of the labels is"
                    " not used"
                )


def penalties_get_labels(subject: Subject) -> None:
    """A discriminator that uses labels receives them at every call, also in penalties and regularisers."""
    gan = subject.gan()
    critics = [critic for critic in _critics(gan) if critic.conditional]
    if not critics:
        skip("no discriminator uses labels")
    given: list[bool] = []

    def note(_: nn.Module, arguments: tuple[object, ...], named: dict[str, object]) -> None:
        given.append(isinstance(arguments[1] if len(arguments) > 1 else named.get("label"), Tensor))

    handles = [critic.register_forward_pre_hook(note, with_kwargs=True) for critic in critics]
    for step, _ in losses(gan, subject.batch):
        if any(given) and not all(given):
            fail(
                f"step '{step.name}' calls the discriminator {given.count(False)} times without a label, and"
                f" {given.count(True)} times with one: pass batch.label wherever it is called, also in a penalty"
            )
        given.clear()
    for handle in handles:
        handle.remove()


def _critics(gan: GAN) -> list[Discriminator]:
    """Those that a step trains."""
    modules = [module for step in steps_of(gan) if not draws(step, gan) for module in step.trains.modules()]
    return list(dict.fromkeys(module for module in modules if isinstance(module, Discriminator)))


def _images_of(gan: GAN, subject: Subject) -> dict[Discriminator, Tensor]:
    """What each discriminator scores first in a round; it may be made for images with a source, or for features."""
    seen: dict[Discriminator, Tensor] = {}

    def note(critic: nn.Module, arguments: tuple[object, ...]) -> None:
        if isinstance(critic, Discriminator) and arguments and isinstance(arguments[0], Tensor):
            seen.setdefault(critic, arguments[0].detach())

    handles = [critic.register_forward_pre_hook(note) for critic in _critics(gan)]
    for _ in losses(gan, subject.batch):
        pass
    for handle in handles:
        handle.remove()
    return seen
