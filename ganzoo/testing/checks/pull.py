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


def pulls_towards_data(subject: Subject) -> None:
    """After 60 steps of the critics alone, 5 steps of what draws (or 15) move the images towards the data.

    The data are what the fresh model draws, made brighter at the top: there is nothing else to learn. All is done
    again with data darker there, and the difference counts, in which everything that does not come from the
    data cancels out, such as a term that keeps the content of a photo.
    """
    slope = torch.linspace(_SLOPE, -_SLOPE, subject.configuration.settings.size.height)
    ways = torch.zeros(len(HORIZONS), len(slope))
    for seed in range(SEEDS):
        up, down = _ways(subject, slope, seed), _ways(subject, -slope, seed)
        ways += torch.nn.functional.normalize(up - down, dim=1)
    if not bool(ways.any()):
        fail("steps of the player that draws change no image")
    least = _LEAST_AUGMENTED if subject.field == "augment" else _LEAST
    found = torch.nn.functional.cosine_similarity(ways, slope, dim=1).tolist()
    place = next((place for place, one in enumerate(found) if abs(one) >= least), len(found) - 1)
    if found[place] < least:
        steps = sum(count for count, _ in HORIZONS[: place + 1])
        where = "away from" if found[place] < -least else "no way towards"
        fail(
            f"after {CRITIC_STEPS} steps of the critics alone, {steps} steps of the player that draws move"
            f" the images {where} the data (correlation {found[place]:+.2f}, needed {least:+.2f}): look at the signs of"
            " the losses"
        )


def _ways(subject: Subject, slope: Tensor, seed: int) -> Tensor:
    """How the rows of the drawn images have changed at each horizon, K H. Not the columns: augmentations mirror."""
    trainer = subject.trainer(images=_sloping(subject, slope, seed), seed=seed)
    trainer.pace = _FASTER
    critics = [step for step in trainer.steps if not draws(step, trainer.gan)]
    painters = [step for step in trainer.steps if draws(step, trainer.gan)]
    if not critics:
        skip("no step trains a critic")
    _play(trainer, critics, CRITIC_STEPS)
    before = _drawn(trainer, subject)
    ways = []
    for steps, pace in HORIZONS:
        trainer.pace = pace
        _play(trainer, painters, steps)
        rows = (_drawn(trainer, subject) - before).mean(dim=(0, 1, 3))
        ways.append(rows - rows.mean())
    return torch.stack(ways)


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


def _drawn(trainer: Trainer, subject: Subject) -> Tensor:
    with torch.no_grad():
        images: Tensor = trainer.gan.train()(subject.batch(32))
    return images
