"""Builds the scorer and the encoder that a configuration names."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ganzoo.config.configuration import Configuration, ResolvedPart
from ganzoo.data.cache import Images
from ganzoo.data.chosen import ChosenPictures, own_side
from ganzoo.data.inputs import DataSources
from ganzoo.data.scale import kept_size, shorter
from ganzoo.data.source import PictureStream
from ganzoo.data.split import FEWEST, split
from ganzoo.encoders import Encoder
from ganzoo.errors import DataError, PluginError
from ganzoo.metrics import Metric
from ganzoo.parts import Parts
from ganzoo.runs.view import View
from ganzoo.scoring.painted import MOST_PAINTINGS, PaintedScorer
from ganzoo.scoring.scorer import Scorer, chosen, counted, too_few
from ganzoo.scoring.translation import TranslationScorer


def build_encoder(configuration: Configuration) -> Encoder:
    """The encoder with its weights. Raises UsageError when the weights are missing."""
    encoder: Encoder = Parts(configuration.parts).build("encoder")
    return encoder


def build_metric(part: ResolvedPart) -> Metric:
    """The metric. Raises PluginError when it can't be imported or is not a Metric."""
    inner = {f"metric.{name}": one for name, one in part.inner.items()}
    metric = Parts({"metric": part, **inner}).build("metric")
    if not isinstance(metric, Metric):
        raise PluginError(f"metric '{part.spec.name}': {part.spec.target} does not give a ganzoo.metrics.Metric")
    return metric


def build_scorer(
    configuration: Configuration,
    images: Images,
    device: torch.device,
    warn: Callable[[str], None],
    *,
    sources: Images | None = None,
    metrics: Iterable[ResolvedPart] = (),
) -> Scorer | TranslationScorer:
    """The scorer for these images, and for translators of the photos in `sources`. It calls `warn` when a metric fails.

    Raises UsageError when weights are missing, PluginError for a metric that is not a Metric, DataError when no images
    are held out.
    """
    settings = configuration.settings
    named = {part.spec.name: build_metric(part) for part in metrics}
    encoder = build_encoder(configuration)
    if sources is not None:
        return TranslationScorer(
            encoder,
            images,
            sources,
            share=settings.held_out,
            n_fake=settings.score_images,
            device=device,
            metrics=named,
            warn=warn,
            paired=in_pairs(configuration),
        )
    return Scorer(
        encoder,
        images,
        share=settings.held_out,
        n_fake=settings.score_images,
        device=device,
        metrics=named,
        warn=warn,
    )


def build_painted_scorer(
    configurations: Sequence[Configuration],
    sources: DataSources,
    *,
    view: int,
    painting: str,
    held_out: float,
    most: int,
    device: torch.device,
    shown: View,
    metrics: Iterable[ResolvedPart] = (),
) -> PaintedScorer:
    """The painted score's scorer, through the encoder of each of the `configurations`, which differ in nothing else.

    A `held_out` of 1 scores on all photos. `shown` sees how pictures are read, painted and looked at, and hears of
    metrics that fail. Raises UsageError when weights are missing, PluginError for a metric that is not a Metric,
    DataError when no photos are held out, and as `PaintedScorer`.
    """
    configuration = configurations[0]
    paintings, photos = sources.plain_target(shown), sources.plain_photos(shown)
    assert photos is not None and sources.photos is not None, "a model that draws from noise paints no photos"
    numbers = np.arange(len(photos)) if held_out == 1 else split(len(photos), held_out).held_out
    if len(numbers) < FEWEST:
        raise DataError(too_few(len(photos), "photo", held_out))
    drawn = np.sort(chosen(numbers)[:most])

    def pictures(source: PictureStream, images: Images, numbers: NDArray[np.int64]) -> ChosenPictures:
        shape = configuration.settings.size
        side = own_side(source, shape, shorter(kept_size(configuration.settings, margin=1)))
        return ChosenPictures(source=source, images=images, numbers=numbers, shape=shape, side=side)

    paired = in_pairs(configuration) and len(paintings) == len(photos)
    names = " and ".join(one.parts["encoder"].spec.name for one in configurations)
    shown.notice(f"painting {counted(len(drawn), 'photo')} and looking at photos and paintings by {names}")
    return PaintedScorer(
        [build_encoder(one) for one in configurations],
        pictures(sources.target, paintings, np.sort(chosen(np.arange(len(paintings)))[:MOST_PAINTINGS])),
        pictures(sources.photos, photos, drawn),
        view=view,
        painting=painting,
        held_out=f"{len(numbers)} of {len(photos)} photos",
        device=device,
        metrics={part.spec.name: build_metric(part) for part in metrics},
        warn=shown.notice,
        truth=pictures(sources.target, paintings, drawn) if paired else None,
        tell=shown.progress,
    )


def in_pairs(configuration: Configuration) -> bool:
    """Whether each photo has its true painting at the same number: the same built-in scenes on both sides."""
    data, style = configuration.parts["data"], configuration.parts["style"]
    fields = ("seed", "count")
    alike = all(getattr(data.options, name, None) == getattr(style.options, name, data) for name in fields)
    return data.spec == style.spec and alike
