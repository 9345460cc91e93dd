"""Calls the hooks of listeners one by one. A listener that raises is reported once and dropped; training continues."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import pluggy

from ganzoo.catalog.discovery import new_manager
from ganzoo.catalog.plugin import Plugin
from ganzoo.errors import one_line

Warn = Callable[[str], None]
EMPTY: Mapping[str, object] = MappingProxyType({})


class Listeners:
    """What follows a run through the hooks: the modules of all plugins, and the objects `chosen`, by their names."""

    def __init__(self, plugins: Iterable[Plugin], warn: Warn, chosen: Mapping[str, object] = EMPTY) -> None:
        self._manager = new_manager()
        self._warn = warn
        # Several entry points may lead to one module, which then listens once.
        modules = {plugin.module: plugin for plugin in plugins if plugin.module is not None}
        for module, plugin in modules.items():
            self._manager.register(module, f"{plugin.distribution}:{plugin.name}")
        for name, listener in chosen.items():
            self._manager.register(listener, f"listener {name}")

    def call(self, hook: str, **arguments: object) -> None:
        """Calls `hook` of every listener."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        for implementation in reversed(caller.get_hookimpls()):  # pluggy calls them from last to first
            given = {name: arguments[name] for name in implementation.argnames}
            try:
                implementation.function(**given)
            except (Exception, SystemExit) as error:
                self._manager.unregister(implementation.plugin)
                self._warn(f"plugin '{implementation.plugin_name}' failed in {hook} and is dropped: {one_line(error)}")
