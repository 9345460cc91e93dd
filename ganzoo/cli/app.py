"""The command group, the options before a command's name, and where each command lives.

click and not typer: typer builds a pydantic validator for each parameter of each command before it runs one, which
takes longer than a whole `ganzoo list` may.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.console import Format
from ganzoo.cli.paths import UserPath

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog
    from ganzoo.trained.finding import Trained

COMMANDS = {
    "list": "ganzoo.cli.listing:list_models",
    "show": "ganzoo.cli.inspect:show",
    "plugins": "ganzoo.cli.inspect:list_plugins",
    "run": "ganzoo.cli.run:train",
    "sample": "ganzoo.cli.sample:sample",
    "distil": "ganzoo.cli.distil:distil",
    "publish": "ganzoo.cli.publish:publish",
    "push": "ganzoo.cli.push:push",
    "project": "ganzoo.cli.project:project",
    "stylize": "ganzoo.cli.stylize:stylize",
    "export": "ganzoo.cli.export:export",
    "evaluate": "ganzoo.cli.evaluate:evaluate",
    "compare": "ganzoo.cli.compare:compare",
    "reproduce": "ganzoo.cli.reproduce:reproduce",
    "report": "ganzoo.cli.report:write",
    "new": "ganzoo.cli.new:new",
    "check": "ganzoo.cli.check:check",
    "data": "ganzoo.cli.data:data",
    "import-weights": "ganzoo.cli.import_weights:import_weights",
    "registry": "ganzoo.cli.registry:registry",
}

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(Format, case_sensitive=False),
    default=Format.TABLE,
    help="How to print it.",
)
"""For commands that print a table."""


answer_option = click.option(
    "--format",
    "form",
    type=click.Choice([Format.TABLE, Format.JSON, Format.YAML], case_sensitive=False),
    default=Format.TABLE,
    help="How to print it.",
)
"""For commands with a single answer, which has no name."""


@dataclass(frozen=True)
class Context:
    """The options before the command's name."""

    third_party: bool = True
    registry: Path | None = None

    def catalog(self) -> "Catalog":
        """The catalogue of models, presets and parts."""
        from ganzoo.config.resolve import open_catalog

        return open_catalog(third_party=self.third_party, registry=self.registry)

    def trained(self, text: str, step: str | None = None) -> "Trained":
        """The trained model that an argument RUN names, and the checkpoint that it or the option `step` says."""
        from ganzoo.trained.finding import find

        return find(text, step, self.catalog)

    def flags(self) -> list[str]:
        """The same options as arguments, for a command that this one starts."""
        registry = [f"--registry={self.registry.resolve()}"] if self.registry else []
        return [*([] if self.third_party else ["--no-plugins"]), *registry]


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def __init__(self, *args: object, targets: Mapping[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through as click's decorator gives them
        self.targets = targets

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of COMMANDS, which is the order in which a newcomer needs them."""
        return list(self.targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self.targets:
            return None
        module, _, name = self.targets[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


def print_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Prints the version, which click's own option can't do beside a damaged installation."""
    if wanted:
        from ganzoo.io.installed import version

        click.echo(f"ganzoo, version {version('ganzoo-core')}")
        context.exit()


@click.group("ganzoo", cls=LazyGroup, targets=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--no-plugins", is_flag=True, help="Load the built-in plugins only.")
@click.option(
    "--registry",
    type=UserPath(exists=True, dir_okay=False, path_type=Path),
    help="registry.yaml with your own presets.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=print_version,
    help="Show the version and exit.",
)
@click.pass_context
def app(context: click.Context, no_plugins: bool, registry: Path | None) -> None:
    """Train, sample and compare GANs that draw and stylise natural scenes."""
    context.obj = Context(third_party=not no_plugins, registry=registry)
