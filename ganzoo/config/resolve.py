"""From names to a checked configuration: opens the catalogue and resolves a model, a preset or a recorded run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo.catalog.discovery import discover
from ganzoo.catalog.lookup import Catalog, RegisteredModel
from ganzoo.catalog.registry import load_registry
from ganzoo.io.names import user_path
from ganzoo.specs import Task

# Checking options needs pydantic's validators. Listing models does not, and must be fast.
if TYPE_CHECKING:
    from ganzoo.config.configuration import Configuration, Layer

TINY: Mapping[Task, Mapping[str, object]] = {
    "generate": {"size": "16", "batch": 8, "budget": "20steps", "precision": "fp32"},
    "translate": {"size": "16", "batch": 4, "budget": "10steps", "precision": "fp32"},
}
"""What `--tiny` sets for every model of a task."""

YOUNGER: Mapping[str, Mapping[str, object]] = {"crop": {"value": False, "origin": "default"}}
"""Options that a run from before them had in effect, where that is not their default."""


def open_catalog(*, third_party: bool = True, registry: Path | None = None) -> Catalog:
    """Everything that is registered on this machine; `registry` names a file with presets of your own."""
    return Catalog(discover(third_party=third_party), load_registry(registry))


def configure_run(
    model: str,
    catalog: Catalog,
    *,
    options: Mapping[str, object] | None = None,
    config: str | Path | None = None,
    tiny: bool = False,
    settings: Mapping[str, object] | None = None,
) -> "Configuration":
    """The checked configuration of a run, without importing torch; arguments as for `run`."""
    from ganzoo.config.configuration import Layer, configure, namesake_notices, own_part_notices
    from ganzoo.io.yamlfile import Options, read_options

    registered, preset = catalog.resolve(model)
    flags = given(settings or {})
    file = read_options(user_path(config)) if config else Options(values={})
    presets = [Layer(origin=f"preset {model}", values=preset.set)] if preset else []
    layers = [
        *presets,
        # After the preset, whose budget is minutes: tiny means seconds.
        *([_tiny(registered, catalog, presets)] if tiny else []),
        Layer(origin=f"file {config}", values=file.values, lines=file.lines),
        # The data named by a flag are chosen first, so that options (data.count) are those of these data.
        Layer(origin="flag", values={key: value for key, value in flags.items() if key in ("data", "style")}),
        Layer(origin="set", values=options or {}),
        Layer(origin="flag", values={key: value for key, value in flags.items() if key not in ("data", "style")}),
    ]
    configuration = configure(registered, catalog, layers)
    # Only here: what a run recorded has been said when it began.
    namesakes = dict.fromkeys(text for layer in layers for text in namesake_notices(layer.values, catalog))
    own = own_part_notices(configuration, catalog)
    return replace(configuration, notices=(*configuration.notices, *namesakes, *own))


def _tiny(model: "RegisteredModel", catalog: Catalog, presets: "Sequence[Layer]") -> "Layer":
    """What `--tiny` sets: for the task, for each part that the model or its preset chose, and for the model itself."""
    from ganzoo.config.configuration import Layer, merged

    root = merged(model, catalog, presets).root
    parts = {f"{key}.{option}": value for key, part in root.walk() for option, value in part.spec.tiny.items()}
    counts = {f"{key}.count": 64 for key, part in root.walk() if part.spec.kind == "dataset" and "count" in part.fields}
    return Layer(origin="tiny", values={**TINY[model.spec.task], **counts, **parts, **model.spec.tiny})


def recorded_configuration(
    content: Mapping[str, Any], catalog: Catalog, extra: "Iterable[Layer]" = ()
) -> "Configuration":
    """The configuration that a run.json recorded, each value with its old origin.

    Raises PluginError, with the package that is needed, where the model or one of its parts is not installed.
    """
    from ganzoo.config.configuration import Layer, configure, fields_of
    from ganzoo.config.recorded import recorded_model, with_recorded_parts
    from ganzoo.config.renamed import with_new_names

    model = recorded_model(content, catalog)
    fields = fields_of(model.spec)
    values, notices = with_recorded_parts(content, catalog, model, fields)
    recorded = {**YOUNGER, **with_new_names(values, fields)}
    layers = [Layer(origin=str(entry["origin"]), values={key: entry["value"]}) for key, entry in recorded.items()]
    configuration = configure(model, catalog, [*layers, *extra])
    return replace(configuration, notices=(*configuration.notices, *notices))


def given(settings: Mapping[str, object]) -> dict[str, object]:
    """The settings that were given: those that are not None."""
    return {key: value for key, value in settings.items() if value is not None}
