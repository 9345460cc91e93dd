"""Finds plugins: our own loop over the entry points of group `ganzoo`, one plugin at a time, each with its outcome.

pluggy's loader stops at the first broken plugin, and silently drops the second of two plugins of one name.
"""

import contextlib
import io
import os
import sys
import time
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pluggy

from ganzoo import hooks
from ganzoo.catalog.plugin import HOME, Plugin, qualifier
from ganzoo.errors import one_line
from ganzoo.io.installed import (
    ENTRY_POINTS,
    NO_VERSION,
    damaged,
    entry_points,
    has_group,
    header,
    malformed,
    name_of,
    place,
)
from ganzoo.io.installed import distribution as first_of
from ganzoo.specs import API, OLDEST_API, ModelSpec, PartSpec

GROUP = "ganzoo"
ALLOWED = "GANZOO_PLUGINS"
SLOW_IMPORT = 0.5
"""Seconds; a declaration that takes longer to import gets a note, as it slows every command."""
HEAVY = ("torch", "timm", "kornia", "numpy")

RESERVED = ("dataset", "folder")
"""The one part of the core itself: a plain folder of images."""


def discover(*, third_party: bool = True, environ: Mapping[str, str] = os.environ) -> tuple[Plugin, ...]:
    """Loads every plugin, the built-in ones first, and never raises for a bad one.

    With `third_party=False` only the built-in ones are loaded; the environment variable GANZOO_PLUGINS=a,b allows
    only those two besides. A plugin that is not allowed is not imported.
    """
    allowed = _allowed(third_party, environ)
    blocked = f"not in {ALLOWED}" if third_party else "--no-plugins"
    entries, bad = _entries()
    plugins = [
        _load(entry, row)
        if allowed is None or row.name in allowed or row.builtin
        else replace(row, status="blocked", reason=blocked)
        for entry, row in entries
    ]
    return (*_with_clashes(plugins), *bad)


def _entries() -> tuple[list[tuple[metadata.EntryPoint, Plugin]], list[Plugin]]:
    """Every entry point with its row so far, in the order of loading, and rows of distributions that are damaged.

    Among them is every package with a malformed entry_points.txt, also one that has no plugin: other programs fail
    because of it.

    Of several distributions of one name the first on the path counts, as it does when modules are imported. Those
    without a name and version are damaged, and hide no other.
    """
    found: dict[str, list[tuple[metadata.EntryPoint, Plugin]]] = {}
    bad = [
        _damaged(HOME, f"'{where}' is damaged (no METADATA): remove it, or reinstall {HOME}") for where in damaged(HOME)
    ]
    for distribution in metadata.distributions():
        if problem := malformed(distribution):
            bad.append(_malformed(distribution, problem))
        points = entry_points(distribution, GROUP)
        if points and not _hidden(distribution, name := name_of(distribution), found):
            version = header(distribution).get("Version", NO_VERSION)
            found[name] = [(one, Plugin(name=one.name, distribution=name, version=version)) for one in points]
    if HOME not in found:
        bad.append(_damaged(HOME, f"no plugin of {HOME} is found: reinstall it"))
    pairs = [pair for pairs in found.values() for pair in pairs]
    return sorted(pairs, key=lambda pair: (not pair[1].builtin, pair[1].name, pair[1].distribution)), bad


def _hidden(distribution: metadata.Distribution, name: str, found: Container[str]) -> bool:
    """Whether another distribution of the same name comes first. Only one that has plugins hides the built-in ones."""
    first = first_of(name)
    if name in found or first is None:
        return name in found
    return not header(distribution) if name == HOME else place(first) != place(distribution)


def _malformed(distribution: metadata.Distribution, problem: str) -> Plugin:
    """The row of a package with lines that are no entry points. Its name is that of no plugin."""
    name, version = name_of(distribution), header(distribution).get("Version", NO_VERSION)
    file = str(Path(place(distribution)) / ENTRY_POINTS)
    row = Plugin(name=f"{name}/{ENTRY_POINTS}", distribution=name, version=version, reason=problem, files=(file,))
    return replace(row, status="broken" if has_group(distribution, GROUP) else "malformed")


def _damaged(name: str, reason: str) -> Plugin:
    return Plugin(name=name, distribution=name, version=NO_VERSION, status="broken", reason=reason)


def _allowed(third_party: bool, environ: Mapping[str, str]) -> frozenset[str] | None:
    if not third_party:
        return frozenset()
    if ALLOWED not in environ:
        return None
    return frozenset(name.strip() for name in environ[ALLOWED].split(","))


def _load(entry: metadata.EntryPoint, row: Plugin) -> Plugin:
    before = frozenset(sys.modules)
    started = time.perf_counter()
    try:
        # What a plugin prints while it is imported must not end up in tables or JSON.
        with contextlib.redirect_stdout(io.StringIO()):
            module = entry.load()
            manager = new_manager()
            if problem := misspelt(manager, module):
                return replace(row, status="misspelt", reason=problem)
            models, parts = _declarations(manager)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit at import, and whatever else a plugin may raise
        return replace(row, status="broken", reason=one_line(error), files=_files(error))
    if problem := _incompatible([*models, *parts]):
        return replace(row, status="incompatible", reason=problem)
    note = "; ".join([*_aging([*models, *parts]), *_note(time.perf_counter() - started, before)])
    return replace(row, module=module, models=models, parts=parts, reason=note)


def _files(error: BaseException) -> tuple[str, ...]:
    """The files that an error passed through, and a file that could not be parsed."""
    files = [error.filename] if isinstance(error, SyntaxError) and error.filename else []
    trace = error.__traceback__
    while trace:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return tuple(dict.fromkeys(files))


def _incompatible(specs: Iterable[ModelSpec | PartSpec]) -> str:
    for spec in specs:
        if not OLDEST_API <= spec.api <= API:
            older = "the plugin" if spec.api < API else HOME
            spoken = str(API) if OLDEST_API == API else f"{OLDEST_API} to {API}"
            return f"'{spec.name}' is made for plugin api {spec.api}, this ganzoo supports {spoken}: update {older}"
    return ""


def _aging(specs: Iterable[ModelSpec | PartSpec]) -> list[str]:
    """The note for a plugin that was made for an interface that will be removed."""
    oldest = min((spec.api for spec in specs), default=API)
    return [f"made for plugin api {oldest}, which a later ganzoo will refuse: update it"] if oldest < API else []


def misspelt(manager: pluggy.PluginManager, module: object) -> str:
    """Registers the module, or a listener, and says what is wrong with the hooks that it marks, or nothing.

    pluggy would silently skip a function with our prefix and no mark.
    """
    try:
        manager.register(module)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        return one_line(error).removeprefix("PluginValidationError: ")
    known = {name for name in vars(hooks) if name.startswith("ganzoo_")}
    for name in dir(module):
        if name.startswith("ganzoo_") and callable(getattr(module, name)):
            if name not in known:
                return f"unknown hook '{name}'; hooks are {', '.join(sorted(known))}"
            if manager.parse_hookimpl_opts(module, name) is None:
                return f"hook '{name}' is not marked with @ganzoo.hookimpl"
    return ""


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows our hooks and no plugin yet."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    return manager


def _declarations(manager: pluggy.PluginManager) -> tuple[tuple[ModelSpec, ...], tuple[PartSpec, ...]]:
    """What the two declaring hooks of the registered plugin return; raises TypeError for anything but specs."""
    models = [spec for specs in manager.hook.ganzoo_models() for spec in specs]
    parts = [spec for specs in manager.hook.ganzoo_parts() for spec in specs]
    for spec, kind in [*((m, ModelSpec) for m in models), *((p, PartSpec) for p in parts)]:
        if not isinstance(spec, kind):
            raise TypeError(f"a hook gave {spec!r}, expected {kind.__name__}")
    return tuple(models), tuple(parts)


def _note(seconds: float, before: Iterable[str]) -> list[str]:
    heavy = [name for name in HEAVY if name in sys.modules and name not in before]
    notes = [f"imports {', '.join(heavy)} when declared"] if heavy else []
    if seconds > SLOW_IMPORT:
        notes.append(f"takes {seconds:.1f} s to import")
    return notes


def _with_clashes(plugins: list[Plugin]) -> list[Plugin]:
    """Marks plugins with a name that another has. All stay; a clashing name can't be used in its short form."""
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
        # Built-in names are reserved, so the built-in plugin is not at fault.
        if reasons and not plugin.builtin and plugin.status == "ok":
            reason = f"{'; '.join(reasons)}; use {qualifier(plugin, plugins)}/NAME"
            plugin = replace(plugin, status="clash", reason=reason)
        marked.append(plugin)
    return marked


def _keys(plugin: Plugin) -> list[tuple[str, str]]:
    return [("model", m.name) for m in plugin.models] + [(p.kind, p.name) for p in plugin.parts]
