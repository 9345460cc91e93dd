"""Finds plugins: our own loop over the entry points of group `ganzoo`, one plugin at a time, each with its outcome.

pluggy's loader stops at the first broken plugin and drops the second of two plugins of one name without a word.
"""

import contextlib
import io
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from types import ModuleType
from typing import Any, Literal

import pluggy

from ganzoo import hooks
from ganzoo.errors import one_line
from ganzoo.specs import API, ModelSpec, PartSpec

GROUP = "ganzoo"
HOME = "ganzoo-core"
"""The distribution whose plugins are the built-in ones."""
ALLOWED = "GANZOO_PLUGINS"
SLOW_IMPORT = 0.5
"""Seconds; a declaration that takes longer to import gets a note, as it slows every command."""
HEAVY = ("torch", "timm", "kornia", "numpy")

RESERVED = ("dataset", "folder")
"""The one part of the core itself: a plain folder of images."""

Status = Literal["ok", "broken", "misspelt", "incompatible", "clash", "blocked"]


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

    @property
    def builtin(self) -> bool:
        """Whether it comes with ganzoo."""
        return self.distribution == HOME


def discover(*, third_party: bool = True, environ: Mapping[str, str] = os.environ) -> tuple[Plugin, ...]:
    """Loads every plugin, the built-in ones first, and never raises for a bad one.

    With `third_party=False` only the built-in ones are loaded; the environment variable GANZOO_PLUGINS=a,b allows
    only those two besides. A plugin that is not allowed is not imported.
    """
    allowed = _allowed(third_party, environ)
    plugins = [
        _load(entry) if allowed is None or entry.name in allowed or _is_builtin(entry) else _blocked(entry, third_party)
        for entry in sorted(metadata.entry_points(group=GROUP), key=_order)
    ]
    return tuple(_with_clashes(plugins))


def _allowed(third_party: bool, environ: Mapping[str, str]) -> frozenset[str] | None:
    if not third_party:
        return frozenset()
    if ALLOWED not in environ:
        return None
    return frozenset(name.strip() for name in environ[ALLOWED].split(","))


def _order(entry: metadata.EntryPoint) -> tuple[bool, str, str]:
    return not _is_builtin(entry), entry.name, _distribution(entry)


def _distribution(entry: metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist else "?"


def _is_builtin(entry: metadata.EntryPoint) -> bool:
    return _distribution(entry) == HOME


def _row(entry: metadata.EntryPoint, **outcome: Any) -> Plugin:
    version = entry.dist.version if entry.dist else "?"
    return Plugin(name=entry.name, distribution=_distribution(entry), version=version, **outcome)


def _blocked(entry: metadata.EntryPoint, third_party: bool) -> Plugin:
    return _row(entry, status="blocked", reason=f"not in {ALLOWED}" if third_party else "--no-plugins")


def _load(entry: metadata.EntryPoint) -> Plugin:
    before = frozenset(sys.modules)
    started = time.perf_counter()
    try:
        # What a plugin prints while it is imported must not end up in our tables or JSON.
        with contextlib.redirect_stdout(io.StringIO()):
            module = entry.load()
            if problem := _misspelt(module):
                return _row(entry, status="misspelt", reason=problem)
            models, parts = declarations(module, entry.name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit at import, and whatever else a plugin may raise
        return _row(entry, status="broken", reason=one_line(error))
    if problem := _incompatible([*models, *parts]):
        return _row(entry, status="incompatible", reason=problem)
    note = _note(time.perf_counter() - started, before)
    return _row(entry, module=module, models=models, parts=parts, reason=note)


def _incompatible(specs: Iterable[ModelSpec | PartSpec]) -> str:
    for spec in specs:
        if spec.api != API:
            older = "the plugin" if spec.api < API else HOME
            return f"'{spec.name}' is made for plugin api {spec.api}, this ganzoo speaks {API}: update {older}"
    return ""


def _misspelt(module: ModuleType) -> str:
    """What is wrong with the hooks that the module marks, or nothing.

    A function with our prefix and no mark would be skipped by pluggy without a word.
    """
    manager = new_manager()
    try:
        manager.register(module)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        return one_line(error).removeprefix("PluginValidationError: ")
    known = {name for name in vars(hooks) if name.startswith("ganzoo_")}
    for name in vars(module):
        if name.startswith("ganzoo_") and callable(getattr(module, name)):
            if name not in known:
                return f"unknown hook '{name}'; hooks are {', '.join(sorted(known))}"
            if manager.parse_hookimpl_opts(module, name) is None:
                return f"hook '{name}' is not marked with @ganzoo.hookimpl"
    return ""


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows our five hooks and no plugin yet."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    return manager


def declarations(plugin: object, name: str) -> tuple[tuple[ModelSpec, ...], tuple[PartSpec, ...]]:
    """What the plugin's two declaring hooks return; raises TypeError for anything but specs."""
    manager = new_manager()
    manager.register(plugin, name)
    models = [spec for specs in manager.hook.ganzoo_models() for spec in specs]
    parts = [spec for specs in manager.hook.ganzoo_parts() for spec in specs]
    for spec, kind in [*((m, ModelSpec) for m in models), *((p, PartSpec) for p in parts)]:
        if not isinstance(spec, kind):
            raise TypeError(f"a hook gave {spec!r}, expected {kind.__name__}")
    return tuple(models), tuple(parts)


def _note(seconds: float, before: Iterable[str]) -> str:
    heavy = [name for name in HEAVY if name in sys.modules and name not in before]
    notes = [f"imports {', '.join(heavy)} when declared"] if heavy else []
    if seconds > SLOW_IMPORT:
        notes.append(f"takes {seconds:.1f} s to import")
    return "; ".join(notes)


def _with_clashes(plugins: list[Plugin]) -> list[Plugin]:
    """Marks plugins whose names meet; all stay, a clashing name just can't be used in its short form."""
    names = Counter(plugin.name for plugin in plugins)
    owners = Counter(key for plugin in plugins for key in _keys(plugin))
    builtin = {key for plugin in plugins if plugin.builtin for key in _keys(plugin)} | {RESERVED}
    owners[RESERVED] += 1
    marked = []
    for plugin in plugins:
        reasons = [f"another plugin is named '{plugin.name}'"] if names[plugin.name] > 1 else []
        reasons += [
            f"{kind} '{name}' is a built-in name" if (kind, name) in builtin else f"another plugin has {kind} '{name}'"
            for kind, name in _keys(plugin)
            if owners[kind, name] > 1
        ]
        # Built-in names are reserved, so the built-in owner is not the one in the wrong.
        if reasons and not plugin.builtin and plugin.status == "ok":
            reason = f"{'; '.join(reasons)}; use {qualifier(plugin, plugins)}/NAME"
            plugin = replace(plugin, status="clash", reason=reason)
        marked.append(plugin)
    return marked


def _keys(plugin: Plugin) -> list[tuple[str, str]]:
    return [("model", m.name) for m in plugin.models] + [(p.kind, p.name) for p in plugin.parts]


def qualifier(plugin: Plugin, plugins: Iterable[Plugin]) -> str:
    """What stands before '/' in the full name of its models: the plugin's name, or dist:name when two share it."""
    shared = sum(other.name == plugin.name for other in plugins) > 1
    return f"{plugin.distribution}:{plugin.name}" if shared else plugin.name
