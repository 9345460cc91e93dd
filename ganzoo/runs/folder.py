"""A run and its folder: run.json, scalars.jsonl, samples/ and checkpoints/."""

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from ganzoo.config.configuration import Configuration
from ganzoo.config.units import Progress
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import write_atomically
from ganzoo.io.untrusted import check_links, parse_json, read_json
from ganzoo.runs.evaluation import Evaluation

RUN_FILE = "run.json"
SCORES = "scores.jsonl"
SUMMARY = "summary.json"
TIMELINE = "timeline.jsonl"
SCHEMA = 1
LOCK = ".lock"
OWNER = ".owner.json"
"""Who holds the lock."""
_CUT_OFF = 2**62
_OF_NO_RUN = (OWNER, LOCK, f".{RUN_FILE}.part")
"""What one that was killed at its very start leaves in its folder."""


@dataclass(kw_only=True)
class Run:
    """A training as plugins and users see it; `outcome` is empty until it ends."""

    folder: Path
    configuration: Configuration
    progress: Progress = field(default_factory=Progress)
    newest_sample: Path | None = None
    outcome: str = ""
    scalars: dict[str, float] = field(default_factory=dict)
    records_probabilities: bool = False
    """Whether D(real) and D(fake) among the scalars are probabilities, as those of a loss on logits."""

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.folder / "checkpoints"

    @property
    def samples(self) -> Path:
        """The folder of its sample grids."""
        return self.folder / "samples"

    def make_folders(self) -> None:
        """Makes those for samples and checkpoints. Raises StorageError when it can't."""
        try:
            for folder in (self.samples, self.checkpoints):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"can't write to '{file_name(self.folder)}': {one_line(error)}") from error

    def log(self, scalars: Mapping[str, float]) -> None:
        """Appends a line to scalars.jsonl. Raises StorageError when it can't."""
        self.scalars = dict(scalars)
        self._append("scalars.jsonl", self.scalars)

    def log_score(self, evaluation: Evaluation) -> None:
        """Appends a line to scores.jsonl. Raises StorageError when it can't."""
        progress = self.progress
        counters = {"images": progress.images, "seconds": round(progress.seconds, 3)}
        self._append(SCORES, {**evaluation.to_dict(), **counters})

    def log_moment(self, moment: Mapping[str, object]) -> None:
        """Appends a line to timeline.jsonl. Raises StorageError when it can't."""
        self._append(TIMELINE, moment)

    def scores(self) -> list[Evaluation]:
        """The scores taken so far, oldest first. Raises StorageError when scores.jsonl is damaged."""
        return recorded_scores(self.folder)

    def scalar_lines(self) -> list[dict[str, float]]:
        """The lines of scalars.jsonl; one that a crash cut off is left out."""
        return _whole_lines(self.folder / "scalars.jsonl", finite=False)

    def write_summary(self, summary: Mapping[str, object]) -> None:
        """Writes summary.json: how the run ended. Raises StorageError when it can't."""
        try:
            write_atomically(self.folder / SUMMARY, json.dumps(summary, indent=1) + "\n")
        except OSError as error:
            raise StorageError(f"can't write '{file_name(self.folder)}/{SUMMARY}': {one_line(error)}") from None

    def _append(self, name: str, content: Mapping[str, Any]) -> None:
        path, size = self.folder / name, None
        try:
            size = path.stat().st_size if path.exists() else 0
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(content) + "\n")
        except OSError as error:
            if size is not None:
                with suppress(OSError):  # half a line would spoil the next one too
                    os.truncate(path, size)
            raise StorageError(f"can't write '{file_name(self.folder)}/{name}': {one_line(error)}") from None

    def forget_after(self, step: int) -> None:
        """Drops logged lines, scores and samples of later steps, which a run resumed from `step` makes anew.

        Raises StorageError when it can't.
        """
        try:
            self._forget_after(step)
        except OSError as error:
            raise StorageError(
                f"can't put '{file_name(self.folder)}' back to step {step}: {one_line(error)}"
            ) from error

    def _forget_after(self, step: int) -> None:
        for path in (self.folder / "scalars.jsonl", self.folder / SCORES, self.folder / TIMELINE):
            kept = "".join(f"{line}\n" for line in _lines(path) if _step_of(line) <= step)
            if path.is_file() and path.read_bytes() != kept.encode():
                write_atomically(path, kept)
        (self.folder / SUMMARY).unlink(missing_ok=True)
        for sample in self.samples.glob("step-*.png"):
            number = sample.stem.removeprefix("step-")
            if number.isdecimal() and int(number) > step:
                sample.unlink()


def recorded_scores(folder: Path) -> list[Evaluation]:
    """The scores that a run took of itself, oldest first. Raises StorageError when scores.jsonl is damaged."""
    path = folder / SCORES
    try:
        return [Evaluation.from_dict(line) for line in _whole_lines(path)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def recorded_timeline(folder: Path) -> list[dict[str, Any]]:
    """The lines of timeline.jsonl: from which step on which budget held and how much of one in time was used up."""
    return _whole_lines(folder / TIMELINE)


def _whole_lines(path: Path, *, finite: bool = True) -> list[dict[str, Any]]:
    """The lines of a log; none without the file, and one that a crash cut off is left out."""
    return [parse_json(line, finite=finite) for line in _lines(path) if _step_of(line) < _CUT_OFF]


def file_name(path: Path) -> str:
    """The path as users wrote it: relative to the working folder where it is below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@contextmanager
def claimed_folder(model: str, out: Path | None, *, overwrite: bool) -> Iterator[Path]:
    """Finds, makes and locks the run folder, `out` or the first free runs/<model>-<number>; changes nothing in it yet.

    If the block fails before it has written a run.json, a folder that was made here goes again. Raises UsageError
    when it holds anything (unless `overwrite` and it is a run's), is in use, or can't be written.
    """
    folder = out or _free_folder(Path("runs"), model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't write to '{folder}': {one_line(error)}") from None
    with locked(folder):
        try:
            _check_free(folder, overwrite=overwrite)
            yield folder
        finally:
            if folder.is_dir() and _holds_nothing(folder):
                for name in _OF_NO_RUN:
                    (folder / name).unlink(missing_ok=True)
                folder.rmdir()


def _check_free(folder: Path, *, overwrite: bool) -> None:
    if _holds_nothing(folder):
        return
    if not (folder / RUN_FILE).is_file():
        raise UsageError(f"'{folder}' is not empty and not a run folder, so it is left alone: give another")
    if not overwrite:
        raise UsageError(f"'{folder}' is a run already: resume it (--resume), replace it (--overwrite) or give another")


def _holds_nothing(folder: Path) -> bool:
    return {entry.name for entry in folder.iterdir()} <= set(_OF_NO_RUN)


def empty_folder(folder: Path) -> None:
    """Removes what an earlier run left in a claimed folder.

    run.json stays until it is replaced: a folder without it would be refused by --overwrite and --resume alike. Raises
    StorageError when something can't be removed.
    """
    try:
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in (LOCK, OWNER, RUN_FILE):
                entry.unlink()
    except OSError as error:
        raise StorageError(f"can't empty '{file_name(folder)}': {one_line(error)}") from error


def _free_folder(base: Path, model: str) -> Path:
    pattern = re.compile(rf"{re.escape(model)}-(\d+)")
    taken = [int(m[1]) for entry in (base.iterdir() if base.is_dir() else ()) if (m := pattern.fullmatch(entry.name))]
    return base / f"{model}-{max(taken, default=0) + 1}"


@contextmanager
def locked(folder: Path, notice: Callable[[str], None] = lambda text: None) -> Iterator[None]:
    """Keeps other processes out of the run folder while the block runs; `notice` hears of a holder that died.

    The system gives the lock free when its holder dies, however that happens: none has to be removed by hand. Raises
    UsageError that names the process that holds it.
    """
    from filelock import FileLock, Timeout  # here, as looking at a run needs no lock

    owner = folder / OWNER
    try:
        held = FileLock(folder / LOCK).acquire(timeout=0)
    except Timeout:
        raise UsageError(f"'{folder}' is in use by another process{_named(owner)}") from None
    except OSError as error:
        raise UsageError(f"can't write to '{folder}': {one_line(error)}") from None
    with held:
        if owner.is_file():
            notice(f"the process that had '{file_name(folder)}' last{_named(owner)} ended without a word")
        with suppress(OSError):  # a full disk: the lock itself holds
            owner.write_text(json.dumps({"pid": os.getpid(), "host": platform.node()}))
        try:
            yield
        finally:
            owner.unlink(missing_ok=True)


def _named(owner: Path) -> str:
    """Who wrote the file, as far as it can be read."""
    try:
        known = read_json(owner)
        return f" ({int(known['pid'])} on {known['host']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def write_run_file(run: Run, facts: Mapping[str, Any]) -> None:
    """Writes run.json: the configuration with origins, versions, and the facts given.

    Raises StorageError when it can't.
    """
    configuration = run.configuration
    plugin = configuration.model.plugin
    content = {
        "schema": SCHEMA,
        "model": configuration.model.full_name,
        "plugin": {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version},
        "configuration": configuration.describe(),
        "versions": versions(),
        **facts,
    }
    try:
        write_atomically(run.folder / RUN_FILE, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise StorageError(f"can't write '{file_name(run.folder)}/{RUN_FILE}': {one_line(error)}") from error


def versions() -> dict[str, str]:
    """Versions that may change what a run computes."""
    packages = ("ganzoo-core", "torch", "torchvision", "timm", "kornia", "numpy", "pillow")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": str(os.cpu_count()),
        "commit": commit(),
    } | {name: metadata.version(name) for name in packages}


def commit() -> str:
    """The commit of the checkout that ganzoo runs from; nothing when it was installed or there is no git."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def read_run_file(folder: Path) -> dict[str, Any]:
    """The content of run.json.

    Raises UsageError when the folder is no run's or has a link that leads out of it, StorageError when it is damaged.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise UsageError(f"'{folder}' is not a run folder: it has no {RUN_FILE}")
    check_links(folder)
    try:
        content = read_json(path)
        if content["schema"] != SCHEMA:
            raise StorageError(f"'{path}' has schema {content['schema']!r}, this ganzoo reads {SCHEMA}")
        _check_content(content)
    except (OSError, ValueError, KeyError) as error:
        raise StorageError(f"'{path}' is damaged: {one_line(error)}") from None
    return content


def _check_content(content: Mapping[str, Any]) -> None:
    """Raises KeyError or ValueError unless all that is built from it has the form that `write_run_file` gave it."""
    if not isinstance(content["model"], str):
        raise ValueError("'model' is no text")
    entries, data = content["configuration"], content["data"]
    if not isinstance(entries, dict) or not all(
        isinstance(entry, dict) and {"value", "origin"} <= entry.keys() for entry in entries.values()
    ):
        raise ValueError("'configuration' is no mapping of names to values with origins")
    attributes = data["attributes"] if isinstance(data, dict) else None
    if not isinstance(attributes, dict) or not all(
        isinstance(values, list) and all(isinstance(value, str) for value in values) for values in attributes.values()
    ):
        raise ValueError("'data' has no 'attributes', or they are no mapping of names to lists of texts")
    if not isinstance(data.get("fingerprint"), str):
        raise ValueError("'data' has no 'fingerprint'")
    for name in ("versions", "hardware"):
        facts = content.get(name, {})
        if not isinstance(facts, dict) or not all(isinstance(value, str) for value in facts.values()):
            raise ValueError(f"'{name}' is no mapping of names to texts")


def _lines(path: Path) -> list[str]:
    """The lines of a log; where it is damaged, a sign stands for what can't be read."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def read_summary(folder: Path) -> dict[str, Any]:
    """The content of summary.json, nothing of a run that did not end. Raises StorageError when it is damaged."""
    path = folder / SUMMARY
    try:
        return read_json(path) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise StorageError(f"'{file_name(path)}' is damaged: {one_line(error)}") from None


def _step_of(line: str) -> int:
    """The step of a logged line; a line that a crash cut off is dropped as if it came later."""
    try:
        return int(parse_json(line, finite=False)["step"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return _CUT_OFF
