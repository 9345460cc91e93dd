"""Scores of translators: how near translated photos are to the paintings, and how much of the photos is left."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.batch import Batch
from ganzoo.data.cache import Images
from ganzoo.data.images import from_uint8, to_uint8
from ganzoo.data.split import MOST, split
from ganzoo.encoders import Encoder, encode
from ganzoo.errors import DataError
from ganzoo.metrics import FeatureSets, Metric, pairs
from ganzoo.metrics.kid import kid
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.protocol import Protocol
from ganzoo.scoring.extra_metrics import ExtraMetrics
from ganzoo.scoring.features import features_of
from ganzoo.scoring.scorer import SEED, Attributes, Draw, Warn, chosen, counted, interval, too_few

_BATCH = 32
FEWEST_PAINTINGS = 4
"""Two in each half, since a distance between two sets needs pairs within each."""
_HALVINGS = 50
"""Ways to halve few paintings that are tried; there are three of four."""
ABOUT_COPIES = "copies"
"""A metric that looks for training images among generated ones; it means nothing for translated photos."""
MEANINGS = {
    "content": "how alike the features of a photo and of its painting are, 1 is the same; higher keeps more",
    "contours": "how alike the contours of a photo and of its painting are, 1 is the same; higher keeps more",
    "psnr": "decibels between the painted photo and the true painting of that scene; higher is nearer",
    "truth": "likeness of features with the true painting of that scene, 1 is the same; higher is nearer",
}


class TranslationScorer:
    """Everything about photos and paintings that scores need, computed once.

    All `paintings` count as real, since a style is what they have in common and 200 are few; translated are held-out
    photos. The floor compares one half of the paintings with the other, the ceiling is the untranslated photos. With
    `paired`, the painting with the number of a photo is its true painting. Raises DataError when no photo
    is held out, and for fewer than `FEWEST_PAINTINGS`.
    """

    def __init__(
        self,
        encoder: Encoder,
        paintings: Images,
        photos: Images,
        *,
        share: float,
        n_fake: int,
        device: torch.device,
        metrics: Mapping[str, Metric],
        warn: Warn,
        paired: bool = False,
    ) -> None:
        held_out = split(len(photos), share).held_out
        if not len(held_out):
            raise DataError(too_few(len(photos), "photo", share))
        if len(paintings) < FEWEST_PAINTINGS:
            raise DataError(
                f"{counted(len(paintings), 'painting')} can't be scored on: give at least {FEWEST_PAINTINGS}, of which"
                " one half is compared with the other; to train without scores, leave out --score-every"
            )
        self.encoder = encoder
        self.device = device
        self.photos = photos
        self.numbers = np.sort(chosen(held_out)[:n_fake])
        self.attributes: Attributes = {}
        beside = {name: metric for name, metric in metrics.items() if name != ABOUT_COPIES}
        self.meanings = {**MEANINGS, **{k: text for metric in beside.values() for k, text in metric.meanings.items()}}
        self._extra_metrics = ExtraMetrics(beside, warn)
        height, width = photos.pixels.shape[1:3]
        real = np.sort(chosen(np.arange(len(paintings)))[:MOST])
        self.protocol = Protocol(
            metric=f"KID-{encoder.name}",
            data=paintings.fingerprint,
            sources=photos.fingerprint,
            size=f"{height}x{width}",
            held_out=f"{len(held_out)} of {len(photos)} photos",
            n_real=len(real),
            n_fake=len(self.numbers),
            encoder=encoder.fingerprint,
            preprocessing=encoder.preprocessing,
        )
        self.real = features_of(encoder, paintings, real, device)
        self.untouched = features_of(encoder, photos, self.numbers, device)
        self.floor = _floor(self.real)
        self.ceiling = kid(self.real, self.untouched, resamples=0).value
        self._truth = paintings.rows(self.numbers) if paired and len(paintings) == len(photos) else None

    def draw(self, draw: Draw, attributes: Attributes | None = None) -> NDArray[np.uint8]:
        """The held-out photos, translated by a model: uint8 N H W 3."""
        rng = torch.Generator().manual_seed(SEED)
        drawn = []
        with torch.no_grad():
            for start in range(0, len(self.numbers), _BATCH):
                pixels, _ = self.photos.take(self.numbers[start : start + _BATCH])
                photos = from_uint8(pixels.to(self.device))
                batch = Batch(torch.zeros_like(photos), rng, source=photos, progress=1.0)
                drawn.append(to_uint8(draw(batch)).permute(0, 2, 3, 1).numpy())
        return np.concatenate(drawn)

    def score(self, fakes: NDArray[np.uint8], *, step: int, weights: str) -> Evaluation:
        """The scores of translated photos uint8 N H W 3, in the order of `draw`."""
        fake = self._encode(fakes)
        sets = FeatureSets(real=self.real, fake=fake, training=self.real)
        return Evaluation(
            protocol=self.protocol,
            score=interval(kid(self.real, fake)),
            floor=self.floor,
            ceiling=self.ceiling,
            others={**self._kept(fakes, fake), **self._extra_metrics.compute(sets)},
            step=step,
            weights=weights,
        )

    def _kept(self, fakes: NDArray[np.uint8], fake: Tensor) -> dict[str, float]:
        photos = self.photos.rows(self.numbers)
        kept = {
            "content": float(pairs.feature_cosine(fake, self.untouched).mean()),
            "contours": mean_of_pairs(pairs.gradient_ssim, fakes, photos),
        }
        if self._truth is not None:
            kept["psnr"] = mean_of_pairs(pairs.psnr, fakes, self._truth)
            kept["truth"] = float(pairs.feature_cosine(fake, self._encode(self._truth)).mean())
        return kept

    def _encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        return encode(self.encoder, np.asarray(pixels), device=self.device).cpu()


def _floor(features: Tensor) -> Interval:
    """The distance of one half from the other.

    All resamples of two paintings that have a distance are alike. The interval then spans other ways to halve them.
    """
    floor = interval(kid(*_halves(features)))
    if floor.low < floor.high:
        return floor
    rng = np.random.Generator(np.random.Philox(SEED))
    orders = (torch.from_numpy(rng.permutation(len(features))) for _ in range(_HALVINGS))
    values = [kid(features[one[::2]], features[one[1::2]], resamples=0).value for one in orders]
    return replace(floor, low=min(floor.value, *values), high=max(floor.value, *values))


def _halves(features: Tensor) -> tuple[Tensor, Tensor]:
    """Two random halves, since neighbours by name may be alike."""
    order = torch.from_numpy(np.random.Generator(np.random.Philox(SEED)).permutation(len(features)))
    return features[order[::2]], features[order[1::2]]


def mean_of_pairs(
    measure: Callable[[Tensor, Tensor], Tensor], ones: NDArray[np.uint8], others: NDArray[np.uint8]
) -> float:
    """The mean over all pairs, computed in pieces to save memory."""
    values = []
    for start in range(0, len(ones), _BATCH):
        one, other = (
            torch.from_numpy(np.ascontiguousarray(side[start : start + _BATCH])).permute(0, 3, 1, 2)
            for side in (ones, others)
        )
        values.append(measure(one, other))
    return float(torch.cat(values).clamp(max=100).mean())  # equal images have an infinite ratio
