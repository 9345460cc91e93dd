"""The check that training goes the right way, which no check of finite losses can tell."""

import torch
from torch import Tensor

from ganzoo.data.cache import Images
from ganzoo.engine.trainer import Trainer
from ganzoo.model import Step
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import BATCH, IMAGES, Subject, as_images, draws

CRITIC_STEPS = 60
HORIZONS = ((5, 1.0), (10, 5.0))
"""Steps of what draws, and how many times as fast as in a run. The first few, at its own pace, say most: games that
hold the content by contrast soon go elsewhere with either slope. Where they show too little, further ones say it."""
SEEDS = 3
_FASTER = 5.0
"""Critics learn that many times as fast as in a run, so that so few steps tell them something."""
_SLOPE = 0.5
_LEAST, _LEAST_AUGMENTED = 0.2, 0.05
"""Least correlation between how the images change and the way to the data; a flipped sign gives about as much below
zero as the right one above, a player that learns nothing about zero. Through an augmentation, which changes light or
place at random, critics learn little in so few steps."""
_CLEAR = 0.6
"""What two seeds must agree on to be believed without the third. One alone is not: single seeds of a noisy game have
given -0.98 where the others gave +0.9."""


def pulls_towards_data(subject: Subject) -> None:
    """After 60 steps of the critics alone, 5 steps of what draws (or 15) move the images towards the data.

    The data are what the fresh model draws, made brighter at the top: there is nothing else to learn. All is done
    again with data darker there, and the difference counts, in which everything that does not come from the
    data cancels out, such as a term that keeps the content of a photo.
    """
    if subject.field in ("generator", "discriminator"):
        skip("which way it goes is a matter of losses; that gradients pass through a network has checks of its own")
    slope = torch.linspace(_SLOPE, -_SLOPE, subject.configuration.settings.size.height)
    least = _LEAST_AUGMENTED if subject.field == "augment" else _LEAST
    pairs: list[tuple[_Game, _Game]] = []
    ways = torch.zeros(len(slope))
    for seed in range(SEEDS):
        pairs.append((_Game(subject, slope, seed), _Game(subject, -slope, seed)))
        ways += _difference(*pairs[-1], *HORIZONS[0])
        found, steps = _alike(ways, slope), HORIZONS[0][0]
        if seed and found >= _CLEAR:
            return
    for horizon in HORIZONS[1:]:
        if abs(found) < least:
            ways = torch.stack([_difference(up, down, *horizon) for up, down in pairs]).sum(0)
            found, steps = _alike(ways, slope), steps + horizon[0]
    if found < least:
        where = "away from" if found < -least else "no way towards"
        fail(
            f"after {CRITIC_STEPS} steps of the critics alone, {steps} steps of the player that draws move"
            f" the images {where} the data (correlation {found:+.2f}, needed {least:+.2f}): look at the signs of"
            " the losses"
        )


class _Game:
    """A model whose critics have learnt to tell what it draws from the same with a slope from top to bottom."""

    def __init__(self, subject: Subject, slope: Tensor, seed: int) -> None:
        self._subject = subject
        self._trainer = subject.trainer(images=_sloping(subject, slope, seed), seed=seed)
        self._trainer.lr_scale = _FASTER
        critics = [step for step in self._trainer.steps if not draws(step, self._trainer.gan)]
        self._painters = [step for step in self._trainer.steps if draws(step, self._trainer.gan)]
        if not critics:
            skip("no step trains a critic")
        _play(self._trainer, critics, CRITIC_STEPS)
        self._fresh = self._drawn()

    def way(self, steps: int, lr_scale: float) -> Tensor:
        """How the rows of the drawn images have changed after so many more steps. Not the columns: some mirror."""
        self._trainer.lr_scale = lr_scale
        _play(self._trainer, self._painters, steps)
        rows = (self._drawn() - self._fresh).mean(dim=(0, 1, 3))
        return rows - rows.mean()

    def _drawn(self) -> Tensor:
        with torch.no_grad():
            images: Tensor = self._trainer.gan.train()(self._subject.batch(32))
        return images


def _difference(up: _Game, down: _Game, steps: int, lr_scale: float) -> Tensor:
    """The direction in which two games part, of length 1. Fails where neither changes an image."""
    ways = up.way(steps, lr_scale) - down.way(steps, lr_scale)
    if not bool(ways.any()):
        fail("steps of the player that draws change no image")
    return torch.nn.functional.normalize(ways, dim=0)


def _alike(ways: Tensor, slope: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(ways, slope, dim=0))


def _sloping(subject: Subject, slope: Tensor, seed: int) -> Images:
    gan = subject.gan(seed)
    with torch.no_grad():
        drawn = torch.cat([gan(subject.batch(BATCH, seed=draw)) for draw in range(IMAGES // BATCH)])
    return as_images((drawn + slope[:, None]).clamp(-1, 1), "check-slope")


def _play(trainer: Trainer, steps: list[Step], count: int) -> None:
    trainer.gan.train()
    for _ in range(count):
        for step in steps:
            trainer.play(step, 0.5)
