"""Checks of augmentations by themselves; in a model they pass through its checks as well."""

import math

import torch
from torch import Tensor

from ganzoo.model import Augmentation
from ganzoo.specs import ImageShape
from ganzoo.testing.checks.parts import built
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import CPU, Subject

_SIZE = 32
_DRAWS = 32
_BRIGHT = 0.9
_STAYS = 0.1
_FARTHEST = 10.0
"""Generous: contrast and noise may leave the range, values of 255 are something else."""
_PAIRS = 32
_ALIKE = 0.5
"""Of a photo and its painting, each minus grey; 1 where both were moved alike, and about 0 where they were not."""
_MOST_UNLIKE = 0.3
"""Part of the pairs; one that was cut away altogether is like nothing."""


def augmentation_shape(subject: Subject) -> None:
    """Images `margin` times as large come out finite and in the requested shape, for one image and for several."""
    augment = _augment(subject)
    if augment.margin < 1:
        fail(f"margin is {augment.margin:g}: 1 or more, as pictures can't be read smaller than they are drawn")
    side = math.ceil(_SIZE * augment.margin)
    for count in (1, 4):
        changed = augment(_images(count, side), torch.Generator(CPU).manual_seed(0))
        if changed.shape != (count, 3, _SIZE, _SIZE):
            fail(f"{(count, 3, side, side)} became {tuple(changed.shape)}, expected {(count, 3, _SIZE, _SIZE)}")
        if not bool(torch.isfinite(changed).all()):
            fail("images are not finite any more")


def augmentation_repeatable(subject: Subject) -> None:
    """The same random generator gives the same images, and the input images are not changed."""
    augment, images = _augment(subject), _images()
    before = images.clone()
    first = augment(images, torch.Generator(CPU).manual_seed(5))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(99)
        second = augment(images, torch.Generator(CPU).manual_seed(5))
    if not torch.equal(first, second):
        fail("the same rng gives other images: draw from it alone (ganzoo.augment.uniform, normal, seeded)")
    if not torch.equal(before, images):
        fail("the input images are changed: work on a copy")


def augmentation_pairs(subject: Subject) -> None:
    """The same random generator moves a photo and its painting alike, whatever they show."""
    augment, photos = _augment(subject), _images(_PAIRS)
    # Subtracting what becomes of grey leaves what was moved, also under fog, noise and other light.
    grey, photos, paintings = (
        augment(images, torch.Generator(CPU).manual_seed(2)).flatten(1)
        for images in (torch.zeros_like(photos), photos, -0.7 * photos)
    )
    likeness = -torch.cosine_similarity(photos - grey, paintings - grey)
    if float((likeness < _ALIKE).float().mean()) > _MOST_UNLIKE:
        fail(
            "a photo and its painting no longer match, though both were changed with the same rng: where images are"
            " moved must depend on rng and the number of images only"
        )


def augmentation_differentiable(subject: Subject) -> None:
    """Gradients pass to the images, and gradients of gradients, which penalties need."""
    augment = _augment(subject)
    images = _images().requires_grad_()
    changed = augment(images, torch.Generator(CPU).manual_seed(0))
    if not changed.requires_grad:
        fail("no gradient passes: the generator would learn nothing")
    (gradient,) = torch.autograd.grad(changed.square().sum(), images, create_graph=True)
    if not bool(gradient.any()):
        fail("the gradient that passes is zero: the generator would learn nothing")
    try:
        torch.autograd.grad(gradient.square().sum(), images)
    except RuntimeError as error:
        text = " ".join(str(error).split())[:120]
        fail(f"gradients of gradients fail ({text}): ganzoo.augment.warp resamples with them")


def augmentation_gradients_finite(subject: Subject) -> None:
    """Gradients, and gradients of gradients, are finite for black, white, grey and coloured images too."""
    augment = _augment(subject)
    for value in (-1.0, 0.0, 1.0):
        for channels in ((value,) * 3, (value, -1.0, 1.0)):
            images = torch.tensor(channels).view(1, 3, 1, 1).repeat(_DRAWS, 1, _SIZE, _SIZE).requires_grad_()
            changed = augment(images, torch.Generator(CPU).manual_seed(0))
            (gradient,) = torch.autograd.grad(changed.square().sum(), images, create_graph=True)
            (second,) = torch.autograd.grad(gradient.square().sum(), images, allow_unused=True)
            if not all(bool(torch.isfinite(one).all()) for one in (changed, gradient, second) if one is not None):
                fail(
                    f"an image that is {channels} everywhere gives gradients that are not finite: roots, logarithms,"
                    " quotients and powers need a bound away from 0"
                )


def augmentation_range(subject: Subject) -> None:
    """Images stay in the range [-1, 1]: on average dark ones stay dark, bright ones bright, and none runs away."""
    augment, rng = _augment(subject), torch.Generator(CPU).manual_seed(0)
    means = []
    for value in (-_BRIGHT, _BRIGHT):
        changed = augment(torch.full((_DRAWS, 3, _SIZE, _SIZE), value), rng)
        means.append(float(changed.mean()))
        if float(changed.abs().max()) > _FARTHEST:
            fail(f"values reach {float(changed.abs().max()):.3g}: images are in [-1, 1], before and after")
    if not (means[0] < -_STAYS and means[1] > _STAYS):
        fail(
            f"images of {-_BRIGHT} and {_BRIGHT} become {means[0]:.2g} and {means[1]:.2g} on average: images are in"
            " [-1, 1], before and after, not in [0, 1] or [0, 255]"
        )


def _augment(subject: Subject) -> Augmentation:
    augment: Augmentation = built(subject, shape=ImageShape(height=_SIZE, width=_SIZE))
    return augment


def _images(count: int = 4, side: int = _SIZE) -> Tensor:
    rng = torch.Generator(CPU).manual_seed(1)
    return torch.rand(count, 3, side, side, generator=rng) * 1.8 - 0.9
