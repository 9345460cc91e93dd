"""Builds the scorer and the encoder that a configuration names."""

from collections.abc import Callable, Iterable

import torch

from ganzoo.config.configuration import Configuration, ResolvedPart
from ganzoo.data.cache import Images
from ganzoo.encoders import Encoder
from ganzoo.errors import PluginError
from ganzoo.metrics import Metric
from ganzoo.parts import Parts
from ganzoo.scoring.scorer import Scorer
from ganzoo.scoring.translation import TranslationScorer


def build_encoder(configuration: Configuration) -> Encoder:
    """The encoder with its weights. Raises UsageError when the weights are missing."""
    encoder: Encoder = Parts(configuration.parts).build("encoder")
    return encoder


def build_metric(part: ResolvedPart) -> Metric:
    """The metric. Raises PluginError when it can't be imported or is not a Metric."""
    metric = Parts({"metric": part}).build("metric")
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


def in_pairs(configuration: Configuration) -> bool:
    """Whether each photo has its true painting at the same number: the same built-in scenes on both sides."""
    data, style = configuration.parts["data"], configuration.parts["style"]
    fields = ("seed", "count")
    alike = all(getattr(data.options, name, None) == getattr(style.options, name, data) for name in fields)
    return data.spec == style.spec and alike
