"""A small scorer: an encoder that takes no time, and images that need no reading."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganzoo.config.configuration import resolve_part
from ganzoo.config.resolve import open_catalog
from ganzoo.data.cache import Images
from ganzoo.encoders import Encoder, Resize
from ganzoo.metrics import Metric
from ganzoo.runs.evaluation import Evaluation, Interval
from ganzoo.runs.protocol import Protocol
from ganzoo.scoring.build import build_metric
from ganzoo.scoring.scorer import Scorer

METRICS = ("frechet", "neighbours", "copies", "spread")


class Thumbnail(Encoder):
    """Features are the pixels of a 4 x 4 thumbnail; counts the images it was shown."""

    def __init__(self) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(4),
            name="thumbnail",
            architecture="thumbnail",
            dimension=48,
            strides=(),
            channels=(),
            resize=Resize(),
        )
        self.seen = 0

    def pooled(self, inputs: Tensor) -> Tensor:
        self.seen += len(inputs)
        return self.network(inputs).flatten(1)

    def pyramid(self, inputs: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        return ()


def pixels(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Images of 8 x 8 whose colours change smoothly, as scenes' do."""
    rng = np.random.default_rng(seed)
    low = rng.normal(0, 1, (count, 2, 2, 3)).repeat(4, 1).repeat(4, 2)
    return np.clip(128 + 40 * low + rng.normal(0, 4, (count, 8, 8, 3)), 0, 255).astype(np.uint8)


def images(count: int = 200, seed: int = 0, **changes: object) -> Images:
    content = {
        "pixels": pixels(count, seed),
        "labels": np.empty((count, 0), np.int64),
        "attributes": {},
        "fingerprint": f"small:{count}:{seed}",
        "skipped": (),
    }
    return Images(**{**content, **changes})


def metrics(*names: str) -> dict[str, Metric]:
    catalog = open_catalog(third_party=False)
    return {name: build_metric(resolve_part(catalog, "metric", name, {})) for name in names}


def scorer(
    given: Images | None = None,
    encoder: Encoder | None = None,
    chosen: Mapping[str, Metric] | None = None,
    warned: list[str] | None = None,
    **changes: object,
) -> Scorer:
    return Scorer(
        encoder or Thumbnail(),
        given or images(),
        **{
            "share": 0.25,
            "n_fake": 60,
            "device": torch.device("cpu"),
            "metrics": metrics(*METRICS) if chosen is None else chosen,
            "warn": (warned if warned is not None else []).append,
            **changes,
        },
    )


def evaluation(value: float, step: int = 0, width: float = 0.01, **others: float) -> Evaluation:
    """One with that score, made up."""
    protocol = Protocol(
        metric="KID-x", data="d", size="8x8", held_out="1", n_real=1, n_fake=1, encoder="e", preprocessing="p"
    )
    return Evaluation(
        protocol=protocol,
        score=Interval(value=value, low=value - width, high=value + width),
        floor=Interval(value=0.0, low=-width, high=width),
        ceiling=1.0,
        others=others,
        step=step,
        weights="ema",
    )
