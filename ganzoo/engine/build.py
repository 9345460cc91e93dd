"""Builds the recipe that a configuration names, and the trainer that applies it."""

import math
from collections.abc import Mapping

import torch
from torch import nn

from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Size
from ganzoo.data.inputs import build_augmentation
from ganzoo.data.scale import enlarged
from ganzoo.data.training import TrainingData
from ganzoo.engine.device import set_up
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer, TrainerSettings
from ganzoo.errors import PluginError, UsageError, one_line
from ganzoo.model import GAN
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape, load_target
from ganzoo.translator import Translator


def build_gan(configuration: Configuration, attributes: Mapping[str, tuple[str, ...]]) -> GAN:
    """The recipe with fresh weights, which depend on the seed alone.

    Raises PluginError when the code of the model can't be imported or does not give a GAN, UsageError when the images
    don't have a size that it takes.
    """
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width, attributes=attributes)
    spec = configuration.model.spec
    try:
        target = load_target(spec.target)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise PluginError(f"model '{spec.name}' can't be loaded: {one_line(error)}") from error
    with torch.random.fork_rng():
        torch.manual_seed(configuration.settings.seed)
        gan = target(configuration.options, shape=shape, parts=Parts(configuration.parts, task=spec.task))
    if not isinstance(gan, GAN):
        raise PluginError(f"model '{spec.name}': {spec.target} is not a ganzoo.model.GAN")
    if isinstance(gan, Translator):
        _check_size(gan, spec.name, size)
    return gan


def _check_size(translator: Translator, name: str, size: Size) -> None:
    multiple = translator.size_multiple
    if size.height % multiple or size.width % multiple:
        larger = Size(*(math.ceil(side / multiple) * multiple for side in (size.height, size.width)))
        raise UsageError(f"size {size}: both sides must be multiples of {multiple} for {name}, such as {larger}")


def build_trainer(
    gan: GAN,
    configuration: Configuration,
    data: TrainingData,
    device: torch.device,
    processes: Processes | None = None,
) -> Trainer:
    """The recipe on its device, ready for the first step."""
    settings = configuration.settings
    set_up(device, settings.threads)
    augment = build_augmentation(configuration)
    if processes is not None and processes.world_size > 1 and device.type == "cuda":
        gan = nn.SyncBatchNorm.convert_sync_batchnorm(gan)  # type: ignore[no-untyped-call]  # stub gap
    return Trainer(
        gan,
        data,
        TrainerSettings(
            batch=configuration.options.batch,
            seed=settings.seed,
            precision=settings.precision,
            half_life=1000 * configuration.options.ema_kimg,
            clip_gradients=settings.clip_gradients,
            compile=settings.compile,
            crop=enlarged(settings.size, augment.margin) if settings.crop is True else None,
        ),
        device,
        augment=augment,
        processes=processes,
    )
