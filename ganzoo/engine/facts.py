"""What run.json records of the images and the machine, and what of it must still hold when a run is resumed."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganzoo.config.configuration import Configuration
from ganzoo.data.cache import Images
from ganzoo.data.inputs import target_field
from ganzoo.data.labels import renumbered
from ganzoo.engine.device import hardware
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DataError
from ganzoo.runs.versions import versions

_SKIPPED_KEPT = 100


def facts(trainer: Trainer) -> dict[str, object]:
    """The entries of run.json about device, hardware, parameters and images."""
    data = trainer.data
    sources = {} if data.sources is None else {"sources": _facts_of(data.sources, data.source_numbers)}
    return {
        "device": str(trainer.device),
        "hardware": {**hardware(trainer.device), "processes": str(trainer.processes.world_size)},
        "parameters": {step.name: sum(p.numel() for p in step.trains.parameters()) for step in trainer.steps},
        "data": _facts_of(data.images, data.numbers),
        **sources,
        "records_probabilities": trainer.gan.records_probabilities,
    }


def _facts_of(images: Images, trained_on: Sized) -> dict[str, object]:
    return {
        "fingerprint": images.fingerprint,
        "images": len(images),
        "held_out": len(images) - len(trained_on),
        "attributes": {name: list(values) for name, values in images.attributes.items()},
        "skipped": len(images.skipped),
        "changed": dict(images.notes),
        "skipped_files": _as_entries(images.skipped[:_SKIPPED_KEPT]),
    }


def _as_entries(skipped: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "problem": problem} for name, problem in skipped]


def check_same_images(
    folder: Path, recorded: Mapping[str, Any], images: Images, photos: Images | None, sharers: int
) -> None:
    """Raises DataError unless the images are those that the run was started with.

    `recorded` is the content of its run.json, `sharers` the number of processes that divide the images, or 0.
    """
    found = {"data": images, "sources": photos}
    if all(side is None or side.fingerprint == recorded[name]["fingerprint"] for name, side in found.items()):
        return
    then = recorded.get("hardware", {}).get("processes", "1")
    if sharers and then != str(sharers):
        raise DataError(
            f"the images are not those that '{folder}' was started with, by {then} processes: with data.share=auto each"
            f" has a part of its own, so resume with {then} processes (now {sharers})"
        )
    raise DataError(
        f"the images have changed since '{folder}' was started: it can only be resumed with the same ones (where they"
        f" were moved, --data and --style say where they are now)"
    )


def with_recorded_labels(recorded: Mapping[str, Any], images: Images) -> Images:
    """The images with the labels that a run has, of which some may have no usable image.

    `recorded` is the content of its run.json. Such labels count in runs of earlier versions only.
    """
    attributes = {name: tuple(values) for name, values in recorded["data"]["attributes"].items()}
    now = images.attributes
    if list(now) != list(attributes) or not all(set(now[name]) <= set(attributes[name]) for name in now):
        return images
    return replace(images, attributes=attributes, labels=renumbered(now, images.labels, attributes))


def sharers(configuration: Configuration, world_size: int) -> int:
    """The number of processes that divide the images between them; 0 where each reads all."""
    sides = (configuration.parts[field].options for field in ("data", target_field(configuration)))
    return world_size if any(getattr(options, "share", "") == "auto" for options in sides) else 0


def other_versions(recorded: Mapping[str, Any]) -> str:
    """The versions that a run was trained with and that have changed since, in words."""
    then = recorded.get("versions", {})
    pairs = ((name, then.get(name), now) for name, now in versions().items() if name not in ("commit", "platform"))
    return ", ".join(f"{name} {old} (now {now})" for name, old, now in pairs if old not in (None, now))
