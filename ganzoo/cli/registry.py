"""`ganzoo registry`: keeps the generated section of a checkout's registry.yaml up to date."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.console import say
from ganzoo.cli.paths import PATH
from ganzoo.errors import UsageError, one_line
from ganzoo.io.files import replacing

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog
    from ganzoo.catalog.published import Published
    from ganzoo.specs import ModelSpec

file_argument = click.argument("file", type=PATH, default=Path("registry.yaml"))


@click.group("registry")
def registry() -> None:
    """Writes and checks registry.yaml.

    Of a checkout: the section `models` is generated from the built-in declarations.
    """


@registry.command("write")
@file_argument
def write(file: Path) -> None:
    """Rewrites the section `models`.

    It is generated from the built-in declarations. The other sections stay as they are.
    """
    current, wanted = _texts(file)
    if current != wanted:
        with replacing(file) as draft:
            draft.write_bytes(wanted.encode())
    say(f"{file}: {'written' if current != wanted else 'already up to date'}")


@registry.command("check")
@file_argument
def check(file: Path) -> None:
    """Checks the section `models`, all presets and published models.

    The exit code is 2 when the section is not what the declarations say, when a preset can't run, or when a published
    model has the name or needs the plugin of no model; 6 when a file is not as published.
    """
    from ganzoo.catalog.discovery import discover
    from ganzoo.catalog.lookup import Catalog
    from ganzoo.catalog.registry import load_registry
    from ganzoo.config.resolve import configure_run

    current, wanted = _texts(file)
    if current != wanted:
        raise UsageError(f"{file}: the section 'models' is out of date: run `ganzoo registry write`")
    catalog = Catalog(discover(third_party=False), load_registry(file))
    for name in catalog.registry.presets:
        if any(name in (one.spec.name, one.full_name) for one in catalog.models):
            raise UsageError(f"preset '{name}': a model has that name, so no command would find the preset")
        configure_run(name, catalog)
    if catalog.registry.broken:
        raise UsageError("; ".join(catalog.registry.broken.values()))
    for one in catalog.registry.published.values():
        _check_published(one, catalog)
    count = len(catalog.registry.published)
    published = f" and {count} published model{'s' if count > 1 else ''}" if count else ""
    say(f"{file}: {len(_builtin_models())} models, {len(catalog.registry.presets)} presets{published} are up to date")


def _check_published(model: "Published", catalog: "Catalog") -> None:
    from ganzoo.weights.fetching import check as check_file

    if not any(model.model in (one.spec.name, one.full_name) for one in catalog.models):
        raise UsageError(f"weights '{model.name}': there is no model '{model.model}'")
    if catalog.trains(model.name):
        raise UsageError(f"weights '{model.name}': a model or preset has that name")
    if model.file is not None:
        if not model.file.is_file():
            raise UsageError(f"weights '{model.name}': there is no '{model.file}'")
        check_file(model.file, model)


def _texts(file: Path) -> tuple[str, str]:
    from ganzoo.catalog.registry import with_models

    if not file.is_file():
        raise UsageError(f"no file '{file}' here: run this at the top of a checkout")
    try:
        text = file.read_bytes().decode()  # bytes: line ends stay as they are
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read '{file}': {one_line(error)}") from None
    return text, with_models(text, _builtin_models())


def _builtin_models() -> "list[ModelSpec]":
    from ganzoo.catalog.discovery import discover

    return [spec for plugin in discover(third_party=False) for spec in plugin.models if plugin.builtin]
