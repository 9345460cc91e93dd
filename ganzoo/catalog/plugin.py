"""A plugin that was found: what it declares, or why it can't be used."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Literal

from ganzoo.specs import ModelSpec, PartSpec

HOME = "ganzoo-core"
"""The distribution whose plugins are the built-in ones."""

Status = Literal["ok", "broken", "misspelt", "incompatible", "clash", "blocked", "malformed"]


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One entry point and what became of it. `reason` is empty only when there is nothing to say."""

    name: str
    distribution: str
    version: str
    status: Status = "ok"
    reason: str = ""
    module: ModuleType | None = field(default=None, repr=False)
    models: tuple[ModelSpec, ...] = ()
    parts: tuple[PartSpec, ...] = ()
    files: tuple[str, ...] = field(default=(), repr=False)
    """Files in which a broken plugin failed. Its modules are gone, so only the error names them."""

    @property
    def builtin(self) -> bool:
        """Whether it comes with ganzoo."""
        return self.distribution == HOME


def qualifier(plugin: Plugin, plugins: Iterable[Plugin]) -> str:
    """The part of full names before '/': the plugin's name, or distribution:name when two plugins share the name."""
    shared = sum(other.name == plugin.name for other in plugins) > 1
    return f"{plugin.distribution}:{plugin.name}" if shared else plugin.name
