"""Whether the scores detect known defects: each row scores real scenes that were degraded in one way."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor

from ganzoo.config.configuration import metric_parts
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.cache import Images, prepare
from ganzoo.data.inputs import open_source
from ganzoo.data.split import split
from ganzoo.runs.evaluation import Evaluation
from ganzoo.scoring.build import build_scorer
from ganzoo.scoring.scorer import Scorer, chosen

COUNT, FAKES = 4000, 500
BLURS = (0.5, 1.0, 2.0)
NOISES = (5, 15, 40)
SPREAD = 0.9
COLUMNS = ("precision", "recall", "density", "coverage", "copies", "spread")
Pixels = NDArray[np.uint8]


def main() -> None:
    """Prints one row per defect."""
    catalog = open_catalog(third_party=False)
    configuration = configure_run("dcgan", catalog, options={"data.count": COUNT, "score_images": FAKES})
    images = prepare(open_source(configuration), configuration.settings.size)
    metrics = metric_parts(configuration, catalog)
    scorer = build_scorer(configuration, images, torch.device("cpu"), print, metrics=metrics)
    print(f"{scorer.protocol.held_out} held out, {len(scorer.training)} for copies, floor and ceiling x1000:")
    print(f"{1000 * scorer.floor.value:.1f}, {1000 * scorer.ceiling:.0f}")
    print(f"{'':28}  images  KID-lite0 x1000  {'interval':>18}  " + "  ".join(f"{name:>9}" for name in COLUMNS))
    for name, features in rows(scorer, images, configuration.settings.held_out):
        print(line(name, len(features), scorer.score_features(features, step=0, weights="live")), flush=True)


def line(name: str, count: int, found: Evaluation) -> str:
    """Formats one row of the table."""
    value, low, high = (1000 * end for end in (found.score.value, found.score.low, found.score.high))
    shares = "  ".join(f"{found.others[column]:9.2f}" for column in COLUMNS)
    return f"{name:28}  {count:6}  {value:15.1f}  {f'{low:.1f} to {high:.1f}':>18}  {shares}"


def rows(scorer: Scorer, images: Images, share: float) -> Iterator[tuple[str, Tensor]]:
    """Each defect with the features of its images. They are made from real images that the scorer does not hold."""
    train = split(len(images), share).train
    held = chosen(train)
    others = np.setdiff1d(train, held)
    real = images.pixels[others[:FAKES]]
    features = scorer._encode(real)
    yield "other real images", features
    for radius in BLURS:
        yield f"blurred, sigma {radius:g} px", scorer._encode(blurred(real, radius))
    for sigma in NOISES:
        yield f"noise, sigma {sigma} of 255", scorer._encode(noisy(real, sigma))
    season = others[images.labels[others, 0] == 0]
    yield "one season only", scorer._encode(images.pixels[season[:FAKES]])
    moment = train[(images.labels[train] == 0).all(1)]
    yield "one season, one time", scorer._encode(images.pixels[np.setdiff1d(moment, held)])
    centre = features.mean(0)
    yield f"{1 - SPREAD:.0%} less spread of features", centre + SPREAD * (features - centre)
    copies = images.pixels[held[-FAKES:]]
    yield "half copies of training", scorer._encode(np.concatenate([real[: FAKES // 2], copies[: FAKES // 2]]))
    yield "all copies of training", scorer._encode(copies)


def blurred(pixels: Pixels, radius: float) -> Pixels:
    """Applies a Gaussian filter."""
    kernel = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(image).filter(kernel)) for image in pixels])


def noisy(pixels: Pixels, sigma: float) -> Pixels:
    """Adds normal noise to each value."""
    noise = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
