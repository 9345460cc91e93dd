"""The rows of `ganzoo list`, remembered from one command to the next.

Importing every declaration takes longer than a list may. So the rows are kept in the cache beside the size and time of
each file and folder they were made from, and are made anew as soon as one differs.
"""

import hashlib
import json
import os
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo.errors import GanzooError, one_line
from ganzoo.io.files import cache_folder, write_atomically
from ganzoo.runs.protocol import is_left, scale_of

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog, RegisteredModel
    from ganzoo.catalog.plugin import Plugin
    from ganzoo.catalog.registry import Preset

Row = dict[str, Any]
Stamp = tuple[int, int] | None
"""Time of change in nanoseconds and size in bytes; None for what is not there."""

_SCHEMA = 7
_PROTOCOL_KEYS = (
    *("metric", "data_fingerprint", "size", "budget", "set", "tiny", "settings_fingerprint"),
    *("encoder", "held_out", "n_fake", "date", "commit"),
    *("painted_at", "painting", "crops", "version"),
)
"""Fields that must be equal for results to count as seeds of one measurement."""
_MAX_FILES = 20
"""The most cache files: there is one for each virtual environment, set of flags and registry.yaml."""


def cached_rows(*, third_party: bool = True, registry: Path | None = None) -> list[Row]:
    """One row for each model, preset and bad plugin; arguments as for `ganzoo.config.resolve.open_catalog`.

    A declaration that depends on anything but files on the module path changes its row only after `ganzoo plugins`.
    """
    if rows := _read_cache(_cache_file(third_party, registry)):
        return rows
    from ganzoo.config.resolve import open_catalog

    catalog = open_catalog(third_party=third_party, registry=registry)
    return cache_rows(catalog, third_party=third_party, registry=registry)


def cache_rows(catalog: "Catalog", *, third_party: bool = True, registry: Path | None = None) -> list[Row]:
    """The rows of a catalogue opened with these arguments, which the next `listing` will give."""
    rows = build_rows(catalog)
    _write_cache(_cache_file(third_party, registry), rows, _dependencies(catalog, registry))
    return rows


def build_rows(catalog: "Catalog") -> list[Row]:
    """The rows of everything registered: published models, models, presets, then plugins that give nothing."""
    bad = [plugin for plugin in catalog.plugins if not plugin.models and plugin.status != "ok"]
    rows = [*_published_rows(catalog), *map(_model_row, catalog.models), *_preset_rows(catalog), *map(_bad_row, bad)]
    rows += [_broken_row(name, why) for name, why in _broken(catalog).items()]
    return [{"score": _score_text(catalog, row["name"]), **row} for row in rows]


def _score_text(catalog: "Catalog", name: str) -> str:
    """The newest recorded score in words: the mean over its seeds, the interval that covers each, floor and terms."""
    newest = catalog.registry.newest_of(name)
    if newest is None:
        return ""
    results = catalog.registry.results_of(name)
    alike = [result for result in results if all(result.get(key) == newest.get(key) for key in _PROTOCOL_KEYS)]
    low, high = (function(end for one in alike for end in one["interval"]) for function in (min, max))
    mean = sum(one["score"] for one in alike) / len(alike)
    if is_left(newest["metric"]):
        return f"{mean:.0f} % left ({low:.0f} to {high:.0f}) {_seen(newest, alike)}"
    score = f"{1000 * mean:.0f} ({1000 * low:.0f} to {1000 * high:.0f}, real {1000 * newest['floor']:.0f})"
    quick = "quick " if newest.get("sources") else ""
    return f"{score} {quick}{newest['metric']}, {newest['data']}, {newest['budget']}"


def _seen(newest: Mapping[str, Any], alike: Sequence[Mapping[str, Any]]) -> str:
    """Of painted scores: by which encoder, what the others say, what is kept of the photos, and the terms."""

    def mean(values: Iterable[Any]) -> float:
        numbers = [float(value) for value in values]
        return sum(numbers) / len(numbers)

    others = [
        f"{mean(one['beside'][name]['score'] for one in alike):.0f} by {name.partition('-')[2]}"
        for name in newest.get("beside", {})
    ]
    kept = [f"{name} {mean(one[name] for one in alike):.2f}" for name in ("content", "contours") if name in newest]
    by = ", ".join([f"by {newest['metric'].partition('-')[2]}", *others, *kept])
    return f"{by}; {newest['data']}, {newest['budget']}"


def _published_rows(catalog: "Catalog") -> list[Row]:
    """Trained models that can be used at once; `score` is what is published with them."""
    tasks = {name: model.spec.task for model in catalog.models for name in (model.spec.name, model.full_name)}
    return [
        {
            "name": name,
            "kind": "published",
            "task": tasks[one.model],
            "status": "ok",
            "plugin": f"of {one.model}",
            "summary": one.summary,
            "license": one.license,
            "score": "; ".join(map(score_text, one.scores, one.scores.values())),
        }
        for name, one in catalog.published.items()
        if one.model in tasks
    ]


def _broken(catalog: "Catalog") -> dict[str, str]:
    """Published models that can't be used, by name, and what is wrong."""
    models = {name for model in catalog.models for name in (model.spec.name, model.full_name)}
    strange = {one.name: one.model for one in catalog.published.values() if one.model not in models}
    return {**catalog.registry.broken, **{name: f"no model '{of}' is installed" for name, of in strange.items()}}


def _broken_row(name: str, why: str) -> Row:
    return {"name": name, "kind": "unusable", "task": "", "status": "broken", "plugin": "", "summary": why}


def score_text(metric: str, values: Sequence[float]) -> str:
    """A published score with its interval, as tables show it."""
    value, low, high = (scale_of(metric) * each for each in values)
    return f"{value:.0f}{' % left' if is_left(metric) else ''} ({low:.0f} to {high:.0f}) {metric}"


def _model_row(model: "RegisteredModel") -> Row:
    spec, plugin = model.spec, model.plugin
    return {
        "name": model.full_name if plugin.status == "clash" else spec.name,
        "kind": "model",
        "task": spec.task,
        "status": plugin.status,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "summary": f"{spec.summary} ({plugin.reason})" if plugin.reason else spec.summary,
        "paper": spec.paper,
        "license": spec.license,
    }


def _preset_rows(catalog: "Catalog") -> list[Row]:
    tasks = {name: model.spec.task for model in catalog.models for name in (model.spec.name, model.full_name)}
    return [
        {
            "name": name,
            "kind": "preset",
            "task": tasks.get(preset.model, ""),
            "plugin": f"of {preset.model}",
            **_preset_status(name, preset, catalog, tasks),
        }
        for name, preset in catalog.registry.presets.items()
    ]


def _preset_status(name: str, preset: "Preset", catalog: "Catalog", models: Container[str]) -> Row:
    """Whether the preset can be chosen, and whether what it sets is there. Values are checked when it runs."""
    from ganzoo.config.configuration import Layer, merged

    if name in models:
        return {"status": "clash", "summary": f"{preset.summary} (a model has that name: rename the preset)"}
    try:
        merged(catalog.model(preset.model), catalog, [Layer(origin=f"preset {name}", values=preset.set)])
    except GanzooError as error:
        return {"status": "broken", "summary": f"{preset.summary} ({one_line(error)})"}
    return {"status": "ok", "summary": preset.summary}


def _bad_row(plugin: "Plugin") -> Row:
    return {
        "name": plugin.name,
        "kind": "plugin",
        "task": "",
        "status": plugin.status,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "summary": plugin.reason,
    }


def _cache_file(third_party: bool, registry: Path | None) -> Path:
    """The file in the cache for what the command was asked and where Python would look for plugins."""
    own = os.path.abspath(registry or "registry.yaml")
    asked = [
        _SCHEMA,
        __file__,
        sys.version,
        sys.path,
        third_party,
        os.environ.get("GANZOO_PLUGINS"),
        own if os.path.exists(own) else None,
    ]
    return cache_folder() / "listing" / f"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]}.json"


def _dependencies(catalog: "Catalog", registry: Path | None) -> list[str]:
    """Every file that the rows depend on, and the folders in which a new file could change them."""
    from ganzoo.catalog.registry import registry_files

    modules = [
        file
        for name, module in sys.modules.items()
        if name.partition(".")[0] not in sys.stdlib_module_names and (file := getattr(module, "__file__", None))
    ]
    files = [*modules, *(file for plugin in catalog.plugins for file in plugin.files)]
    folders = [*map(os.path.dirname, files), *(entry or os.getcwd() for entry in sys.path)]
    return sorted({*files, *folders, *map(str, registry_files(registry))})


def _stamp(path: str) -> Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read_cache(file: Path) -> list[Row]:
    """The stored rows; empty when there is no cache file, it is damaged, or a file it depends on has changed."""
    try:
        content = json.loads(file.read_bytes())
        fresh = all(_stamp(path) == (stamp and tuple(stamp)) for path, stamp in content["sources"].items())
        rows: list[Row] = content["rows"] if fresh else []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # missing, cut off or damaged: made anew
        return []
    return rows


def _write_cache(file: Path, rows: list[Row], sources: Iterable[str]) -> None:
    """Keeps the rows; a list that can't be kept is only slower the next time."""
    content = {"sources": {path: _stamp(path) for path in sources}, "rows": rows}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(content))
        newest_first = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in islice(newest_first, _MAX_FILES, None):
            old.unlink()
