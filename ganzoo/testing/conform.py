"""Finds what a name stands for, and runs the checks that it must pass."""

from collections.abc import Iterable, Mapping, Sequence

from ganzoo.api import configure_run, open_catalog
from ganzoo.catalog import Catalog
from ganzoo.discovery import Plugin
from ganzoo.errors import UsageError, nearest
from ganzoo.specs import ModelSpec, PartSpec
from ganzoo.testing.check import Check, run_checks
from ganzoo.testing.checks import DECLARATION, MODEL
from ganzoo.testing.outcome import CheckFailed, Report, Result
from ganzoo.testing.subject import Declared, Subject

HOST = "dcgan"
"""The model into which a network, a loss or an augmentation is put to be checked."""
BROKEN = ("broken", "misspelt", "incompatible")
FIELDS = {"generator": "generator", "discriminator": "discriminator", "loss": "loss", "augmentation": "augment"}
"""The option of the host that holds a part of that kind."""


def conformance(
    name: str | ModelSpec | PartSpec, *, expected: Mapping[str, str] | None = None, catalog: Catalog | None = None
) -> Report:
    """Checks a plugin with all that it declares, a model or a part; in a plugin's tests this is the whole test.

    `expected` names checks that fail on purpose, each with its reason; one that passes nevertheless is a failure.
    A declaration that no entry point names can be handed over itself. Raises AssertionError that lists what failed,
    UsageError for a name that is nothing, PluginError for a plugin that can't be loaded.
    """
    report = check_name(name, catalog or open_catalog(), expected=expected or {})
    if not report.ok:
        lines = [f"  {one.subject}: {one.check}: {one.message}" for one in report.failures]
        raise CheckFailed("\n".join([f"{name}: {report.summary()}", *lines]))
    return report


def check_name(name: str | ModelSpec | PartSpec, catalog: Catalog, *, expected: Mapping[str, str]) -> Report:
    """All checks of everything that the name stands for; errors as for `conformance`, but for what fails."""
    known = {one.name for one in [*DECLARATION, *MODEL]}
    if strangers := sorted(set(expected) - known):
        raise UsageError(f"no check '{strangers[0]}'.{nearest(strangers[0], known)}")
    if not isinstance(name, str):
        plugin = _plugin_of(name)
        catalog, declared = Catalog([*catalog.plugins, plugin], catalog.registry), of_plugin(plugin)
    elif broken := [plugin for plugin in catalog.plugins if plugin.name == name and plugin.status in BROKEN]:
        return Report([_broken(plugin) for plugin in broken])
    else:
        declared = declarations(name, catalog)
    return Report([result for one in declared for result in _results(one, catalog, expected)])


def _broken(plugin: Plugin) -> Result:
    message = f"{plugin.status}: {plugin.reason}"
    return Result(subject=f"plugin {plugin.name}", check="plugin-loads", status="failed", message=message)


def installed(catalog: Catalog) -> list[str]:
    """The names of all plugins that declare models or parts, and of those that are broken."""
    return [p.name for p in catalog.plugins if p.models or p.parts or p.status in BROKEN]


def declarations(name: str, catalog: Catalog) -> list[Declared]:
    """What a name stands for: all that the plugin of that name declares, or else the model, or else the parts."""
    plugins = [plugin for plugin in catalog.plugins if plugin.name == name and (plugin.models or plugin.parts)]
    if len(plugins) == 1:
        return of_plugin(plugins[0])
    if any(name in (model.spec.name, model.full_name) for model in catalog.models):
        model = catalog.model(name)
        return [Declared(model.spec, model.plugin)]
    parts = [one for plugin in catalog.plugins for one in of_plugin(plugin) if one.spec.name == name]
    return parts or [Declared(catalog.model(name).spec, catalog.model(name).plugin)]  # which says what there is


def of_plugin(plugin: Plugin) -> list[Declared]:
    """Everything that a plugin declares, models first."""
    return [*(Declared(spec, plugin) for spec in plugin.models), *(Declared(spec, plugin) for spec in plugin.parts)]


def _plugin_of(spec: ModelSpec | PartSpec) -> Plugin:
    """A plugin that declares nothing but this."""
    models, parts = ((spec,), ()) if isinstance(spec, ModelSpec) else ((), (spec,))
    return Plugin(name=spec.name, distribution="", version="", models=models, parts=parts)


def _results(one: Declared, catalog: Catalog, expected: Mapping[str, str]) -> Iterable[Result]:
    yield from run_checks(DECLARATION, one, expected)
    checks, subject = _subject(one, catalog)
    yield from run_checks(checks, subject, expected)


def _subject(one: Declared, catalog: Catalog) -> tuple[Sequence[Check], Declared]:
    spec = one.spec
    if isinstance(spec, ModelSpec):
        name, options, field = spec.name, {}, ""
    elif spec.kind in FIELDS:
        field = FIELDS[spec.kind]
        name, options = HOST, {field: spec.name}
    else:
        return (), one
    configuration = configure_run(name, catalog, tiny=True, options={"device": "cpu", **options})
    return MODEL, Subject(spec, one.plugin, configuration, field)
