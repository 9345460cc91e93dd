"""Builds the recipe that a configuration names, and the trainer that applies it."""

from collections.abc import Mapping

import torch
from torch import nn

from ganzoo.config.configuration import Configuration
from ganzoo.data.inputs import build_augmentation
from ganzoo.data.training import TrainingData
from ganzoo.engine.device import set_up
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer, TrainerSettings
from ganzoo.errors import PluginError, one_line
from ganzoo.model import GAN
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape, load_target


def build_gan(configuration: Configuration, attributes: Mapping[str, tuple[str, ...]]) -> GAN:
    """The recipe with fresh weights, which depend on the seed alone.

    Raises PluginError when the code of the model can't be imported or does not give a GAN.
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
        gan = target(configuration.options, shape=shape, parts=Parts(configuration.parts))
    if not isinstance(gan, GAN):
        raise PluginError(f"model '{spec.name}': {spec.target} is not a ganzoo.model.GAN")
    return gan


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
        ),
        device,
        augment=build_augmentation(configuration),
        processes=processes,
    )
