"""Listeners: each is called with what it asks for, and one that raises is reported once and dropped."""

from collections.abc import Callable
from types import ModuleType

import pytest

from ganzoo import hookimpl
from ganzoo.catalog.discovery import discover
from ganzoo.catalog.listeners import Listeners
from ganzoo.catalog.plugin import Plugin


def plugin(name: str, **hooks: Callable[..., object]) -> Plugin:
    module = ModuleType(name)
    vars(module).update({f"ganzoo_{hook}": hookimpl(function) for hook, function in hooks.items()})
    return Plugin(name=name, distribution=f"package-{name}", version="1", module=module)


def failing(run: object) -> None:
    raise ValueError("no\nluck")


def test_arguments_are_passed_by_name():
    heard: list[object] = []
    listeners = Listeners(
        [plugin("a", step_finished=lambda scalars, run, step: heard.append((run, step, scalars)))], pytest.fail
    )
    listeners.call("ganzoo_step_finished", run="run", step=7, scalars={"loss": 1.0})
    assert heard == [("run", 7, {"loss": 1.0})]


def test_a_hook_may_ask_for_fewer_arguments():
    heard: list[object] = []
    asking = [
        plugin("none", step_finished=lambda: heard.append("nothing")),
        plugin("one", step_finished=lambda step: heard.append(step)),
        plugin("two", step_finished=lambda scalars, run: heard.append((scalars, run))),
    ]
    Listeners(asking, pytest.fail).call("ganzoo_step_finished", run="run", step=7, scalars={})
    assert len(heard) == 3
    assert all(part in heard for part in ("nothing", 7, ({}, "run")))


def test_one_that_raises_is_reported_once_and_dropped_while_the_others_go_on():
    heard: list[str] = []
    warnings: list[str] = []
    listeners = Listeners(
        [
            plugin("first", run_started=lambda: heard.append("first")),
            plugin("bad", run_started=failing, run_finished=lambda: heard.append("bad")),
            plugin("last", run_started=lambda: heard.append("last")),
        ],
        warnings.append,
    )
    for _ in range(3):
        listeners.call("ganzoo_run_started", run=None)
    listeners.call("ganzoo_run_finished", run=None, summary={})
    assert sorted(heard) == ["first"] * 3 + ["last"] * 3
    assert warnings == ["plugin 'package-bad:bad' failed in ganzoo_run_started and is dropped: ValueError: no luck"]


def test_plugins_without_listeners_or_module_are_silent():
    unloaded = Plugin(name="broken", distribution="package", version="1", status="broken", reason="why")
    Listeners([unloaded, plugin("idle")], pytest.fail).call("ganzoo_run_started", run=None)


def test_an_unknown_hook_is_a_mistake_of_the_caller():
    with pytest.raises(AttributeError):
        Listeners([], pytest.fail).call("ganzoo_run_paused", run=None)


def test_an_installed_listener_is_called_until_it_fails(plugin_site, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(plugin_site)
    monkeypatch.setenv("GANZOO_TEST_CALLS", str(tmp_path / "calls"))
    warnings: list[str] = []
    listeners = Listeners(discover(environ={"GANZOO_PLUGINS": "listener"}), warnings.append)
    for step in (1, 2):
        listeners.call("ganzoo_run_started", run=None)
        listeners.call("ganzoo_step_finished", run=None, step=step, scalars={})
    listeners.call("ganzoo_run_started", run=None)
    assert (tmp_path / "calls").read_text() == "started\n"
    assert len(warnings) == 1
    assert "RuntimeError: listener fails at step 1" in warnings[0]


def test_two_entry_points_of_one_module_listen_once() -> None:
    module, calls = ModuleType("twice"), []
    module.ganzoo_run_started = hookimpl(lambda run: calls.append(run))  # type: ignore[attr-defined]
    module.ganzoo_run_started.__name__ = "ganzoo_run_started"
    plugins = [Plugin(name=name, distribution="d", version="1", module=module) for name in ("a", "b")]
    Listeners(plugins, warn=print).call("ganzoo_run_started", run="r")
    assert calls == ["r"]


def test_the_order_that_listeners_ask_for_is_kept_and_an_exit_is_a_failure() -> None:
    order: list[str] = []
    warned: list[str] = []

    def listener(name: str, **wish: bool) -> Plugin:
        def ganzoo_run_started(run: object) -> None:
            order.append(name)
            if name == "exiting":
                raise SystemExit(3)

        module = ModuleType(name)
        module.ganzoo_run_started = hookimpl(**wish)(ganzoo_run_started)  # type: ignore[attr-defined]
        return Plugin(name=name, distribution="d", version="1", module=module)

    plugins = [listener("last", trylast=True), listener("exiting"), listener("first", tryfirst=True)]
    Listeners(plugins, warn=warned.append).call("ganzoo_run_started", run="r")
    assert order == ["first", "exiting", "last"]
    assert len(warned) == 1 and "exiting" in warned[0]
