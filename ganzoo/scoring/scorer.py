"""Scores generated images against the held-out part of a data set."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.batch import Batch, example_labels
from ganzoo.data.cache import Images
from ganzoo.data.images import to_uint8
from ganzoo.data.split import FEWEST, split
from ganzoo.encoders import Encoder, encode
from ganzoo.errors import DataError
from ganzoo.metrics import FeatureSets, Metric
from ganzoo.metrics.kid import kid
from ganzoo.metrics.score import Score
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.protocol import Protocol
from ganzoo.scoring.extra_metrics import ExtraMetrics
from ganzoo.scoring.features import features_of

SEED = 20_000_003
"""Seed of the noise that scored images are generated from, the same for every model."""
_BATCH = 64
_MOST_TRAINING = 2000
"""Number of training images that generated ones are compared with to find copies."""
_MOST_NOISE = 500
FEWEST_TRAINED = 2
"""A distance between two sets needs a pair within each."""
Draw = Callable[[Batch], Tensor]
Warn = Callable[[str], None]
Attributes = Mapping[str, tuple[str, ...]]


class Scorer:
    """Everything about one data set that scores need, computed once: features of its images, floor and ceiling.

    `share` is the part held out, `n_fake` the number of images that a model draws. `metrics` are computed beside the
    score; `warn` receives a message for each that fails. Raises DataError when nothing is held out, or all
    but one.
    """

    def __init__(
        self,
        encoder: Encoder,
        images: Images,
        *,
        share: float,
        n_fake: int,
        device: torch.device,
        metrics: Mapping[str, Metric],
        warn: Warn,
    ) -> None:
        parts = split(len(images), share)
        if not len(parts.held_out):
            raise DataError(too_few(len(images), "image", share))
        if len(parts.train) < FEWEST_TRAINED:
            raise DataError(
                f"{counted(len(images), 'image')} with held_out={share:g} leave {len(parts.train)} to compare those"
                " held out with: give more images, or a smaller --set held_out=…"
            )
        self.encoder = encoder
        self._images, self._held_out = images, parts.held_out
        self.device = device
        self.attributes: Attributes = images.attributes
        self._labels = torch.from_numpy(images.labels[np.resize(parts.held_out, n_fake)])
        self.meanings = {name: text for metric in metrics.values() for name, text in metric.meanings.items()}
        self._extra_metrics = ExtraMetrics(metrics, warn)
        height, width = images.pixels.shape[1:3]
        self.shape = (height, width)
        self.protocol = Protocol(
            metric=f"KID-{encoder.name}",
            data=images.fingerprint,
            size=f"{height}x{width}",
            held_out=f"{len(parts.held_out)} of {len(images)}",
            n_real=len(parts.held_out),
            n_fake=n_fake,
            encoder=encoder.fingerprint,
            preprocessing=encoder.preprocessing,
        )
        self.real = features_of(encoder, images, parts.held_out, device)
        self.training = features_of(encoder, images, chosen(parts.train), device)
        self.floor = interval(kid(self.real, self.training[:n_fake]))
        self.ceiling = kid(self.real, self._encode(_noise(min(n_fake, _MOST_NOISE), height, width)), resamples=0).value

    def draw(self, draw: Draw, attributes: Attributes | None = None) -> NDArray[np.uint8]:
        """Images that a model draws from the fixed noise: uint8 N H W 3.

        The labels are those of the held-out images. If `attributes` differ from theirs, it draws its own labels in
        turn.
        """
        labels = self._labels_for(self.attributes if attributes is None else attributes)
        rng = torch.Generator().manual_seed(SEED)
        blank = torch.zeros((), device=self.device)
        drawn = []
        with torch.no_grad():
            for start in range(0, self.protocol.n_fake, _BATCH):
                count = min(_BATCH, self.protocol.n_fake - start)
                label = None if labels is None else labels[start : start + count].to(self.device)
                batch = Batch(blank.expand(count, 3, *self.shape), rng, label=label, progress=1.0)
                drawn.append(to_uint8(draw(batch)).permute(0, 2, 3, 1).numpy())
        return np.concatenate(drawn)

    def score(self, fakes: NDArray[np.uint8], *, step: int, weights: str) -> Evaluation:
        """The scores of images uint8 N H W 3 drawn by `draw`."""
        return self.score_features(self._encode(fakes), step=step, weights=weights, pixels=fakes)

    def score_features(
        self, fake: Tensor, *, step: int, weights: str, pixels: NDArray[np.uint8] | None = None
    ) -> Evaluation:
        """The scores of images by their features, N x D. Metrics that need the images themselves fail without them."""

        def both() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
            if pixels is None:
                raise ValueError("it needs images, and there are only features")
            return self._images.rows(self._held_out), pixels

        sets = FeatureSets(real=self.real, fake=fake, training=self.training)
        return Evaluation(
            protocol=self.protocol,
            score=interval(kid(self.real, fake)),
            floor=self.floor,
            ceiling=self.ceiling,
            others=self._extra_metrics.compute(sets, both),
            step=step,
            weights=weights,
        )

    def _labels_for(self, attributes: Attributes) -> Tensor | None:
        if not attributes:
            return None
        return self._labels if attributes == self.attributes else example_labels(self.protocol.n_fake, attributes)

    def _encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        return encode(self.encoder, pixels, device=self.device).cpu()


def counted(number: int, what: str) -> str:
    """The number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def too_few(number: int, what: str, share: float) -> str:
    """What to tell when none of so many images are held out: how many it takes, and what else can be done."""
    if share == 1:
        return f"{counted(number, what)} can't be scored on: give at least {FEWEST}"
    enough = f"give at least {math.ceil(FEWEST / share)} {what}s, " if share else "give "
    larger = f"{math.ceil(100 * FEWEST / number) / 100:g}" if number > 2 * FEWEST else "…"
    return (
        f"{counted(number, what)} with held_out={share:g} leave too few to score on, as at least {FEWEST} must be held"
        f" out: {enough}a larger --set held_out={larger} or no --score-every to ganzoo run, or --data to evaluate"
    )


def chosen(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fixed choice in a fixed random order, since the first ones by name may all come from one folder."""
    return np.random.Generator(np.random.Philox(SEED)).permutation(numbers)[:_MOST_TRAINING]


def _noise(count: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.Generator(np.random.Philox(SEED)).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def interval(score: Score) -> Interval:
    """The value with the ends of its interval; the value itself if they were not computed."""
    low, high = (score.value if end is None else end for end in (score.low, score.high))
    return Interval(value=score.value, low=low, high=high)
