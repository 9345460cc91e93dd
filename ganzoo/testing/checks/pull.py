"""The check that training moves in the right direction, which finite losses do not show."""

import torch
from torch import Tensor

from ganzoo.data.cache import Images
from ganzoo.engine.trainer import Trainer
from ganzoo.model import Step
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import BATCH, IMAGES, Subject, as_images, draws

CRITIC_STEPS = 60
HORIZONS = ((5, 1.0), (10, 5.0))
"""Generator steps, and the factor on their learning rate. The first few at the usual rate say most: models with a
contrastive content loss soon move elsewhere with either slope. If the first show too little, more steps follow."""
SEEDS = 3
_FASTER = 5.0
"""The factor on the critics' learning rate, so that they learn something in so few steps."""
_SLOPE = 0.5
_LEAST, _LEAST_AUGMENTED = 0.2, 0.05
"""Least correlation between the change of the images and the direction to the data. A flipped sign gives a negative
value of similar size, a generator that learns nothing gives about zero. Behind an augmentation, which changes
brightness or position at random, critics learn little in so few steps."""
_CLEAR = 0.6
"""The correlation of two seeds together that makes a third unnecessary. One seed is not enough: with noisy training,
single seeds have given -0.98 where the others gave +0.9."""


def pulls_towards_data(subject: Subject) -> None:
    """After 60 steps of the critics alone, 5 (or 15) generator steps move the images towards the data.

    The data are images of the fresh model, made brighter at the top: there is nothing else to learn. The same is done
    with data darker at the top. The check looks at the difference of the two, in which everything cancels out that
    does not come from the data, such as a term that keeps the content of a photo.
    """
    if subject.field in ("generator", "discriminator"):
        skip("the losses decide the direction; other checks test that gradients pass through a network")
    slope = torch.linspace(_SLOPE, -_SLOPE, subject.configuration.settings.size.height)
    least = _LEAST_AUGMENTED if subject.field == "augment" else _LEAST
    pairs: list[tuple[_Pretrained, _Pretrained]] = []
    changes = torch.zeros(len(slope))
    for seed in range(SEEDS):
        pairs.append((_Pretrained(subject, slope, seed), _Pretrained(subject, -slope, seed)))
        changes += _difference(*pairs[-1], *HORIZONS[0])
        found, steps = _correlation(changes, slope), HORIZONS[0][0]
        if seed and found >= _CLEAR:
            return
    for horizon in HORIZONS[1:]:
        if abs(found) < least:
            changes = torch.stack([_difference(up, down, *horizon) for up, down in pairs]).sum(0)
            found, steps = _correlation(changes, slope), steps + horizon[0]
    if found < least:
        where = "away from" if found < -least else "not towards"
        fail(
            f"after {CRITIC_STEPS} steps of the critics alone, {steps} generator steps move the images {where} the data"
            f" (correlation {found:+.2f}, needed {least:+.2f}): check the signs of the losses"
        )


class _Pretrained:
    """A model whose critics have learnt to distinguish its images from the same images with a vertical slope."""

    def __init__(self, subject: Subject, slope: Tensor, seed: int) -> None:
        self._subject = subject
        self._trainer = subject.trainer(images=_sloping(subject, slope, seed), seed=seed)
        self._trainer.lr_scale = _FASTER
        critics = [step for step in self._trainer.steps if not draws(step, self._trainer.gan)]
        self._generator_steps = [step for step in self._trainer.steps if draws(step, self._trainer.gan)]
        if not critics:
            skip("no step trains a critic")
        _run_steps(self._trainer, critics, CRITIC_STEPS)
        self._fresh = self._drawn()

    def change(self, steps: int, lr_scale: float) -> Tensor:
        """How the image rows change in so many more generator steps. Not the columns: some models mirror images."""
        self._trainer.lr_scale = lr_scale
        _run_steps(self._trainer, self._generator_steps, steps)
        rows = (self._drawn() - self._fresh).mean(dim=(0, 1, 3))
        return rows - rows.mean()

    def _drawn(self) -> Tensor:
        with torch.no_grad():
            images: Tensor = self._trainer.gan.train()(self._subject.batch(32))
        return images


def _difference(up: _Pretrained, down: _Pretrained, steps: int, lr_scale: float) -> Tensor:
    """The direction in which the two trainings diverge, of length 1. Fails if neither changes an image."""
    changes = up.change(steps, lr_scale) - down.change(steps, lr_scale)
    if not bool(changes.any()):
        fail("generator steps change no image")
    return torch.nn.functional.normalize(changes, dim=0)


def _correlation(changes: Tensor, slope: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(changes, slope, dim=0))


def _sloping(subject: Subject, slope: Tensor, seed: int) -> Images:
    gan = subject.gan(seed)
    with torch.no_grad():
        drawn = torch.cat([gan(subject.batch(BATCH, seed=draw)) for draw in range(IMAGES // BATCH)])
    return as_images((drawn + slope[:, None]).clamp(-1, 1), "check-slope")


def _run_steps(trainer: Trainer, steps: list[Step], count: int) -> None:
    trainer.gan.train()
    for _ in range(count):
        for step in steps:
            trainer.play(step, 0.5)
