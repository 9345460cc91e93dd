"""Scores two baselines of translation that need no network: unchanged photos, and photos with the paintings' histogram.

The data are the built-in scenes with their true renditions, and GANZOO_PHOTOS and GANZOO_PAINTINGS if these are set.
"""

import os

import numpy as np
import torch
from numpy.typing import NDArray

from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.cache import Images, prepare
from ganzoo.data.inputs import open_source
from ganzoo.data.split import split
from ganzoo.scoring.build import build_scorer
from ganzoo.scoring.translation import TranslationScorer

_LEVELS = 256


def main() -> None:
    """Prints one row per baseline and data set."""
    score("scenes", size=64)
    photos, paintings = os.environ.get("GANZOO_PHOTOS"), os.environ.get("GANZOO_PAINTINGS")
    if photos and paintings:
        score("photos", data=photos, style=paintings, size=96, held_out=0.15)


def score(title: str, **settings: object) -> None:
    """Scores both baselines on these data."""
    configuration = configure_run("fastcut-laptop", open_catalog(), settings={**settings, "score_images": 300})
    chosen = configuration.settings
    photos, paintings = (prepare(open_source(configuration, side), chosen.size) for side in ("data", "style"))
    scorer = build_scorer(configuration, paintings, torch.device("cpu"), print, sources=photos)
    assert isinstance(scorer, TranslationScorer)
    unchanged = photos.pixels[scorer.numbers]
    train = split(len(photos), chosen.held_out).train
    baselines = {"unchanged": unchanged, "histogram": with_histogram(unchanged, photos, train, paintings)}
    for name, pixels in baselines.items():
        result = scorer.score(pixels, step=0, weights="")
        low, high = (1000 * value for value in (result.score.low, result.score.high))
        others = "  ".join(f"{key} {value:.2f}" for key, value in result.others.items())
        print(f"{title}, {name:10} KID x1000 {1000 * result.score.value:.0f} ({low:.0f} to {high:.0f})  {others}")
    print(f"{title}, one half of the paintings against the other: {1000 * scorer.floor.value:.1f}")


def with_histogram(
    pixels: NDArray[np.uint8], photos: Images, train: NDArray[np.int64], paintings: Images
) -> NDArray[np.uint8]:
    """Maps pixels N H W 3 so that, channel by channel, the training photos would get the paintings' histogram."""
    changed = np.empty_like(pixels)
    for channel in range(3):
        ours, theirs = (distribution(side[..., channel]) for side in (photos.pixels[train], paintings.pixels))
        curve = np.interp(ours, theirs, np.arange(_LEVELS)).round().astype(np.uint8)
        changed[..., channel] = curve[pixels[..., channel]]
    return changed


def distribution(values: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The share of the values at or below each level."""
    counts = np.bincount(values.ravel(), minlength=_LEVELS)
    return np.cumsum(counts) / values.size
