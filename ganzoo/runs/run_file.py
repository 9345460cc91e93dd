"""Writes run.json, and reads and checks it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ganzoo.config.recorded import recorded_parts
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import write_atomically
from ganzoo.io.names import usable
from ganzoo.io.untrusted import check_links, read_json
from ganzoo.runs.folder import Run
from ganzoo.runs.paths import RUN_FILE, file_name
from ganzoo.runs.versions import versions

SCHEMA = 1
_WHOLE_VIEW = 256
UNSAID = "/not-published"
"""Where folders of a user lie by a published run.json: their own paths are private, and nobody else has them."""
PUBLISHED, IMPORTED = "published", "imported"
"""The keys of run.json that say so: there is no training here, and what it was trained on need not be here."""
NO_RECORD = (
    "a published model holds no record of its training, to resume or to reproduce: `ganzoo run MODEL --from NAME`"
    " trains it further, and `ganzoo show NAME` has the command that trained it"
)


def write_run_file(run: Run, facts: Mapping[str, Any]) -> None:
    """Writes run.json: the configuration with the origins of its values, versions, and the given facts.

    Raises StorageError when it can't.
    """
    configuration = run.configuration
    plugin = configuration.model.plugin
    content = {
        "schema": SCHEMA,
        "model": configuration.model.full_name,
        "plugin": {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version},
        "parts": recorded_parts(configuration),
        "configuration": configuration.describe(),
        "versions": versions(),
        **facts,
    }
    try:
        write_atomically(run.folder / RUN_FILE, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise StorageError(f"can't write '{file_name(run.folder)}/{RUN_FILE}': {one_line(error)}") from error


def read_run_file(folder: Path) -> dict[str, Any]:
    """The content of run.json.

    Raises UsageError when the folder is not a run's or has a link that leads out of it, StorageError when run.json is
    damaged.
    """
    path = usable(folder) / RUN_FILE
    if not path.is_file():
        raise UsageError(f"'{folder}' is not a run folder: it has no {RUN_FILE}")
    check_links(folder)
    try:
        content = read_json(path)
        if content["schema"] != SCHEMA:
            raise StorageError(f"'{path}' has schema {content['schema']!r}, this ganzoo reads {SCHEMA}")
        _check_content(content)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise StorageError(f"'{path}' is damaged: {one_line(error)}") from None
    return content


def check_has_data(content: Mapping[str, Any], *given: object) -> None:
    """Raises UsageError for a run whose data are nowhere, unless those that are needed are `given`.

    They are its data, and of a translator its paintings. A run that was imported has none, and those of a published
    model may be private.
    """
    needed = [side for side, one in zip(("data", "style"), given, strict=False) if not one]
    if content.get(IMPORTED) and needed:
        where = " and ".join(f"--{side}" for side in needed)
        raise UsageError(f"this model was imported and has no data of its own: give {where}")
    if private := [side for side in needed if _is_private(content, side)]:
        where = " and ".join(f"--{side} FOLDER" for side in private)
        raise UsageError(f"the pictures that it was trained on are not published: give yours by {where}")


def _is_private(content: Mapping[str, Any], side: str) -> bool:
    """Whether these data are pictures of whoever published the model."""
    path = content["configuration"].get(f"{side}.path", {}).get("value")
    return content.get(PUBLISHED) is True and isinstance(path, str) and path.startswith(UNSAID)


def check_was_trained(content: Mapping[str, Any]) -> None:
    """Raises UsageError for a run that was imported: nothing is known of its training."""
    if content.get(IMPORTED):
        raise UsageError("this model was imported, not trained: there is no training to resume or to reproduce")


def check_has_record(content: Mapping[str, Any]) -> None:
    """Raises UsageError for a run without the record of a training, which could be resumed or repeated."""
    check_was_trained(content)
    if content.get(PUBLISHED) is True:
        raise UsageError(NO_RECORD)


def origin(content: Mapping[str, Any]) -> str:
    """What a model was trained on, in words without a path; of one that was imported, what it was imported from."""
    if theirs := content.get(IMPORTED):
        return f"imported, {theirs['format']}"
    configuration = content["configuration"]
    sides = [name for name in ("data", "style") if name in configuration]
    names = [Path(str(configuration.get(f"{side}.path", configuration[side])["value"])).name for side in sides]
    return f"{' and '.join(names)} ({content['data'].get('images', 0)} pictures)"


def whole_view(content: Mapping[str, Any]) -> int:
    """The shorter side in pixels at which a run's paintings were kept, from which it learnt in crops.

    Looked at whole at that size, a painting shows its strokes. It is 256 for runs that were trained without crops.
    """
    crop, side = (content["configuration"].get(name, {}).get("value") for name in ("crop", "load_size"))
    return side if crop is True and isinstance(side, int) else _WHOLE_VIEW


def _check_content(content: Mapping[str, Any]) -> None:
    """Raises KeyError or ValueError unless everything that ganzoo reads has the form that `write_run_file` gives it."""
    if not isinstance(content["model"], str):
        raise ValueError("'model' is not a text")
    if not _maps_to(content["configuration"], lambda one: isinstance(one, dict) and {"value", "origin"} <= one.keys()):
        raise ValueError("'configuration' is not a mapping of names to values with origins")
    data = content["data"]
    if not isinstance(data, dict) or not _maps_to(data["attributes"], _are_texts):
        raise ValueError("'data' has no 'attributes', or they are not a mapping of names to lists of texts")
    if not isinstance(data.get("fingerprint"), str):
        raise ValueError("'data' has no 'fingerprint'")
    if not isinstance(content.get("start", {}).get("source", ""), str):
        raise ValueError("'start' has no 'source' that is a text")
    if not _maps_to(content.get("parts", {}), _is_part):
        raise ValueError("'parts' is not a mapping of options to kind, name, distribution and version")
    for name in ("versions", "hardware", "plugin"):
        if not _maps_to(content.get(name, {}), lambda value: isinstance(value, str)):
            raise ValueError(f"'{name}' is not a mapping of names to texts")


def _maps_to(value: object, allowed: Callable[[Any], bool]) -> bool:
    """Whether it is a mapping whose values are all allowed."""
    return isinstance(value, dict) and all(map(allowed, value.values()))


def _is_part(value: object) -> bool:
    known = isinstance(value, dict) and {"kind", "name", "distribution", "version"} <= value.keys()
    return known and _maps_to(value, lambda text: isinstance(text, str))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
