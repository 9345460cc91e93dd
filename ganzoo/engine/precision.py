"""Settles `precision=auto`: bfloat16 where a few measured steps show that it is faster and the model holds it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Progress
from ganzoo.engine.throughput import noise_trainer
from ganzoo.errors import DivergedError

AUTO, FP32, BF16 = "auto", "fp32", "bf16"
_LEAST_GAIN = 1.1
"""How many times as fast bfloat16 must be: less is within the noise of the measurement, and not worth its rounding."""
_SHORT_STEPS, _SHORT_SECONDS = 500, 60.0
"""A run of at most so many steps or seconds is over before a measurement has paid off."""
_MOST_PAIRS = 5
_PATIENCE = 4.0
"""Seconds after which no further pair of steps is measured; one pair always is."""


def choose(
    configuration: Configuration, attributes: Mapping[str, tuple[str, ...]], device: torch.device, processes: int = 1
) -> tuple[str, str]:
    """The precision for `auto`, and what was measured, in words; empty if nothing was.

    `attributes` are the values of each label. Each of the `processes` computes its own share of a batch. Measuring
    trains a model of its own on noise, so no weight and no random number of the run is touched.
    """
    if not (holds_bf16(configuration) and native_bf16(device)) or _short(configuration):
        return FP32, ""
    gain = measured_gain(configuration, attributes, device, processes)
    if gain < _LEAST_GAIN:
        return FP32, f"precision fp32: bf16 is only {gain:.1f} times as fast here"
    return BF16, f"precision bf16: {gain:.1f} times as fast as fp32 here"


def with_precision(configuration: Configuration, precision: str) -> Configuration:
    """The configuration with this precision, which `auto` has chosen."""
    settings = configuration.settings.model_copy(update={"precision": precision})
    return replace(configuration, settings=settings, origins={**configuration.origins, "precision": AUTO})


def holds_bf16(configuration: Configuration) -> bool:
    """Whether the model declares that it trains in bfloat16 as in float32, and none of its parts objects."""
    return configuration.model.spec.bf16 and all(part.spec.bf16 for part in configuration.parts.values())


def native_bf16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 itself, without converting to float32 and back."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def measured_gain(
    configuration: Configuration,
    attributes: Mapping[str, tuple[str, ...]],
    device: torch.device,
    processes: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """How many times as fast rounds are in bfloat16: rounds of both kinds in turn, and the fastest of each counts.

    It is 1 for a model that does not even train for so many rounds.
    """
    fastest = {FP32: float("inf"), BF16: float("inf")}
    try:
        with torch.random.fork_rng():
            trainer = noise_trainer(_share(configuration, processes), attributes, device)
            begun = clock()
            for pair in range(1 + _MOST_PAIRS):
                for precision, best in fastest.items():
                    trainer.settings = replace(trainer.settings, precision=precision)
                    start = clock()
                    trainer.round(0.5)
                    trainer.scalars()  # waits for the device
                    if pair:  # the first one warms up
                        fastest[precision] = min(best, clock() - start)
                if pair and clock() - begun > _PATIENCE:
                    break
    except (DivergedError, torch.OutOfMemoryError):
        return 1.0
    return fastest[FP32] / fastest[BF16]


def _share(configuration: Configuration, processes: int) -> Configuration:
    """The configuration of one process: its share of the batch, its networks not compiled."""
    options = configuration.options.model_copy(update={"batch": configuration.options.batch // processes})
    settings = configuration.settings.model_copy(update={"compile": False})
    return replace(configuration, options=options, settings=settings)


def _short(configuration: Configuration) -> bool:
    images = _SHORT_STEPS * configuration.options.batch
    short = Progress(steps=_SHORT_STEPS, images=images, seconds=_SHORT_SECONDS)
    return configuration.settings.budget.count(short) >= 1
