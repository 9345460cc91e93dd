"""Appends the results of a comparison to a registry.yaml, whose other lines stay as they are."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ganzoo.catalog.registry import load_registry
from ganzoo.comparing.rows import Row, data_name
from ganzoo.errors import UsageError, one_line
from ganzoo.io.files import write_atomically
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.paths import RUN_FILE, SUMMARY
from ganzoo.runs.run_file import read_run_file

_HEADING = "results:"
_PRESET = "preset "
_OWN = ("budget", "score_every", "data", "style")
"""Options that stand elsewhere in a result."""


class _NoAliases(yaml.SafeDumper):
    """Writes a value that occurs twice twice, as a registry with aliases is not read."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def record(file: Path, rows: Sequence[Row], settings: Mapping[str, Any]) -> int:
    """Adds one entry for each run with a score and says how many.

    Raises UsageError when the file can't be read or written, or is no registry.
    """
    entries = [_entry(row, row.best, settings) for row in rows if row.best is not None]
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


def _entry(row: Row, best: Evaluation, settings: Mapping[str, Any]) -> dict[str, Any]:
    content = read_run_file(Path(row.folder))
    configuration = content["configuration"]
    protocol = best.protocol
    versions = content["versions"]
    last = row.last or best
    return {
        "name": _called(row, configuration),
        "model": row.model,
        "data": row.data,
        **({"style": data_name(configuration, "style"), "sources": protocol.sources} if protocol.sources else {}),
        "data_fingerprint": protocol.data,
        "size": protocol.size,
        "budget": row.budget,
        "set": {key: value for key, value in settings["options"].items() if key not in _OWN},
        "tiny": settings["tiny"],
        "seed": row.seed,
        "metric": protocol.metric,
        "score": _rounded(best.score.value),
        "interval": [_rounded(best.score.low), _rounded(best.score.high)],
        **({"content": _rounded(best.others["content"])} if "content" in best.others else {}),
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
        "device": f"{content['device']}, {platform.machine()}, {configuration['threads']['value'] or 'all'} threads",
        "ganzoo": versions["ganzoo-core"],
        "torch": versions["torch"],
        "commit": versions.get("commit", ""),
        "date": _ended(Path(row.folder)),
    }


def _called(row: Row, configuration: Mapping[str, Mapping[str, Any]]) -> str:
    """What was compared, or of a finished run, which goes by its folder, the preset or model that it is a run of."""
    if not (Path(row.name) / RUN_FILE).is_file():
        return row.name
    origins = (str(entry["origin"]) for entry in configuration.values())
    preset = next((origin for origin in origins if origin.startswith(_PRESET)), "")
    return preset.removeprefix(_PRESET) or row.model.rpartition("/")[2]


def _ended(run: Path) -> str:
    """The day on which the run ended, or was started if it never said that it ended."""
    file = next(path for path in (run / SUMMARY, run / RUN_FILE) if path.is_file())
    return f"{datetime.fromtimestamp(file.stat().st_mtime, UTC):%Y-%m-%d}"


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
