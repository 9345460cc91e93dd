"""Appends the results of a comparison to a registry.yaml, whose other lines stay as they are."""

import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ganzoo.compare.rows import Row
from ganzoo.errors import UsageError, one_line
from ganzoo.files import write_atomically
from ganzoo.registry import load_registry
from ganzoo.runs import read_run_file, versions
from ganzoo.scoring.evaluation import Evaluation

_HEADING = "results:"
_OWN = ("budget", "score_every", "data")
"""Options that stand elsewhere in a result."""


class _NoAliases(yaml.SafeDumper):
    """Writes a value that occurs twice twice, as a registry with aliases is not read."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def record(file: Path, rows: Sequence[Row], settings: Mapping[str, Any], date: str) -> int:
    """Adds one entry for each run with a score and says how many.

    Raises UsageError when the file can't be read or written, or is no registry.
    """
    entries = [_entry(row, row.best, settings, date) for row in rows if row.best is not None]
    if not entries:
        return 0
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else "schema: 1\n"
        write_atomically(file, with_results(text, entries))
    except OSError as error:
        raise UsageError(f"can't write '{file}': {one_line(error)}") from None
    load_registry(file)  # what was written can be read
    return len(entries)


def with_results(text: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """The text of a registry with the entries at the end of its section `results`, which is made if need be."""
    text_of = yaml.dump(list(entries), Dumper=_NoAliases, sort_keys=False, width=110, allow_unicode=True)
    body = text_of.rstrip().split("\n")
    lines = text.rstrip("\n").split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith(_HEADING)), None)
    if start is None:
        return "\n".join([*lines, "", _HEADING, *body, ""])
    if lines[start].partition("#")[0].removeprefix(_HEADING).strip() not in ("", "[]"):
        raise UsageError("the section 'results' is written on one line; write its entries as a list below it")
    end = next((i for i in range(start + 1, len(lines)) if lines[i][:1] not in ("", " ", "-", "#")), len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # comments and blank lines before the next section belong to it
    return "\n".join([*lines[:start], _HEADING, *lines[start + 1 : end], *body, *lines[end:], ""])


def _entry(row: Row, best: Evaluation, settings: Mapping[str, Any], date: str) -> dict[str, Any]:
    content = read_run_file(Path(row.folder))
    configuration = content["configuration"]
    protocol = best.protocol
    last = row.last or best
    return {
        "name": row.name,
        "model": row.model,
        "data": _data_name(configuration),
        "data_fingerprint": protocol.data,
        "size": protocol.size,
        "budget": configuration["budget"]["value"],
        "set": {key: value for key, value in settings["options"].items() if key not in _OWN},
        "tiny": settings["tiny"],
        "seed": row.seed,
        "metric": protocol.metric,
        "score": _rounded(best.score.value),
        "interval": [_rounded(best.score.low), _rounded(best.score.high)],
        "floor": _rounded(best.floor.value),
        "ceiling": _rounded(best.ceiling),
        "step": best.step,
        "last": _rounded(last.score.value),
        "steps": row.steps,
        "images": row.images,
        "images_per_second": row.images_per_second,
        "n_real": protocol.n_real,
        "n_fake": protocol.n_fake,
        "held_out": protocol.held_out,
        "encoder": protocol.encoder,
        "preprocessing": protocol.preprocessing,
        "weights": best.weights,
        "device": f"{content['device']}, {platform.machine()}, {settings.get('threads') or 'all'} threads",
        "ganzoo": versions()["ganzoo-core"],
        "torch": versions()["torch"],
        "commit": commit(),
        "date": date,
    }


def _data_name(configuration: Mapping[str, Mapping[str, Any]]) -> str:
    """The data set's name; of a folder the last part of its path, as the rest is the user's own affair."""
    path = configuration.get("data.path", {}).get("value")
    return Path(str(path)).name if path else str(configuration["data"]["value"])


def commit() -> str:
    """The commit of the working folder's checkout, or nothing when it is none."""
    try:
        done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
