"""`ganzoo list`, `show` and `plugins`: what is registered. None of them imports torch."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from ganzoo.api import configure_run
from ganzoo.catalog import Catalog, RegisteredModel
from ganzoo.cli.app import app
from ganzoo.discovery import Plugin
from ganzoo.errors import UsageError
from ganzoo.options import PartChoice
from ganzoo.registry import Preset
from ganzoo.report import Format, rows_as, say, table

if TYPE_CHECKING:
    from ganzoo.configuration import Configuration

FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.")]


@app.command("list")
def list_models(
    context: typer.Context,
    task: Annotated[str | None, typer.Option(help="Only models that 'generate' or 'translate'.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Lists models and presets; a plugin that can't be used is a row with its reason."""
    if task not in (None, "generate", "translate"):
        raise UsageError(f"--task {task}: allowed are generate and translate")
    catalog: Catalog = context.obj.catalog()
    models = [_model_row(model) for model in catalog.models if task in (None, model.spec.task)]
    presets = _preset_rows(catalog, task)
    bad = (
        [] if task else [_bad_row(plugin) for plugin in catalog.plugins if not plugin.models and plugin.status != "ok"]
    )
    rows = [*models, *presets, *bad]
    if form is Format.NAMES:
        rows = [*models, *presets]
    rows_as(form, rows, ("name", "kind", "task", "status", "plugin", "summary"))


def _model_row(model: RegisteredModel) -> dict[str, object]:
    spec, plugin = model.spec, model.plugin
    clashes = plugin.status == "clash"
    return {
        "name": model.full_name if clashes else spec.name,
        "kind": "model",
        "task": spec.task,
        "status": plugin.status,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "summary": f"{spec.summary} ({plugin.reason})" if plugin.reason else spec.summary,
        "paper": spec.paper,
        "license": spec.license,
    }


def _preset_rows(catalog: Catalog, task: str | None) -> list[dict[str, object]]:
    tasks = {name: model.spec.task for model in catalog.models for name in (model.spec.name, model.full_name)}
    return [
        {
            "name": name,
            "kind": "preset",
            "task": tasks.get(preset.model, ""),
            "status": "ok" if preset.model in tasks else "broken",
            "plugin": f"of {preset.model}",
            "summary": preset.summary,
        }
        for name, preset in catalog.registry.presets.items()
        if task in (None, tasks.get(preset.model))
    ]


def _bad_row(plugin: Plugin) -> dict[str, object]:
    return {
        "name": plugin.name,
        "kind": "plugin",
        "task": "",
        "status": plugin.status,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "summary": plugin.reason,
    }


@app.command("plugins")
def list_plugins(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Lists plugins with what they declare and what is wrong with them."""
    catalog: Catalog = context.obj.catalog()
    rows = [
        {
            "name": plugin.name,
            "status": plugin.status,
            "package": f"{plugin.distribution} {plugin.version}",
            "models": ", ".join(spec.name for spec in plugin.models),
            "parts": ", ".join(f"{spec.kind} {spec.name}" for spec in plugin.parts),
            "reason": plugin.reason,
        }
        for plugin in catalog.plugins
    ]
    rows_as(form, rows, ("name", "status", "package", "models", "parts", "reason"))


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A model or preset.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Shows a model or preset: its options with type, default, bounds and meaning, paper and licence."""
    catalog: Catalog = context.obj.catalog()
    model, preset = catalog.resolve(name)
    configuration = configure_run(name, catalog)
    rows = _option_rows(configuration)
    facts = _facts(name, model, preset)
    if form is not Format.TABLE:
        rows_as(form, [{**facts, "options": rows}], ())
        return
    for key, value in facts.items():
        if value:
            say(f"{key:>8}  {value}")
    table(rows, ("option", "value", "type", "meaning"))


def _facts(name: str, model: RegisteredModel, preset: Preset | None) -> dict[str, object]:
    spec = model.spec
    return {
        "name": f"{name}, a preset of {model.full_name}" if preset else model.full_name,
        "summary": spec.summary,
        "task": spec.task,
        "paper": spec.paper,
        "license": spec.license,
        "package": f"{model.plugin.distribution} {model.plugin.version}",
        "weights": ", ".join(f"{w.name} ({w.license})" for w in spec.weights),
    }


def _option_rows(configuration: "Configuration") -> list[dict[str, object]]:
    described = {**type(configuration.options).model_fields, **type(configuration.settings).model_fields}
    for key, part in configuration.parts.items():
        described |= {f"{key}.{option}": field for option, field in part.spec.options.model_fields.items()}
    values = configuration.values()
    own = _own(configuration)
    return [
        {
            "option": key,
            "value": values[key],
            "type": describe_type(described[key]),
            "meaning": described[key].description or "",
            "origin": configuration.origins.get(key, "default"),
        }
        for key in sorted(values, key=lambda key: key not in own)  # a stable sort: the model's own first
    ]


def _own(configuration: "Configuration") -> frozenset[str]:
    """The keys of the model itself, which come before those of every run."""
    names = type(configuration.options).model_fields
    return frozenset(key for key in configuration.values() if key.partition(".")[0] in names)


def describe_type(field: FieldInfo) -> str:
    """A field's type and bounds in one short text, such as "float > 0, <= 1"."""
    bounds = []
    for constraint in field.metadata:
        bounds += [
            f"{sign} {limit:g}"
            for attribute, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
            if (limit := getattr(constraint, attribute, None)) is not None
        ]
    return " ".join([_type_name(field.annotation), ", ".join(bounds)]).strip()


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    if annotation is PartChoice:
        return "part"
    # A class has a name, any other annotation (tuple[int, ...], float | None) reads well as it is written.
    return annotation.__name__.lower() if isinstance(annotation, type) else str(annotation)
