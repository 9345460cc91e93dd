"""How fast a model trains on this machine, measured by a few steps on random images."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from ganzoo.config.configuration import Configuration
from ganzoo.data.cache import Images
from ganzoo.data.inputs import build_augmentation, split_images, target_field
from ganzoo.data.scale import kept_size
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.device import choose_device
from ganzoo.engine.trainer import Trainer

_MOST_ROUNDS = 100
_LATE = 1_000_000_007
"""The number of the first measured round: far from the start, and no multiple of a usual interval, since recipes do
more work at both."""
_IMAGES = 64


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """A measurement: `steps` rounds on `device`, in that precision, drew `images` real images in `seconds`."""

    steps: int
    images: int
    seconds: float
    device: str
    precision: str

    @property
    def per_1000(self) -> float:
        """Seconds that training on 1,000 real images takes."""
        return 1000 * self.seconds / self.images


def measure_throughput(
    configuration: Configuration, attributes: Mapping[str, int], *, seconds: float = 4.0
) -> Throughput:
    """Trains on noise for about `seconds`, after one step to warm up, and writes nothing.

    `attributes` are numbers of label values by name, for a translator those of the style. Raises the same errors as
    the start of a run, such as UsageError for a size that the model can't have.
    """
    device = choose_device(configuration.settings.device)
    trainer = noise_trainer(configuration, numbered(attributes), device)
    trainer.round(0.5)
    trainer.scalars()  # waits for the device
    seen, started, steps = trainer.images_seen, time.perf_counter(), 0
    while steps < _MOST_ROUNDS and (steps == 0 or time.perf_counter() - started < seconds):
        trainer.round(0.5)
        trainer.scalars()
        steps += 1
    elapsed = time.perf_counter() - started
    return Throughput(
        steps=steps,
        images=trainer.images_seen - seen,
        seconds=elapsed,
        device=str(device),
        precision=configuration.settings.precision,
    )


def numbered(attributes: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Values for so many of each label."""
    return {name: tuple(map(str, range(count))) for name, count in attributes.items()}


def noise_trainer(
    configuration: Configuration, attributes: Mapping[str, tuple[str, ...]], device: torch.device
) -> Trainer:
    """A trainer of the model with fresh weights on images of noise, far from its first round.

    `attributes` are the values of each label, for a translator of the style.
    """
    images = _noise(configuration, attributes)
    photos = _noise(configuration, {}) if target_field(configuration) == "style" else None
    gan = build_gan(configuration, images.attributes)
    trainer = build_trainer(gan, configuration, split_images(configuration, images, photos), device)
    trainer.rounds = _LATE
    return trainer


def _noise(configuration: Configuration, attributes: Mapping[str, tuple[str, ...]]) -> Images:
    size = kept_size(configuration.settings, build_augmentation(configuration).margin)
    shape = (_IMAGES, size.height, size.width, 3)
    return Images(
        pixels=np.random.default_rng(0).integers(0, 256, shape, np.uint8),
        labels=np.zeros((_IMAGES, len(attributes)), np.int64),
        attributes=attributes,
        fingerprint="noise",
        skipped=(),
    )
