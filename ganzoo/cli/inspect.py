"""`ganzoo show` and `plugins`: what is registered, in detail. Neither imports torch."""

from typing import TYPE_CHECKING, Any, get_args

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.cli.console import Format, complain, rows_as, say, table
from ganzoo.cli.rows import cache_rows, score_text
from ganzoo.errors import UsageError
from ganzoo.options import PartKind
from ganzoo.runs.protocol import scale_of

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog, RegisteredModel
    from ganzoo.catalog.published import Published
    from ganzoo.catalog.registry import Preset
    from ganzoo.config.configuration import Configuration


COLUMNS = ("name", "status", "package", "models", "parts", "reason")


@click.command("plugins")
@format_option
@click.pass_obj
def list_plugins(context: Context, form: Format) -> None:
    """Lists plugins and what is wrong with them.

    Every plugin is loaded afresh. The list says what each declares.
    """
    catalog = context.catalog()
    cache_rows(catalog, third_party=context.third_party, registry=context.registry)
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
    rows_as(form, rows, COLUMNS, folding=("parts", "reason"))


@click.command("show")
@click.argument("name", required=False)
@click.option("--parts", "of_parts", is_flag=True, help="All parts instead, or those of the kind NAME, such as loss.")
@format_option
@click.pass_obj
def show(context: Context, name: str | None, of_parts: bool, form: Format) -> None:
    """Shows all options of a model or preset.

    Of the model or preset NAME: each option with its value, meaning, type and bounds; paper, licence and recorded
    results. Of a published model: what it was trained on and how, its scores, and where its file is.
    """
    catalog = context.catalog()
    if of_parts:
        columns = ("name", "kind", "task", "plugin", "options", "summary")
        rows_as(form, _part_rows(catalog, name), columns, folding=("options", "summary"))
    elif name is None:
        raise click.MissingParameter(param_hint="'NAME'", param_type="argument")
    elif name in catalog.published and not catalog.trains(name):
        _show_published(catalog.published[name], form)
    else:
        _show_model(catalog, name, form)


def _part_rows(catalog: "Catalog", kind: str | None) -> list[dict[str, object]]:
    kinds = get_args(PartKind)
    if kind not in (None, *kinds):
        raise UsageError(f"no parts of the kind '{kind}'. The kinds are {', '.join(kinds)}")
    found = sorted(catalog.parts, key=lambda part: (kinds.index(part.spec.kind), part.spec.name))
    return [
        {
            "kind": part.spec.kind,
            "name": part.spec.name,
            "task": part.spec.task or "any",
            "plugin": part.full_name.rpartition("/")[0],
            "options": ", ".join(part.spec.options.model_fields),
            "summary": part.spec.summary,
            "paper": part.spec.paper,
        }
        for part in found
        if kind in (None, part.spec.kind)
    ]


def _show_model(catalog: "Catalog", name: str, form: Format) -> None:
    from ganzoo.config.resolve import configure_run

    model, preset = catalog.resolve(name)
    configuration = configure_run(name, catalog)
    for text in configuration.notices:
        complain(text)
    rows = _option_rows(configuration)
    facts = _facts(name, model, preset)
    found = catalog.registry.results_of(name)
    results = [{**result, "current": catalog.registry.is_current(result)} for result in found]
    if form is not Format.TABLE:
        rows_as(form, [{**facts, "options": rows, "results": results}], ())
        return
    for key, value in facts.items():
        if value:
            say(f"{key:>8}  {value}")
    table(map(_shown, rows), ("option", "value", "meaning"), folding=("value", "meaning"))
    if results:
        columns = (
            "score",
            "floor",
            "metric",
            "data",
            "size",
            "budget",
            "seed",
            "date",
            *(["preset"] if preset else []),
        )
        table(map(_result, results), columns, title="recorded results x1000, or per cent left", folding=("metric",))


def _show_published(model: "Published", form: Format) -> None:
    """The card of a published model."""
    scores = {metric: list(values) for metric, values in model.scores.items()}
    facts = {
        "name": f"{model.name}, a published model of {model.model}",
        "summary": model.summary,
        "trained": model.trained_on,
        "command": model.command,
        "took": model.took,
        "bad at": model.bad_at,
        "license": model.license,
        "credit": model.credit,
        "file": "\n          ".join(model.places),
        "size": f"{model.size / 1e6:.2f} MB",
        "sha256": "" if model.files else model.sha256,
        "picture": model.picture,
    }
    if form is not Format.TABLE:
        files = model.places[0] if len(model.places) == 1 else list(model.places)
        rows_as(form, [{**facts, "file": files, "size": model.size, "scores": scores}], ())
        return
    for key, value in facts.items():
        if value:
            say(f"{key:>8}  {value}")
    for metric, values in scores.items():
        say(f"{'score':>8}  {score_text(metric, values)}")


def _shown(row: dict[str, object]) -> dict[str, object]:
    """The type stands behind the meaning, and a list of names may continue in the next line."""
    value = str(row["value"]).replace(",", ", ") if " " not in str(row["value"]) else row["value"]
    return {**row, "value": value, "meaning": f"{row['meaning']} ({row['type']})"}


def _result(result: dict[str, Any]) -> dict[str, object]:
    scale = scale_of(result["metric"])
    low, high = (scale * end for end in result["interval"])
    score = f"{scale * result['score']:.0f} ({low:.0f} to {high:.0f})"
    settings = "as now" if result["current"] else "then"
    return {**result, "score": score, "floor": f"{scale * result['floor']:.1f}", "preset": settings}


def _facts(name: str, model: "RegisteredModel", preset: "Preset | None") -> dict[str, object]:
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
    from ganzoo.options import describe_type

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
