"""Scores generated images against the held-out part of a data set."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.batch import Batch
from ganzoo.data.cache import Images
from ganzoo.data.split import split
from ganzoo.encoders import Encoder, encode
from ganzoo.errors import DataError
from ganzoo.folders import cache_folder
from ganzoo.images import to_uint8
from ganzoo.metrics.copies import near_copies
from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.kid import kid
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.score import Score
from ganzoo.metrics.spread import spread
from ganzoo.scoring.evaluation import Evaluation, Interval
from ganzoo.scoring.protocol import Protocol

SEED = 20_000_003
"""Of the noise that scored images are drawn from, the same for every model."""
_BATCH = 64
_MOST_TRAINING = 2000
"""Training images that copies are looked for among."""
Draw = Callable[[Batch], Tensor]


class Scorer:
    """Everything about one data set that scores need, computed once: features of its images, floor and ceiling.

    `share` is the part held out, `n_fake` how many images a model draws. Raises DataError when nothing is held out.
    """

    def __init__(self, encoder: Encoder, images: Images, *, share: float, n_fake: int, device: torch.device) -> None:
        parts = split(len(images), share)
        if not len(parts.held_out):
            raise DataError(
                f"{len(images)} images with held_out={share:g} leave too few to score on: give more images, or a larger"
                " --set held_out=…"
            )
        self.encoder = encoder
        self.device = device
        self.labels = images.labels[np.resize(parts.held_out, n_fake)] if images.attributes else None
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
        self.real = self._features(images, parts.held_out)
        self.training = self._features(images, parts.train[:_MOST_TRAINING])
        self.floor = _interval(kid(self.real, self.training[:n_fake]))
        self.ceiling = kid(self.real, self._encode(_noise(min(n_fake, 500), height, width)), resamples=0).value

    def draw(self, draw: Draw) -> NDArray[np.uint8]:
        """What a model draws from the fixed noise, with the labels of the held-out images: uint8 N H W 3."""
        rng = torch.Generator().manual_seed(SEED)
        blank = torch.zeros((), device=self.device)
        drawn = []
        with torch.no_grad():
            for start in range(0, self.protocol.n_fake, _BATCH):
                count = min(_BATCH, self.protocol.n_fake - start)
                label = self._label(start, count)
                batch = Batch(blank.expand(count, 3, *self.shape), rng, label=label, progress=1.0)
                drawn.append(to_uint8(draw(batch)).permute(0, 2, 3, 1).numpy())
        return np.concatenate(drawn)

    def score(self, fakes: NDArray[np.uint8], *, step: int, weights: str) -> Evaluation:
        """The scores of images uint8 N H W 3 drawn by `draw`."""
        features = self._encode(fakes)
        distance = frechet(self.real, features)
        overlap = neighbours(self.real, features)
        copies = near_copies(self.training, features)
        alike = spread(self.real, features)
        others = {
            f"frechet-{self.encoder.name}": distance.value,
            "precision": overlap.precision,
            "recall": overlap.recall,
            "density": overlap.density,
            "coverage": overlap.coverage,
            "copies": copies.share,
            "copies expected": copies.expected,
            "spread": alike.pairwise,
            "spread nearest": alike.nearest,
        }
        return Evaluation(
            protocol=self.protocol,
            score=_interval(kid(self.real, features)),
            floor=self.floor,
            ceiling=self.ceiling,
            others=others if distance.rankable else {k: v for k, v in others.items() if not k.startswith("frechet")},
            step=step,
            weights=weights,
        )

    def _label(self, start: int, count: int) -> Tensor | None:
        if self.labels is None:
            return None
        return torch.from_numpy(self.labels[start : start + count]).to(self.device)

    def _encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        return encode(self.encoder, pixels, device=self.device).cpu()

    def _features(self, images: Images, numbers: NDArray[np.int64]) -> Tensor:
        """Features of real images, kept in the cache: every run on these data needs the same."""
        key = [images.fingerprint, *images.pixels.shape, self.encoder.fingerprint, numbers.tobytes().hex()]
        name = hashlib.sha256("\0".join(map(str, key)).encode()).hexdigest()[:32]
        file = cache_folder() / "features" / f"{name}.npy"
        with suppress(OSError, ValueError, EOFError):
            kept = np.load(file)
            if kept.shape == (len(numbers), self.encoder.dimension):
                return torch.from_numpy(kept)
        features = self._encode(images.pixels[numbers])
        _keep(file, features)
        return features


def _keep(file: Path, features: Tensor) -> None:
    """A cache that can't be written only costs time."""
    draft = file.with_suffix(".part.npy")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(draft, features.numpy())
        draft.replace(file)


def _noise(count: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.Generator(np.random.Philox(SEED)).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def _interval(score: Score) -> Interval:
    low, high = (score.value if end is None else end for end in (score.low, score.high))
    return Interval(value=score.value, low=low, high=high)
