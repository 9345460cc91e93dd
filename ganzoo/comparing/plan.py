"""What a comparison consists of, and whether a folder holds this very one."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run
from ganzoo.config.units import Amount
from ganzoo.errors import PluginError, StorageError, UsageError, one_line
from ganzoo.runs.paths import LOCK, OWNER, RUN_FILE, file_name

FILE = "comparison.json"
RAY: Literal["ray"] = "ray"
Jobs = int | Literal["ray"]
"""Runs at a time on this machine, or as tasks of Ray wherever there is room."""
SCORES_A_RUN = 10
"""A run is scored this many times, so that its best moment is seen."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One run of a comparison: a model or preset with a seed, or a finished run in `folder`."""

    name: str
    seed: int
    folder: Path
    trained: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all runs share. `options` are settings and options for every run, `threads` those of one run."""

    names: tuple[str, ...]
    seeds: int = 1
    options: Mapping[str, object] = field(default_factory=dict)
    threads: int = 0
    tiny: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return json.loads(json.dumps(asdict(self), default=str))  # type: ignore[no-any-return]  # a dict stays one


def settings_of(
    names: Sequence[str],
    *,
    budget: str,
    seeds: int,
    options: Mapping[str, object],
    jobs: Jobs,
    threads: int,
    tiny: bool,
) -> Settings:
    """The settings for all runs: the budget, scores at every tenth of it, and a share of the cores for each of `jobs`.

    A task of Ray has one core unless `threads` says otherwise: how many its machine has is not known here.
    Raises UsageError for a budget that is none, for an option that a comparison sets itself, and for Ray where it is
    not installed.
    """
    if jobs == RAY and find_spec(RAY) is None:
        raise UsageError("--jobs ray needs Ray, which is not installed: pip install 'ganzoo-core[ray]'")
    if clash := sorted({"budget", "score_every", "seed"} & options.keys()):
        raise UsageError(f"{clash[0]}: a comparison sets it for all runs alike, by its budget and its seeds")
    try:
        amount = Amount.parse(budget)
    except ValueError as error:
        raise UsageError(f"budget={budget!r}: {error}") from None
    interval = f"{amount.value / SCORES_A_RUN:.10g}{amount.unit}"
    return Settings(
        names=tuple(names),
        seeds=seeds,
        options={"budget": str(amount), "score_every": interval, **options},
        threads=threads or (1 if jobs == RAY else max(1, (os.cpu_count() or 1) // jobs)),
        tiny=tiny,
    )


def entries_of(settings: Settings, catalog: Catalog, folder: Path) -> list[Entry]:
    """Every run of the comparison, whose new ones live below `folder`.

    Raises UsageError for a name that is neither a model, a preset nor a run folder and for one that is given twice; a
    model whose plugin is broken stays, with its problem.
    """
    entries = [entry for name in settings.names for entry in _entries(name, settings, catalog, folder)]
    places = [entry.folder for entry in entries]
    if doubled := sorted({entry.name for entry in entries if places.count(entry.folder) > 1}):
        raise UsageError(f"{', '.join(doubled)}: given more than once")
    return entries


def _entries(name: str, settings: Settings, catalog: Catalog, folder: Path) -> list[Entry]:
    path = Path(name)
    if (path / RUN_FILE).is_file():
        return [Entry(name=file_name(path), seed=_seed_of(path), folder=path.resolve(), trained=True)]
    problem = ""
    try:
        configure_run(name, catalog, options=settings.options, tiny=settings.tiny)
    except PluginError as error:
        problem = str(error)
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    return [
        Entry(name=name, seed=seed, folder=folder / f"{safe}-{seed}", problem=problem) for seed in range(settings.seeds)
    ]


def _seed_of(run: Path) -> int:
    try:
        return int(json.loads((run / RUN_FILE).read_text())["configuration"]["seed"]["value"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"'{run / RUN_FILE}' is damaged: {one_line(error)}") from None


def check_same(folder: Path, settings: Settings) -> bool:
    """Whether the folder holds this comparison already, to go on with.

    Raises UsageError when it holds another one or something else.
    """
    if not folder.exists() or {entry.name for entry in folder.iterdir()} <= {LOCK, OWNER}:
        return False
    try:
        old = json.loads((folder / FILE).read_text())["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"'{folder}' is not empty and holds no comparison, so it is left alone: give another"
        ) from None
    new = settings.to_dict()
    if other := sorted(key for key in {*old, *new} if old.get(key) != new.get(key)):
        raise UsageError(
            f"'{folder}' holds a comparison with other {', '.join(other)}: give another --out, or the same"
        )
    return True


def free_folder(base: Path = Path("comparisons")) -> Path:
    """The first folder comparisons/<number> that is not there."""
    taken = [int(entry.name) for entry in (base.iterdir() if base.is_dir() else ()) if entry.name.isdigit()]
    return base / str(max(taken, default=0) + 1)
