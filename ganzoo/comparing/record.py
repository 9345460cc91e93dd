"""Appends the results of a comparison to a registry.yaml and leaves its other lines as they are."""

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.registry import load_registry
from ganzoo.comparing.rows import Row, data_name
from ganzoo.config.resolve import configure_run
from ganzoo.errors import UsageError, one_line
from ganzoo.io.files import one_at_a_time, write_atomically
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.paths import RUN_FILE, SUMMARY
from ganzoo.runs.run_file import read_run_file

_HEADING = "results:"
_PRESET = "preset "
_OWN = ("budget", "score_every", "data", "style")
"""Options that a result lists in fields of their own."""
_TRAINED = ("steps", "images", "images_per_second")
_PAINTED = ("painted_at", "painting", "crops", "version")
"""Fields that only the protocol of a painted score fills."""


class _NoAliases(yaml.SafeDumper):
    """Writes repeated values in full, since the reader of registries refuses YAML aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Always true."""
        return True


def record(file: Path, rows: Sequence[Row], settings: Mapping[str, Any], catalog: Catalog) -> int:
    """Appends one entry for each run that has a score, and returns their number. Makes the file if it is missing.

    Of several processes that record at a time, one waits for the other, so no result is lost. Raises UsageError when
    the file can't be read or written, or is no registry.
    """
    entries = [_entry(row, row.best, settings, catalog) for row in rows if row.best is not None]
    if not entries:
        return 0
    place = file.resolve()  # what a link leads to, which is then replaced instead of the link
    try:
        with one_at_a_time(f"record-{hashlib.sha256(os.fsencode(place)).hexdigest()[:32]}"):
            text = place.read_text(encoding="utf-8") if place.is_file() else "schema: 1\n"
            write_atomically(place, with_results(text, entries))
            load_registry(place)  # raises if what was written can't be read back
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't write '{file}': {one_line(error)}") from None
    return len(entries)


def with_results(text: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """The text of a registry with the entries appended to its section `results`, which is added if it is missing.

    Raises UsageError when that section is written on one line.
    """
    text_of = yaml.dump(list(entries), Dumper=_NoAliases, sort_keys=False, width=110, allow_unicode=True)
    body = text_of.rstrip().split("\n")
    lines = text.rstrip("\n").split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith(_HEADING)), None)
    if start is None:
        return "\n".join([*lines, "", _HEADING, *body, ""])
    if lines[start].partition("#")[0].removeprefix(_HEADING).strip() not in ("", "[]"):
        raise UsageError("the section 'results' is written on one line: write its entries as a list below it")
    end = next((i for i in range(start + 1, len(lines)) if lines[i][:1] not in ("", " ", "-", "#")), len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # comments and blank lines before the next section belong to that section
    return "\n".join([*lines[:start], _HEADING, *lines[start + 1 : end], *body, *lines[end:], ""])


def _entry(row: Row, best: Evaluation, settings: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """One result; `registry.yaml` shows its keys in this order."""
    content = read_run_file(Path(row.folder))
    configuration = content["configuration"]
    return {
        **_setup(row, best, settings, configuration),
        **fingerprint_of(_result_name(row, configuration), configuration, catalog),
        **_scores(row, best),
        **_environment(content),
        "date": _end_date(Path(row.folder)),
    }


def _setup(row: Row, best: Evaluation, settings: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What was trained, and on what."""
    protocol = best.protocol
    return {
        "name": _result_name(row, configuration),
        "model": row.model,
        "data": row.data,
        **({"style": data_name(configuration, "style"), "sources": protocol.sources} if protocol.sources else {}),
        "data_fingerprint": protocol.data,
        "size": protocol.size,
        "budget": row.budget,
        "set": {key: value for key, value in settings["options"].items() if key not in _OWN},
        "tiny": settings["tiny"],
        "seed": row.seed,
    }


def fingerprint_of(name: str, recorded: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> dict[str, str]:
    """By its key in a result, the fingerprint of the preset's settings.

    It is left out for a model, and where the preset has changed since the run began.
    """
    preset, origin = catalog.registry.presets.get(name), f"{_PRESET}{name}"
    if preset is None:
        return {}
    described = configure_run(name, catalog).describe()
    old, new = (
        {key: one["value"] for key, one in values.items() if one["origin"] == origin}
        for values in (recorded, described)
    )
    added = [key for key in new if recorded.get(key, {}).get("origin") == "default"]
    same = all(key in new and new[key] == value for key, value in old.items()) and not added
    return {"settings_fingerprint": preset.fingerprint} if same else {}


def _scores(row: Row, best: Evaluation) -> dict[str, Any]:
    """The best score with its protocol, the last score, and what the training cost."""
    protocol, last = best.protocol, row.last or best
    return {
        "metric": protocol.metric,
        "score": _rounded(best.score.value),
        "interval": [_rounded(best.score.low), _rounded(best.score.high)],
        **{name: _rounded(best.others[name]) for name in ("content", "contours") if name in best.others},
        **({"beside": {one.protocol.metric: _beside(one) for one in best.beside}} if best.beside else {}),
        "floor": _rounded(best.floor.value),
        "ceiling": _rounded(best.ceiling),
        "step": best.step,
        "last": _rounded(last.score.value),
        **{key: value for key in _TRAINED if (value := getattr(row, key)) is not None},
        "n_real": protocol.n_real,
        "n_fake": protocol.n_fake,
        "held_out": protocol.held_out,
        "encoder": protocol.encoder,
        "preprocessing": protocol.preprocessing,
        **{name: getattr(protocol, name) for name in _PAINTED if protocol.painted},
        "weights": best.weights,
    }


def _beside(evaluation: Evaluation) -> dict[str, Any]:
    """What a further encoder says."""
    score = evaluation.score
    return {
        "score": _rounded(score.value),
        "interval": [_rounded(score.low), _rounded(score.high)],
        "content": _rounded(evaluation.others["content"]),
        "floor": _rounded(evaluation.floor.value),
        "encoder": evaluation.protocol.encoder,
    }


def _environment(content: Mapping[str, Any]) -> dict[str, Any]:
    """The machine and the versions."""
    threads = content["configuration"]["threads"]["value"] or "all"
    versions = content["versions"]
    return {
        "device": f"{content['device']}, {platform.machine()}, {threads} threads",
        "ganzoo": versions["ganzoo-core"],
        "torch": versions["torch"],
        "commit": versions.get("commit", ""),
    }


def _result_name(row: Row, configuration: Mapping[str, Mapping[str, Any]]) -> str:
    """The name that was compared. For a finished run, which was named by its folder, that of its preset or model."""
    if not (Path(row.name) / RUN_FILE).is_file():
        return row.name
    origins = (str(entry["origin"]) for entry in configuration.values())
    preset = next((origin for origin in origins if origin.startswith(_PRESET)), "")
    return preset.removeprefix(_PRESET) or row.model.rpartition("/")[2]


def _end_date(run: Path) -> str:
    """The day on which the run ended; the day on which it started if it wrote no summary."""
    file = next(path for path in (run / SUMMARY, run / RUN_FILE) if path.is_file())
    return f"{datetime.fromtimestamp(file.stat().st_mtime, UTC):%Y-%m-%d}"


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
