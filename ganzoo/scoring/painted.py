"""The painted score: photos painted at the size that people look at, compared with paintings whole and in crops."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.data.chosen import ChosenPictures, shrunk
from ganzoo.encoders import Encoder
from ganzoo.errors import DataError
from ganzoo.metrics import FeatureSets, Metric, pairs
from ganzoo.metrics.left import Remainder
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.protocol import PAINTED, Protocol, left_by
from ganzoo.scoring.extra_metrics import ExtraMetrics
from ganzoo.scoring.scorer import Warn, counted, interval
from ganzoo.scoring.translation import ABOUT_COPIES, FEWEST_PAINTINGS, mean_of_pairs
from ganzoo.scoring.views import CROPS, crop_size, looks

SIDE = 512
"""Shorter side in pixels at which photos are painted, where they are that large."""
MOST_PHOTOS = 200
"""Photos that are painted unless another number is asked for."""
MOST_PAINTINGS = 500
Pixels = NDArray[np.uint8]
Paint = Callable[[Pixels], Pixels]
"""Pixels H W 3 -> the same painted."""
Tell = Callable[[str, int, int], None]
"""Hears how much is done of a longer work: its name, how many pictures so far, and of how many."""
MEANINGS = {
    "whole": "left of the distance where pictures are looked at whole, in per cent",
    "crops": "left of the distance where crops of them are looked at, in per cent",
    "content": "how alike the features of a photo and of its painting are, 1 is the same; higher keeps more",
    "contours": "how alike the contours of a photo and of its painting are, 1 is the same; higher keeps more",
    "seconds": "to paint one photo, here and now, in the median; no part of the score",
    "psnr": "decibels between the painted photo and the true painting of that scene; higher is nearer",
    "truth": "likeness of features with the true painting of that scene, 1 is the same; higher is nearer",
}


class PaintedScorer:
    """Everything about photos and paintings that the painted score needs, computed once for each of the `encoders`.

    The first encoder ranks; what the others see stands beside it. `view` is the shorter side at which pictures are
    looked at whole, `painting` says how photos are painted. `held_out` says which photos these are. With `truth`, the
    true painting of each photo. Raises DataError for fewer than `FEWEST_PAINTINGS`, and where photos are no further
    from the paintings than chance alone makes them.
    """

    def __init__(
        self,
        encoders: Sequence[Encoder],
        paintings: ChosenPictures,
        photos: ChosenPictures,
        *,
        view: int,
        painting: str,
        held_out: str,
        device: torch.device,
        metrics: Mapping[str, Metric],
        warn: Warn,
        truth: ChosenPictures | None = None,
        tell: Tell = lambda *_: None,
    ) -> None:
        if len(paintings) < FEWEST_PAINTINGS:
            given = counted(len(paintings), "painting")
            raise DataError(f"{given} can't be scored on: give at least {FEWEST_PAINTINGS}, by --style")
        self.photos = photos
        self.device = device
        self.painted_at = photos.size(min(max(SIDE, view), photos.side))
        self.view = photos.size(min(view, paintings.side, photos.side))
        beside = {name: metric for name, metric in metrics.items() if name != ABOUT_COPIES}
        self.meanings = {**MEANINGS, **{k: text for metric in beside.values() for k, text in metric.meanings.items()}}
        self._extra_metrics = ExtraMetrics(beside, warn)
        self._truth = truth
        self._paintings = paintings
        self._tell = tell
        crop = crop_size(self.view)
        self.protocol = Protocol(
            metric=left_by(encoders[0].name),
            data=paintings.images.fingerprint,
            sources=photos.images.fingerprint,
            size=f"{self.view.height}x{self.view.width}",
            held_out=held_out,
            n_real=len(paintings),
            n_fake=len(photos),
            encoder=encoders[0].fingerprint,
            preprocessing=encoders[0].preprocessing,
            painted_at=f"{self.painted_at.height}x{self.painted_at.width}",
            painting=painting,
            crops=f"{CROPS} of {crop.height}x{crop.width}",
            version=PAINTED,
        )
        self._encoder_views = [self._encoder_view(encoder, paintings) for encoder in encoders]

    def score(self, paint: Paint, *, step: int, weights: str) -> Evaluation:
        """The scores of a painter, which receives one photo after the other, uint8 H W 3."""
        painted, photos, seconds = self._painted(paint)
        seen = [one.looks(painted) for one in self._encoder_views]
        first, *others = (
            one.evaluation(looks, step=step, weights=weights)
            for one, looks in zip(self._encoder_views, seen, strict=True)
        )
        real, whole = self._encoder_views[0].paintings[:, 0], seen[0][:, 0]
        beside = {
            "contours": mean_of_pairs(pairs.gradient_ssim, painted, photos),
            **self._nearness(painted, whole),
            "seconds": seconds,
            **self._extra_metrics.compute(
                FeatureSets(real=real, fake=whole, training=real),
                lambda: (np.stack(list(self._paintings.read(self.view))), painted),
            ),
        }
        return replace(first, others={**first.others, **beside}, beside=tuple(others))

    def _painted(self, paint: Paint) -> tuple[Pixels, Pixels, float]:
        """All photos painted, and all photos, both as they are looked at whole; and the seconds for one.

        The median of the seconds, since the first photo waits for what is measured or prepared once.
        """
        painted, photos, seconds = [], [], []
        for pixels in self._counted(self.photos.read(self.painted_at), "painting photos", len(self.photos)):
            start = time.perf_counter()
            painting = paint(pixels)
            seconds.append(time.perf_counter() - start)
            painted.append(shrunk(painting, self.view))
            photos.append(shrunk(pixels, self.view))
        return np.stack(painted), np.stack(photos), median(seconds)

    def _counted(self, pictures: Iterable[Pixels], what: str, total: int) -> Iterator[Pixels]:
        """The pictures; each is done when the next is asked for."""
        for done, pixels in enumerate(pictures, 1):
            yield pixels
            self._tell(what, done, total)

    def _encoder_view(self, encoder: Encoder, paintings: ChosenPictures) -> "_EncoderView":
        def looked_at(pictures: Iterable[Pixels], count: int) -> Iterator[Pixels]:
            return self._counted(pictures, f"looking at pictures by {encoder.name}", count)

        def untouched() -> Iterator[Pixels]:
            return (shrunk(pixels, self.view) for pixels in self.photos.read(self.painted_at))

        protocol = replace(
            self.protocol,
            metric=left_by(encoder.name),
            encoder=encoder.fingerprint,
            preprocessing=encoder.preprocessing,
        )

        def look(pictures: Callable[[], Iterable[Pixels]], count: int, key: Sequence[object] = ()) -> Tensor:
            return looks(encoder, lambda: looked_at(pictures(), count), count, self.view, self.device, key)

        real = look(lambda: paintings.read(self.view), len(paintings), key=paintings.key)
        photos = look(untouched, len(self.photos), key=(*self.photos.key, self.protocol.painted_at))
        return _EncoderView(protocol, look, real, photos)

    def _nearness(self, painted: Pixels, features: Tensor) -> dict[str, float]:
        if self._truth is None:
            return {}
        truth = np.stack(list(self._truth.read(self.view)))
        alike = pairs.feature_cosine(features, self._encoder_views[0].looks(truth)[:, 0])
        return {"psnr": mean_of_pairs(pairs.psnr, painted, truth), "truth": float(alike.mean())}


class _EncoderView:
    """What one encoder sees in the `paintings` and `photos`, N x (1 + CROPS) x D, and what it scores by that."""

    def __init__(self, protocol: Protocol, look: Callable[..., Tensor], paintings: Tensor, photos: Tensor) -> None:
        self.protocol = protocol
        self.paintings = paintings
        self._look = look
        self._photos = photos
        self._remainder = Remainder(paintings, photos)
        if not self._remainder.clear:
            raise DataError(
                f"by {protocol.encoder_name} the photos are no further from the paintings than chance makes"
                " them, so there is no distance of which a part could be left: give more photos or other paintings, or"
                " take the quick score"
            )
        self._floor = interval(self._remainder.floor())

    def looks(self, pixels: Pixels) -> Tensor:
        """The features of pictures N H W 3 as they are looked at: N x (1 + CROPS) x D."""
        return self._look(lambda: pixels, len(pixels))

    def evaluation(self, looks: Tensor, *, step: int, weights: str) -> Evaluation:
        """The scores of painted photos by their `looks`."""
        left = self._remainder.of(looks)
        content = pairs.feature_cosine(looks[:, 0], self._photos[:, 0])
        return Evaluation(
            protocol=self.protocol,
            score=interval(left.score),
            floor=self._floor,
            ceiling=100.0,
            others={"whole": left.whole, "crops": left.crops, "content": float(content.mean())},
            step=step,
            weights=weights,
        )
