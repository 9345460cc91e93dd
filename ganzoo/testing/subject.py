"""What is checked: a model with its tiny settings, on images made here."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.catalog.plugin import Plugin
from ganzoo.config.configuration import Configuration
from ganzoo.data.cache import Images
from ganzoo.data.images import from_uint8, to_uint8
from ganzoo.data.training import TrainingData
from ganzoo.engine.build import build_gan
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer, TrainerSettings, freeze_all_but
from ganzoo.model import GAN, Step, Terms
from ganzoo.specs import ModelSpec, PartSpec
from ganzoo.testing.blame import blamed

CPU = torch.device("cpu")
ATTRIBUTES = {"style": ("one", "two", "three"), "season": ("warm", "cold")}
IMAGES = 48
BATCH = 8
"""Images in a batch; small enough for seconds, enough for batch statistics."""


@dataclass(frozen=True)
class Declared:
    """A declaration with the plugin that made it."""

    spec: ModelSpec | PartSpec
    plugin: Plugin

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What the checks of a part keep for one another, as some parts take seconds to build."""
        return {}

    def __str__(self) -> str:
        kind = self.spec.kind if isinstance(self.spec, PartSpec) else "model"
        return f"{kind} {self.spec.name}"


@dataclass(frozen=True)
class Subject(Declared):
    """A model, or a part within a host model.

    `field` is the option that holds the part ("loss"), and empty for a model.
    """

    configuration: Configuration
    field: str = ""

    def gan(self, seed: int = 0) -> GAN:
        """The recipe with fresh weights, in training mode. It is built once per seed and then copied."""
        if not self._copyable:
            return self.build(seed)
        if seed not in self._originals:
            self._originals[seed] = self.build(seed)
        return copy.deepcopy(self._originals[seed])

    def build(self, seed: int = 0, configuration: Configuration | None = None) -> GAN:
        """A newly built recipe in training mode, for images with two labelled attributes."""
        chosen = configuration or self.configuration
        seeded = replace(chosen, settings=chosen.settings.model_copy(update={"seed": seed}))
        return build_gan(seeded, ATTRIBUTES).train()

    @cached_property
    def _originals(self) -> dict[int, GAN]:
        """The models that were built, by seed; nothing trains them."""
        return {}

    @cached_property
    def _copyable(self) -> bool:
        """Whether a copy computes what its original does, and still does after the original was trained.

        It does not if, for example, a closure refers to a network of the original. Such a model is built for each use.
        """
        try:
            trainer = self.trainer(gan=self.build())
            early, late = copy.deepcopy(trainer.gan), copy.deepcopy(trainer.gan)
            computed = [self._computed(trainer.gan), self._computed(early)]
            play_round(trainer)
            computed.append(self._computed(late))
        except Exception:  # the checks report what is wrong
            return False
        return all(map(_same, computed, computed[1:]))

    def _computed(self, gan: GAN) -> dict[str, Tensor]:
        """All losses, and images."""
        terms = {
            f"{step.name}.{name}": value for step, all_of in losses(gan, self.batch) for name, value in all_of.items()
        }
        with torch.no_grad():
            return {**terms, "": gan(self.batch())}

    @property
    def task(self) -> str:
        """Whether sources are translated, or images drawn from noise."""
        return self.configuration.model.spec.task

    @cached_property
    def images(self) -> Images:
        """Training images of the tiny settings' size: all different, each brighter on the left."""
        return _images(self.configuration, seed=1, slope=0.8)

    @cached_property
    def sources(self) -> Images | None:
        """Images to translate, brighter on the right; None for a model that draws from noise."""
        return _images(self.configuration, seed=2, slope=-0.8) if self.task == "translate" else None

    def batch(self, count: int = BATCH, seed: int = 0) -> Batch:
        """The first `count` images, with sources for a translator."""
        places = np.arange(count)
        pixels, labels = self.images.take(places)
        source = from_uint8(self.sources.take(places)[0]) if self.sources is not None else None
        return Batch(from_uint8(pixels), torch.Generator().manual_seed(seed), source=source, label=labels, progress=0.5)

    def trainer(
        self,
        *,
        gan: GAN | None = None,
        seed: int = 0,
        precision: str = "fp32",
        processes: Processes | None = None,
        images: Images | None = None,
    ) -> Trainer:
        """The engine's own trainer over the images. It trains `gan`, or else a fresh model."""
        data = TrainingData.of(images or self.images, self.sources)
        settings = TrainerSettings(batch=BATCH, seed=seed, precision=precision, half_life=1000.0)
        return Trainer(gan if gan is not None else self.gan(seed), data, settings, CPU, processes=processes)


def _images(configuration: Configuration, *, seed: int, slope: float) -> Images:
    """Smooth random pictures with a brightness slope from left to right, which instance normalisation keeps."""
    size = configuration.settings.size
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(size=(IMAGES, 3, 4, 4))).float()
    smooth = nn.functional.interpolate(coarse, (size.height, size.width), mode="bilinear", align_corners=False)
    ramp = (
        torch.linspace(slope, -slope, size.width) * torch.from_numpy(rng.uniform(0.8, 1.2, (IMAGES, 1, 1, 1))).float()
    )
    values = (smooth * 0.2 + ramp).clamp(-1, 1)
    return as_images(values, f"check-{seed}")


def as_images(values: Tensor, fingerprint: str) -> Images:
    """Images N 3 H W in [-1, 1] as a data set whose labels go through all combinations."""
    pixels = to_uint8(values).permute(0, 2, 3, 1).contiguous().numpy()
    labels = np.stack([np.arange(len(pixels)) % len(values) for values in ATTRIBUTES.values()], axis=1)
    return Images(pixels=pixels, labels=labels, attributes=ATTRIBUTES, fingerprint=fingerprint, skipped=())


def steps_of(gan: GAN) -> tuple[Step, ...]:
    """The steps of one round."""
    return tuple(gan.steps())


def trained(step: Step) -> dict[int, nn.Parameter]:
    """The parameters that a step trains, by identity, without those that the recipe has frozen."""
    return {id(parameter): parameter for parameter in step.trains.parameters() if parameter.requires_grad}


def draws(step: Step, gan: GAN) -> bool:
    """Whether the step trains the generator rather than a critic. A frozen body may belong to both."""
    return not {id(p) for p in gan.averaged.parameters() if p.requires_grad}.isdisjoint(trained(step))


def losses(gan: GAN, batch: Callable[[], Batch]) -> Iterator[tuple[Step, Terms]]:
    """Each step with the terms of its loss on a new batch. Gradients reach only the parameters that the step trains."""
    steps = steps_of(gan)
    own = {step.name: list(trained(step).values()) for step in steps}
    gan.train()
    for step in steps:
        freeze_all_but(gan, own[step.name])
        if step.before:
            with torch.no_grad():
                step.before()
        with blamed(step.name):
            terms = step.loss(batch())
        yield step, terms
    for parameters in own.values():
        for parameter in parameters:
            parameter.requires_grad_(True)


def play_round(trainer: Trainer) -> None:
    """Runs one round of the engine, and unfreezes the parameters that it froze for the last step."""
    free = [parameter for parameter in trainer.gan.parameters() if parameter.requires_grad]
    trainer.round(0.5)
    for parameter in free:
        parameter.requires_grad_(True)


def total(terms: Terms) -> Tensor:
    """The sum that the engine minimises."""
    return torch.stack([term.float() for term in terms.values()]).sum()


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def tensors(module: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters and buffers by name."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def watched(options: BaseModel, read: set[str]) -> BaseModel:
    """The same options; each field that is read is added to `read`."""
    fields = frozenset(type(options).model_fields)

    def look(self: BaseModel, name: str) -> Any:
        if name in fields:
            read.add(name)
        elif name in ("model_dump", "model_dump_json"):
            read.update(fields)
        return super(kind, self).__getattribute__(name)

    kind: type[BaseModel] = type(
        type(options).__name__, (type(options),), {"__getattribute__": look, "__module__": __name__}
    )
    return kind.model_construct(**dict(options))


def names(items: Mapping[str, object] | set[str] | list[str]) -> str:
    """At most four names for a message."""
    listed = sorted(items)
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    return f"{', '.join(json.dumps(name) for name in listed[:4])}{more}"
