"""Writes the pages that say what the code says: hooks, interfaces, options, commands, checks, and a page per model.

Called by conf.py at each build, so that none of them can be out of date; nothing of it is committed.
"""

import inspect
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import interface
from interface import signature

from ganzoo import hooks
from ganzoo.catalog.lookup import Catalog
from ganzoo.cli.app import COMMANDS, app
from ganzoo.cli.rows import score_text
from ganzoo.config.resolve import open_catalog
from ganzoo.config.settings import RunSettings
from ganzoo.runs.protocol import scale_of
from ganzoo.specs import ModelSpec, PartSpec
from ganzoo.testing.checks import DECLARATION, MODEL, PARTS

HERE = Path(__file__).parent
HOOKS = [name for name in vars(hooks) if name.startswith("ganzoo_")]


def pages() -> dict[str, str]:
    """Every generated page by its path below docs/."""
    catalog = open_catalog(third_party=False)
    return {
        "reference/index.md": _index(catalog),
        "reference/hooks.md": _hooks(),
        "reference/interfaces.md": _interfaces(),
        "reference/options.md": _options(catalog),
        "reference/commands.md": _commands(),
        "reference/checks.md": _checks(),
        "reference/published.md": _published(catalog),
        **{f"reference/models/{model.spec.name}.md": _model(model.spec, catalog) for model in catalog.models},
    }


def write(folder: Path = HERE) -> None:
    """Writes them all."""
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _index(catalog: Catalog) -> str:
    names = ["hooks", "interfaces", "options", "commands", "checks", *(f"models/{m.spec.name}" for m in catalog.models)]
    return "\n".join(["# Reference", "", "Generated from the code.", "", "```{toctree}", *names, "```", ""])


def _hooks() -> str:
    parts = ["# Hooks", "", "A plugin implements those it needs and marks each with `@ganzoo.hookimpl`.", ""]
    parts += [
        "What they receive, such as a [Run](interfaces.md#run): [interfaces](interfaces.md#what-hooks-receive).",
        "",
    ]
    for name in HOOKS:
        hook = getattr(hooks, name)
        parts += [f"## `{name}{signature(hook)}`", "", inspect.cleandoc(hook.__doc__ or ""), ""]
    return "\n".join(parts)


def _interfaces() -> str:
    parts = ["# Interfaces", "", "Every name that a plugin or a notebook may use.", ""]
    before = ""
    for module, name, value in interface.entries():
        if module != before and module not in interface.RECEIVED:
            parts += [f"## {module}", "", _prose(import_module(module).__doc__), ""]
        elif before not in interface.RECEIVED and module in interface.RECEIVED:
            told = "A listener reads from them. Methods that write are called by the engine."
            parts += ["## What hooks receive", "", told, ""]
        before = module
        parts += _class(name, value) if inspect.isclass(value) else _value(module, name, value)
    return "\n".join(parts)


def _value(module: str, name: str, value: Any) -> list[str]:
    """A function, or a name for something else."""
    prose = value.__doc__ if inspect.isroutine(value) else interface.text_of(module, name)
    return [f"### `{name}{signature(value)}`", "", _prose(prose), ""]


def _class(name: str, value: type) -> list[str]:
    parts = [f"### {name}", "", _prose(value.__doc__), ""]
    if bases := [f"[{one.__name__}](#{one.__name__.lower()})" for one in interface.bases(value)]:
        parts += [f"Derives from {' and '.join(bases)}.", ""]
    if built := interface.constructor(value):
        given = signature(built).removesuffix(" -> None").replace("(self, ", "(").replace("(self)", "()")
        parts += [f"Built as `{name}{given}`.", ""]
    if interface.attributes(value):
        parts += [*_table(value, "attribute"), ""]
    for key, member in interface.methods(value).items():
        told = _prose(inspect.getdoc(getattr(value, key)), indent="  ")
        parts += [f"- `{key}{signature(member)}`{': ' if told else ''}{told}"]
    return [*parts, ""]


def _prose(text: str | None, indent: str = "") -> str:
    """A docstring as Markdown: its angle brackets are no HTML."""
    lines = inspect.cleandoc(text or "").replace("<", "&lt;").splitlines()
    return f"\n{indent}".join(lines)


def _options(catalog: Catalog) -> str:
    parts = ["# Options", "", "Of every run, and of each part. Those of models are on the models' own pages.", ""]
    parts += ["## Settings of every run", "", *_table(RunSettings), ""]
    for part in catalog.parts:
        parts += [
            f"## {part.spec.kind} `{part.spec.name}`",
            "",
            f"{_facts(part.spec)}",
            "",
            *_table(part.spec.options),
            "",
        ]
    return "\n".join(parts)


def _facts(spec: ModelSpec | PartSpec) -> str:
    site = "https://doi.org" if spec.paper.startswith("10.") else "https://arxiv.org/abs"
    paper = f"[{spec.paper}]({site}/{spec.paper})" if spec.paper else ""
    return f"{spec.summary[:1].upper()}{spec.summary[1:]}{f' ({paper})' if paper else ''}."


def _table(owner: type, what: str = "option") -> list[str]:
    """Options or attributes with their defaults, types and meanings."""
    found = interface.attributes(owner)
    if not found:
        return ["It has no options."]
    option = what == "option"
    rows = [[what, "default", "type and bounds" if option else "type", "meaning"], ["---"] * 4]
    for one in found:
        kind = one.type if option else _code(one.type)
        rows.append([_code(one.name), _code(one.default), kind, _prose(one.meaning)])
    if not any(one.default for one in found):
        rows = [[row[0], *row[2:]] for row in rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def _code(text: str) -> str:
    return f"`{text}`" if text not in ("", interface.REQUIRED) else text


def _commands() -> str:
    parts = ["# Commands", ""]
    for name, command in commands().items():
        context = click.Context(command, info_name=f"ganzoo {name}".strip(), max_content_width=100)
        parts += [f"## ganzoo {name}".rstrip(), "", "```text", help_of(command, context), "```", ""]
    return "\n".join(parts)


def help_of(command: click.Command, context: click.Context) -> str:
    """What --help prints, 100 columns wide."""
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def commands() -> dict[str, click.Command]:
    """Every command by what stands after `ganzoo`, groups with their own commands."""
    found: dict[str, click.Command] = {"": app}
    for name in COMMANDS:
        command = app.get_command(click.Context(app), name)
        assert command is not None
        found[name] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            found |= {
                f"{name} {inner}": command.get_command(context, inner) for inner in command.list_commands(context)
            }
    return found


def _checks() -> str:
    parts = ["# Checks", "", "What `ganzoo check` looks at.", ""]
    groups: Mapping[str, Iterable[Any]] = {
        "Every declaration": DECLARATION,
        "Models, and the networks, losses and augmentations of one": MODEL,
        **{f"A part of kind {kind}": checks for kind, checks in PARTS.items()},
    }
    for title, checks in groups.items():
        parts += [f"## {title}", "", "| check | rule |", "|---|---|"]
        parts += [f"| `{check.name}` | {check.rule} |" for check in checks]
        parts += [""]
    return "\n".join(parts)


def _published(catalog: Catalog) -> str:
    """A card of each published model, which the gallery includes."""
    parts = []
    for one in catalog.published.values():
        task = catalog.model(one.model).spec.task
        use = f"stylize {one.name} photo.jpg --out painted" if task == "translate" else f"sample {one.name}"
        scores = "; ".join(score_text(metric, values) for metric, values in one.scores.items())
        facts = [f"`ganzoo {use}`", f"{one.summary} (`{one.model}`, {one.license}, {one.size / 1e6:.2f} MB)."]
        facts += [f"Trained on {one.trained_on}."] if one.trained_on else []
        facts += [f"It took {one.took}."] if one.took else []
        facts += [f"Scores: {scores}."] if scores else []
        facts += [f"Bad at: {one.bad_at}."] if one.bad_at else []
        pictures = [HERE / "images" / f"published-{one.name}.{ending}" for ending in ("webp", "png")]
        shown = [f"![What {one.name} makes](../images/{file.name})" for file in pictures if file.is_file()]
        command = ["```text", one.command, "```"] if one.command else []
        parts += [f"### {one.name}", "", *(line for text in facts for line in (text, "")), *shown, "", *command, ""]
    return "\n".join(parts or ["None is in registry.yaml.", ""])


def _model(spec: ModelSpec, catalog: Catalog) -> str:
    notes = HERE / "models.d" / f"{spec.name}.md"
    picture = HERE / "images" / f"{spec.name}.png"
    parts = [f"# {spec.name}", "", _facts(spec), "", f"Task: {spec.task}. Licence of the code: {spec.license}.", ""]
    parts += ["## What deviates from the paper", "", notes.read_text(encoding="utf-8").strip(), ""]
    if picture.is_file():
        parts += ["## What it draws", "", f"![Samples of {spec.name}](../../images/{picture.name})", ""]
        parts += [
            "How it was trained, and what you see: [evidence](../../evidence.md#ten-minutes-of-the-first-four).",
            "",
        ]
    parts += ["## Recorded results", "", *_results(spec.name, catalog), "", "## Options", "", *_table(spec.options), ""]
    return "\n".join(parts)


def _results(name: str, catalog: Catalog) -> list[str]:
    presets = [preset for preset, content in catalog.registry.presets.items() if content.model == name]
    found = [dict(result) for one in (name, *presets) for result in catalog.registry.results_of(one)]
    if not found:
        return ["None yet."]
    titles = ("name", "data", "size", "budget", "seed", "score", "other real images", "at step", "date", "settings")
    rows = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for result in found:
        scale, (low, high) = scale_of(result["metric"]), result["interval"]
        value = f"{scale * result['score']:.0f} ({scale * low:.0f} to {scale * high:.0f})"
        cells = [result["name"], result["data"], result["size"], result["budget"], result["seed"], value]
        cells += [f"{scale * result['floor']:.1f}", result["step"], result["date"]]
        cells += ["as now" if catalog.registry.is_current(result) else "then"]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    how = (
        "Scores x1000, or per cent left: lower is better. A preset may have had other settings then; the protocol of"
        " each is in registry.yaml, [how we measure](../../scores.md)."
    )
    return [*rows, "", how]


if __name__ == "__main__":
    write()
