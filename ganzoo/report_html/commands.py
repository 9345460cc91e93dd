"""The commands that repeat or resume a run, made from run.json."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganzoo.catalog.lookup import FOLDER
from ganzoo.config.settings import RunSettings
from ganzoo.runs.paths import file_name
from ganzoo.runs.run_file import UNSAID

_FLAGS = ("data", "size", "budget", "batch", "seed", "device", "precision", "threads")
_OF_DATA = ("data", "style", "augment_data", "encoder", "batch", "ema_kimg")
_INTERVALS = ("sample_every", "score_every", "checkpoint_every", "log_every")


def repeat(content: Mapping[str, Any]) -> str:
    """`ganzoo run …` with every value that is not a default. Values from presets and files are written out."""
    words = ["ganzoo", "run", str(content["model"])]
    for key, value in _chosen(content["configuration"]):
        words += _words(key, value)
    return shlex.join(words)


def start_from(content: Mapping[str, Any], source: str, without: str) -> str:
    """`ganzoo run … --from SOURCE` with the same networks on other data.

    Options that name a path beginning with `without` are left out: nobody else has it.
    """
    words = ["ganzoo", "run", str(content["model"]), "--from", source, "--data", "PHOTOS"]
    if "style" in content["configuration"]:
        words += ["--style", "PAINTINGS"]
    for key, value in _chosen(content["configuration"]):
        own = key == "size" or (key not in RunSettings.model_fields and key.partition(".")[0] not in _OF_DATA)
        if own and not str(value).startswith(without):
            words += _words(key, value)
    return shlex.join(words)


def public(value: Any) -> Any:
    """The value; of a path that was not published the last name, all that is left of it."""
    return value.removeprefix(f"{UNSAID}/") if isinstance(value, str) else value


def resume(folder: Path) -> str:
    """`ganzoo run --resume …` for this run."""
    return shlex.join(["ganzoo", "run", *_flag("--resume", file_name(folder))])


def sample(folder: Path) -> str:
    """`ganzoo sample …` for this run."""
    return shlex.join(["ganzoo", "sample", *_argument(file_name(folder))])


def stylize(folder: Path) -> str:
    """`ganzoo stylize …` for this run."""
    return shlex.join(["ganzoo", "stylize", *_argument(file_name(folder)), "photo.jpg", "--out", "painted"])


def _chosen(configuration: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, object]]:
    """The settings that are not defaults, each part before its own options.

    None is left out: no option can express it, and where it is allowed it is the default.
    """
    values = {key: entry["value"] for key, entry in configuration.items()}
    folder = values.get("data") == FOLDER.name and "data.path" in values
    for key, entry in configuration.items():
        if folder and key in ("data", "data.path"):
            if key == "data":
                yield key, values["data.path"]
        elif entry["origin"] != "default" and entry["value"] is not None:
            yield key, entry["value"]


def _words(key: str, value: object) -> list[str]:
    if key in (*_FLAGS, *_INTERVALS):
        return _flag(f"--{key.replace('_', '-')}", str(value))
    return ["--set", f"{key}={value}"]


def _flag(name: str, value: str) -> list[str]:
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def _argument(value: str) -> list[str]:
    return ["--", value] if value.startswith("-") else [value]
