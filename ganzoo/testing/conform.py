"""Finds what a name stands for, and runs the checks that it must pass."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin, qualifier
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.errors import GanzooError, UsageError, nearest
from ganzoo.specs import ModelSpec, PartSpec, load_target
from ganzoo.styled import StyledGenerator
from ganzoo.testing.check import BUILDS, Check, as_expected, run_checks
from ganzoo.testing.checks import ALL, DECLARATION, MODEL, PARTS, declaration
from ganzoo.testing.elsewhere import second_processes
from ganzoo.testing.host import host_networks
from ganzoo.testing.outcome import CheckFailed, Report, Result, Status
from ganzoo.testing.subject import Declared, Subject
from ganzoo.weights import fetched

HOSTS = {"generate": "dcgan", "translate": "pix2pix"}
"""The host for each task: the model in which a network, a loss, a term or an augmentation is checked."""
BROKEN = ("broken", "misspelt", "incompatible")
FIELDS = {
    "generator": "generator",
    "discriminator": "discriminator",
    "loss": "loss",
    "augmentation": "augment",
    "term": "extra",
    "regulariser": "regularise",
}
"""The option of the host that takes a part of that kind."""


def conformance(
    name: str | ModelSpec | PartSpec, *, expected: Mapping[str, str] | None = None, catalog: Catalog | None = None
) -> Report:
    """Checks a plugin with everything it declares, or one model or part. This call can be a plugin's whole test.

    `expected` maps checks that fail on purpose to the reason. If such a check does not fail, that is a failure too.
    Pass the declaration itself if no entry point names it. Raises AssertionError with a list of what failed,
    UsageError for an unknown name, PluginError for a plugin that can't be loaded.
    """
    report = check_name(name, catalog or open_catalog(), expected=expected)
    if not report.ok:
        lines = [f"  {one.subject}: {one.check}: {one.message}" for one in report.failures]
        raise CheckFailed("\n".join([f"{name}: {report.summary()}", *lines]))
    return report


def check_name(
    name: str | Plugin | ModelSpec | PartSpec,
    catalog: Catalog,
    *,
    expected: Mapping[str, str] | None = None,
    only: Collection[str] = (),
) -> Report:
    """Runs all checks, or `only` some, on what the name stands for. Errors are those of `conformance`."""
    expected = expected or {}
    known = {one.name for one in ALL}
    if unknown := sorted({*expected, *only} - known):
        raise UsageError(f"no check '{unknown[0]}'.{nearest(unknown[0], known)} All of them: ganzoo check --rules")
    if isinstance(name, ModelSpec | PartSpec):
        name = _plugin_of(name)
        catalog = Catalog([*catalog.plugins, name], catalog.registry)
    plugins = [one for one in catalog.plugins if one is name or one.name == name]
    if broken := [plugin for plugin in plugins if plugin.status in BROKEN]:
        return Report([_broken(plugin) for plugin in broken])
    declaration.imported_alone.cache_clear()
    declared = of_plugin(name) if isinstance(name, Plugin) else declarations(name, catalog)
    with second_processes():
        results = [result for one in declared for result in _results(one, catalog, only or known, expected)]
    return Report(as_expected(results, expected))


def _broken(plugin: Plugin) -> Result:
    message = f"{plugin.status}: {plugin.reason}"
    return Result(subject=f"plugin {plugin.name}", check="plugin-loads", status="failed", message=message)


def installed(catalog: Catalog) -> list[Plugin]:
    """The plugins that declare models or parts, and the broken ones."""
    return [plugin for plugin in catalog.plugins if plugin.models or plugin.parts or plugin.status in BROKEN]


def declarations(name: str, catalog: Catalog) -> list[Declared]:
    """What a name stands for: everything the plugin of that name declares, else the model, else the parts.

    A name with its kind in front, as reports print it ("generator sagan", "model dcgan"), stands for that one alone.
    """
    if printed := [one for plugin in catalog.plugins for one in of_plugin(plugin) if str(one) == name]:
        return printed
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
    """A plugin that declares only this."""
    models, parts = ((spec,), ()) if isinstance(spec, ModelSpec) else ((), (spec,))
    return Plugin(name=spec.name, distribution="", version="", models=models, parts=parts)


def _results(one: Declared, catalog: Catalog, only: Collection[str], expected: Collection[str]) -> list[Result]:
    own = PARTS.get(one.spec.kind, ()) if isinstance(one.spec, PartSpec) else ()
    alone = run_checks((check for check in (*DECLARATION, *own) if check.name in only), one, expected=expected)
    try:
        checks, subject = _subject(one, catalog)
    except GanzooError as error:
        failed = [result.check for result in alone if result.status == "failed"]
        message = f"{failed[0]} failed" if failed else f"the tiny settings are refused: {error}"
        status: Status = "skipped" if failed else "failed"
        return [*alone, Result(subject=str(one), check=BUILDS, status=status, message=message)]
    if missing := _not_fetched(one.spec):
        return [*alone, Result(subject=str(one), check=BUILDS, status="not applicable", message=missing)]
    return [*alone, *run_checks((check for check in checks if check.name in only), subject, alone, expected)]


def _not_fetched(spec: ModelSpec | PartSpec) -> str:
    """Why weights that the model starts from can't be had; empty when they are here, or none are declared."""
    declared = [weights for weights in spec.weights if not weights.summary] if isinstance(spec, ModelSpec) else []
    try:
        for weights in declared:
            fetched(weights)
    except GanzooError as error:
        return str(error)
    return ""


def _subject(one: Declared, catalog: Catalog) -> tuple[Sequence[Check], Declared]:
    spec = one.spec
    full_name = f"{qualifier(one.plugin, catalog.plugins)}/{spec.name}"  # the short one may belong to several plugins
    if isinstance(spec, ModelSpec):
        options: dict[str, object] = {}
        name, field = full_name, ""
    elif spec.kind in FIELDS:
        field = FIELDS[spec.kind]
        name, options = _host(one, spec), {field: full_name}
        field = full_name if spec.kind in ("term", "regulariser") else field  # one of several is known by its own name
        options |= {f"{field}.{key}": value for key, value in spec.tiny.items()}
    else:
        return (), one
    configuration = configure_run(name, catalog, tiny=True, options={"device": "cpu", **options})
    if field and name == HOSTS["generate"]:
        others = {key: part for key, part in host_networks().items() if key != field}
        configuration = replace(configuration, parts={**configuration.parts, **others})
    return MODEL, Subject(spec, one.plugin, configuration, field)


def _host(one: Declared, spec: PartSpec) -> str:
    """The model in which a part is checked.

    A generator that takes codes of paintings needs a recipe that gives them: that of its plugin, where there is one.
    """
    if one.plugin.models and _takes_codes(spec):
        return one.plugin.models[0].name
    return HOSTS["translate" if spec.kind == "term" else spec.task or "generate"]


def _takes_codes(spec: PartSpec) -> bool:
    try:
        target = load_target(spec.target) if spec.kind == "generator" else None
    except Exception:  # a check reports it
        return False
    return isinstance(target, type) and issubclass(target, StyledGenerator)
