"""Finds the model and the parts of a recorded run again: the very ones that it was trained with, or none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo

from ganzoo.catalog.plugin import HOME
from ganzoo.errors import PluginError
from ganzoo.options import part_kind, split_names

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog, RegisteredModel, RegisteredPart
    from ganzoo.config.configuration import Configuration

Entry = Mapping[str, str]


def recorded_parts(configuration: "Configuration") -> dict[str, dict[str, str]]:
    """The entry of run.json that says whose each part is; the core's own data set, a folder, is no plugin's."""
    return {
        key: {
            "kind": part.spec.kind,
            "name": f"{plugin.name}/{part.spec.name}",
            "distribution": plugin.distribution,
            "version": plugin.version,
        }
        for key, part in configuration.parts.items()
        if (plugin := part.registered.plugin)
    }


def recorded_model(content: Mapping[str, Any], catalog: "Catalog") -> "RegisteredModel":
    """The model of a run.json. Raises PluginError, with the package that is needed, where it is not installed."""
    name, plugin = str(content["model"]), content.get("plugin", {})
    package = str(plugin.get("distribution", ""))
    found = next((one for one in catalog.models if name == one.full_name), None)
    same = [one for one in catalog.models if one.plugin.distribution == package and _is(one, plugin, name)]
    if found is None or (package and found.plugin.distribution != package):
        found = same[0] if same else None
    if found is None and package in ("", HOME):
        return catalog.model(name)  # which says what there is
    if found is None:
        raise PluginError(_needed("model", name, plugin, catalog))
    return found


def _is(model: "RegisteredModel", plugin: Entry, name: str) -> bool:
    return model.plugin.name == plugin.get("name") and model.spec.name == name.rpartition("/")[2]


def with_recorded_parts(
    content: Mapping[str, Any], catalog: "Catalog", model: "RegisteredModel", fields: Mapping[str, FieldInfo]
) -> tuple[dict[str, Any], list[str]]:
    """The configuration of a run.json in which each part of a package has its full name of now, and notices.

    Runs from before parts were recorded have only their names, which meant built-in parts first. A listener that is
    not installed is left out, with a notice, as nothing of the model depends on it. Raises PluginError where another
    part is not installed.
    """
    values = dict(content["configuration"])
    notices: list[str] = []
    if "parts" not in content:
        return {**values, **_of_old(values, catalog, fields)}, notices
    for key, entry in content["parts"].items():
        part = _part(entry, catalog)
        if part is None:
            needed = _needed(entry["kind"], entry["name"].rpartition("/")[2], entry, catalog)
            if entry["kind"] != "listener":
                raise PluginError(needed)
            values = _without_listener(values, key)
            notices.append(f"{needed}. It goes on without")
        elif key not in values and entry["kind"] != "listener":
            _check_listed(key, part, catalog, model)
        elif key in values and str(values[key]["value"]).rpartition("/")[2] == part.spec.name:
            values[key] = {**values[key], "value": part.full_name}
    return values, notices


def _check_listed(key: str, part: "RegisteredPart", catalog: "Catalog", model: "RegisteredModel") -> None:
    """Raises PluginError where a part that a list names, such as a regulariser, is another by now.

    A list has short names only, which the packages that are installed give their meaning.
    """
    found = catalog.part(part.spec.kind, key, (model.plugin.distribution,))
    if found is not part:
        raise PluginError(
            f"this run was trained with {part.spec.kind} '{key}' of {part.distribution}, and by now '{key}' means that"
            f" of {found.distribution}: uninstall {found.distribution}, or train anew"
        )


def _of_old(values: Mapping[str, Any], catalog: "Catalog", fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """The full names of built-in parts in a run.json that says of no part whose it is."""
    built_in = {(part.spec.kind, part.spec.name): part.full_name for part in catalog.parts if part.builtin}
    kinds = {key: kind for key, field in fields.items() if key in values and (kind := part_kind(field))}
    found = {key: built_in.get((kind, str(values[key]["value"]))) for key, kind in kinds.items()}
    return {key: {**values[key], "value": name} for key, name in found.items() if name}


def _without_listener(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if not key.startswith(f"{name}.")}
    names = split_names(kept["listeners"]["value"]) if "listeners" in kept else []
    left = ",".join(one for one in names if one != name)
    return {**kept, "listeners": {**kept.get("listeners", {"origin": "default"}), "value": left}}


def _part(entry: Entry, catalog: "Catalog") -> "RegisteredPart | None":
    """The part that was recorded. A built-in one may have moved to another plugin since."""
    plugin, _, name = entry["name"].rpartition("/")
    return next(
        (
            part
            for part in catalog.parts
            if (part.spec.kind, part.spec.name, part.distribution) == (entry["kind"], name, entry["distribution"])
            and (part.builtin or (part.plugin is not None and part.plugin.name == plugin))
        ),
        None,
    )


def _needed(kind: str, name: str, plugin: Entry, catalog: "Catalog") -> str:
    """What is missing, whose it is, and what to do."""
    package, version = plugin.get("distribution", ""), plugin.get("version", "")
    told = f"this run needs {kind} '{name}' of {package} {version}"
    here = [one for one in catalog.plugins if one.distribution == package]
    if package == HOME:
        return f"{told}, which this {HOME} does not have: pip install '{HOME}=={version}'"
    if bad := next((one for one in here if one.status not in ("ok", "clash")), None):
        return f"{told}, and its plugin can't be used ({bad.status}): {bad.reason}"
    if here:
        return f"{told}; version {here[0].version} is installed, which does not have it"
    return f"{told}, which is not installed: pip install {package}"
