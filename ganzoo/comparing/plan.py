"""The plan of a comparison: its settings, its runs, and whether a folder already holds it."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run
from ganzoo.config.units import Amount
from ganzoo.errors import GanzooError, PluginError, StorageError, UsageError, one_line
from ganzoo.io import checked
from ganzoo.io.names import unusable
from ganzoo.io.untrusted import check_links, read_json
from ganzoo.runs.claim import holds_nothing
from ganzoo.runs.paths import RUN_FILE, file_name
from ganzoo.runs.run_file import read_run_file
from ganzoo.trained.finding import Trained, sought, where

FILE = "comparison.json"
RAY: Literal["ray"] = "ray"
Jobs = int | Literal["ray"]
"""The number of runs at a time on this machine, or "ray" for tasks of Ray, which run wherever there is room."""
TINY_HELD_OUT = 0.25
"""Of the 64 images of a tiny run these are 16, the fewest that are held out."""
SCORES_PER_RUN = 10
"""How often a run is scored during its budget, to catch its best checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One run of a comparison.

    `trained` marks a finished run that the user named by its folder, or a published model, with the checkpoint `which`
    if one was asked for. `problem` says why the run can't be trained.
    """

    name: str
    seed: int
    folder: Path
    trained: bool = False
    which: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all runs of a comparison share.

    `options` are the settings and model options of every run. `threads` is the number of CPU threads of one run.
    With `quick`, translators get the quick score instead of the painted one.
    """

    names: tuple[str, ...]
    seeds: int = 1
    options: Mapping[str, object] = field(default_factory=dict)
    threads: int = 0
    tiny: bool = False
    quick: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON. `quick` is left out unless set: older comparisons lack it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain if self.quick else {key: value for key, value in plain.items() if key != "quick"}


def settings_of(
    names: Sequence[str],
    *,
    budget: str,
    seeds: int,
    options: Mapping[str, object],
    jobs: Jobs,
    threads: int,
    tiny: bool,
    quick: bool = False,
) -> Settings:
    """The settings for all runs. Each run is scored at every tenth of the budget and gets its share of the cores.

    A task of Ray gets one core unless `threads` is given, since the number of cores on its machine is not known here.

    Raises UsageError for an invalid budget, for an option that the comparison sets itself, and for "ray" when Ray is
    not installed.
    """
    _check_ray(jobs)
    _check_options(options)
    try:
        amount = Amount.parse(budget)
    except ValueError as error:
        raise UsageError(f"budget={budget!r}: {error}") from None
    interval = f"{amount.value / SCORES_PER_RUN:.10g}{amount.unit}"
    held_out = {"held_out": TINY_HELD_OUT} if tiny else {}
    return Settings(
        names=tuple(names),
        seeds=seeds,
        options={"budget": str(amount), "score_every": interval, **held_out, **options},
        threads=threads or _threads_per_run(jobs),
        tiny=tiny,
        quick=quick,
    )


def _check_ray(jobs: Jobs) -> None:
    if jobs == RAY and find_spec(RAY) is None:
        raise UsageError("--jobs ray needs Ray, which is not installed: pip install 'ganzoo-core[ray]'")


def _check_options(options: Mapping[str, object]) -> None:
    if clash := sorted({"budget", "score_every", "seed"} & options.keys()):
        raise UsageError(f"{clash[0]}: a comparison sets it for all runs: give a budget and a number of seeds instead")


def _threads_per_run(jobs: Jobs) -> int:
    return max(1, (os.cpu_count() or 1) // jobs) if isinstance(jobs, int) else 1


def entries_of(settings: Settings, catalog: Catalog, folder: Path) -> list[Entry]:
    """All runs of the comparison. Those that are still to be trained get subfolders of `folder`.

    A model whose plugin is broken keeps its entry, which names the problem.

    Raises UsageError for a name that is no model, preset, run folder or published model, and for one given twice.
    """
    entries = [entry for name in settings.names for entry in _entries(name, settings, catalog, folder)]
    places = [entry.folder for entry in entries]
    if doubled := sorted({entry.name for entry in entries if places.count(entry.folder) > 1}):
        raise UsageError(f"{', '.join(doubled)}: given more than once; name each model or run once")
    return entries


def _entries(name: str, settings: Settings, catalog: Catalog, folder: Path) -> list[Entry]:
    """The runs of one name: a finished run is one entry, a model or preset has one for each seed."""
    try:
        found = _finished(name, catalog)
    except StorageError as error:  # the file of a published model is damaged
        return [Entry(name=name, seed=0, folder=folder / _safe(name), trained=True, problem=str(error))]
    if found is not None:
        return [_finished_entry(found)]
    problem = ""
    try:
        configure_run(name, catalog, options=settings.options, tiny=settings.tiny)
    except PluginError as error:
        problem = str(error)
    place = _safe(name)
    return [
        Entry(name=name, seed=seed, folder=folder / f"{place}-{seed}", problem=problem)
        for seed in range(settings.seeds)
    ]


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)


def _finished_entry(found: Trained) -> Entry:
    """The entry of a finished run. One whose files are damaged keeps its entry, which names the problem."""
    called = found.name or f"{file_name(found.folder)}{f'@{found.asked}' if found.asked else ''}"
    entry = Entry(name=called, seed=0, folder=found.folder.resolve(), trained=True, which=found.asked)
    try:
        return replace(entry, seed=_seed_of(entry.folder))
    except GanzooError as error:
        return replace(entry, problem=str(error))


def _finished(name: str, catalog: Catalog) -> Trained | None:
    """The run folder or published model of that name. A folder comes before a model or preset, and this before others.

    A name that no file can have is left to the models, whose error says so.
    """
    place = where(name)[0]
    if unusable(place) or (catalog.trains(place) and not (Path(place) / RUN_FILE).is_file()):
        return None
    return sought(name, catalog=lambda: catalog)


def _seed_of(run: Path) -> int:
    """Raises UsageError for a link that leads out of the run folder, StorageError for a file that is damaged."""
    content = read_run_file(run)
    try:
        return checked.whole(content["configuration"]["seed"]["value"], "seed")
    except (ValueError, KeyError) as error:
        raise StorageError(f"'{run / RUN_FILE}' is damaged: {one_line(error)}") from None


def can_resume(folder: Path, settings: Settings) -> bool:
    """Whether the folder already holds this comparison; False when it is empty or not there.

    Raises UsageError when it holds another comparison or something else, or a link that leads out of it.
    """
    if not folder.is_dir() or holds_nothing(folder):
        return False
    check_links(folder)
    try:
        old = checked.mapping(read_json(folder / FILE)["settings"], "settings")
    except FileNotFoundError:
        raise UsageError(
            f"'{folder}' is not empty and holds no comparison, so it is left alone: give another --out"
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"'{folder}' is left alone, since its {FILE} is damaged: {one_line(error)}: give another --out"
        ) from None
    new = settings.to_dict()
    if other := sorted(key for key in {*old, *new} if old.get(key) != new.get(key)):
        raise UsageError(
            f"'{folder}' holds a comparison with other {', '.join(other)}: give another --out, or the same settings"
        )
    return True


def next_folder(base: Path = Path("comparisons")) -> Path:
    """The folder comparisons/NUMBER with the next free number."""
    taken = [int(entry.name) for entry in (base.iterdir() if base.is_dir() else ()) if entry.name.isdecimal()]
    return base / str(max(taken, default=0) + 1)
