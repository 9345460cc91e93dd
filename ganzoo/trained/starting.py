"""Reads the trained weights that a run is to start from, and finds them again when it is reproduced."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.engine import checkpoint
from ganzoo.engine.starting import Start
from ganzoo.errors import GanzooError, StorageError, UsageError
from ganzoo.io.names import user_path
from ganzoo.runs.paths import BEST, LATEST
from ganzoo.runs.run_file import read_run_file
from ganzoo.trained.finding import find, where
from ganzoo.trained.hub import PREFIX, is_pinned, parted
from ganzoo.trained.published import content_of
from ganzoo.weights.files import ENDING, PICKLED, read

_NETWORKS = ("generator", "discriminator")


def started(configuration: Configuration, catalog: Catalog) -> tuple[Configuration, Start | None]:
    """The weights that the configuration starts from, and the configuration with what names them for good.

    That is an absolute path with the step of the checkpoint, or a published name. Raises UsageError where there is
    nothing to start from, StorageError for a damaged file.
    """
    text = configuration.settings.start_from
    if not text:
        return configuration, None
    return _named(configuration, start_of(text, catalog, configuration))


def _named(configuration: Configuration, start: Start) -> tuple[Configuration, Start]:
    settings = configuration.settings.model_copy(update={"start_from": start.source})
    return replace(configuration, settings=settings), start


def start_of(text: str, catalog: Catalog, configuration: Configuration) -> Start:
    """The weights that `text` names: a run folder with or without a checkpoint, a published model, or a file.

    `configuration` is that of the run that starts from them.
    """
    file = user_path(text)
    plain = file.suffix in PICKLED or (file.suffix == ENDING and file.is_file() and content_of(file) is None)
    if plain and file.is_file():
        return Start(source=str(file.absolute()), live=read(file))  # which refuses a pickle, and says what to do
    found = find(text, catalog=lambda: catalog)
    content = read_run_file(found.folder)
    step, saved, problems = checkpoint.load(found.folder / "checkpoints", ("weights", "ema"), found.which)
    if not saved.tensors:
        raise StorageError(f"the checkpoint of '{found.shown}' has no weights")
    return Start(
        source=found.text if found.name else f"{found.text}@{step}",
        live=saved.tensors.get("weights", {}),
        averaged=saved.tensors.get("ema", {}),
        attributes={name: tuple(values) for name, values in content["data"]["attributes"].items()},
        networks=_other_networks(content["configuration"], configuration.values()),
        problems=problems,
    )


def _other_networks(theirs: Mapping[str, Any], ours: Mapping[str, object]) -> dict[str, object]:
    """The settings of the networks that made the weights, as far as they differ from those of the run."""
    networks = {key: entry["value"] for key, entry in theirs.items() if key.partition(".")[0] in _NETWORKS}
    return {key: value for key, value in networks.items() if key not in ours or ours[key] != value}


def recorded_start(
    folder: Path, content: Mapping[str, Any], configuration: Configuration, catalog: Catalog
) -> tuple[Configuration, Start | None]:
    """As `started`, for the run in `folder` that is made again, whose run.json is `content`.

    `configuration` says where the weights are now. Raises UsageError when they are gone or others.
    """
    text = configuration.settings.start_from
    if not text:
        return configuration, None
    recorded = content.get("start", {}).get("source", text)
    moved = "where it was moved, --from says where it is now"
    try:
        start = start_of(text, catalog, configuration)
    except GanzooError as error:
        other = "" if text == recorded else f" and '{text}', which was given instead,"
        can_not = f"which can't be read any more ({error})" if text == recorded else f"can't be read ({error})"
        raise UsageError(f"'{folder}' started from '{recorded}',{other} {can_not}; {moved}") from None
    if start.fingerprint != content.get("start", {}).get("weights"):
        there = "there are other weights now" if text == recorded else f"'{text}' has other weights"
        raise UsageError(f"'{folder}' started from '{recorded}', and {there}; {moved}")
    return _named(configuration, start)


def same_source(recorded: str, given: str) -> bool:
    """Whether a run that recorded one source may have been given the other, as far as their names tell."""
    if recorded.startswith(PREFIX):  # the commit that was recorded counts, wherever a branch is now
        then, commit = parted(recorded)
        now, revision = parted(given) if given.startswith(PREFIX) else ("", "")
        return then == now and (not is_pinned(revision) or revision == commit)
    place, asked = where(given)
    then, step = where(recorded)
    return then in (place, os.path.abspath(user_path(place))) and asked in ("", LATEST, BEST, step)
