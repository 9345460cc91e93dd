"""The application object that the commands attach themselves to, and the options before a command's name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ganzoo.api import open_catalog
from ganzoo.catalog import Catalog

app = typer.Typer(
    name="ganzoo",
    help="Train, sample and compare GANs that draw and stylise natural scenes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass
class Context:
    """What the options before the command's name say."""

    third_party: bool = True
    registry: Path | None = None

    def catalog(self) -> Catalog:
        """The catalogue of models, presets and parts."""
        return open_catalog(third_party=self.third_party, registry=self.registry)


@app.callback()
def options(
    context: typer.Context,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Load the built-in plugins only.")] = False,
    registry: Annotated[
        Path | None, typer.Option(help="registry.yaml with presets of yours.", exists=True, dir_okay=False)
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options for all commands."""
    context.obj = Context(third_party=not no_plugins, registry=registry)


from ganzoo.cli import inspect, registry, run, sample  # noqa: E402  # each attaches its commands to `app`

__all__ = ["Context", "app", "inspect", "registry", "run", "sample"]
