"""Looks up models, presets and parts by the names that users write."""

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field

from ganzoo.catalog.plugin import HOME, Plugin, qualifier
from ganzoo.catalog.published import Published, declared
from ganzoo.catalog.registry import Preset, Registry
from ganzoo.errors import DataError, PluginError, UsageError, nearest
from ganzoo.io.names import unusable
from ganzoo.options import Options, PartKind
from ganzoo.specs import ModelSpec, PartSpec


def _absolute(path: str) -> str:
    """Absolute, as a run may be resumed from another working folder."""
    path = os.path.expanduser(path)
    if problem := unusable(path):
        raise ValueError(problem)
    return os.path.abspath(path)


AbsolutePath = Annotated[str, AfterValidator(_absolute)]


class FolderOptions(Options):
    """Options of a plain folder of images."""

    path: AbsolutePath = Field(
        min_length=1, description="folder with images, or one image; nested folders become labels"
    )


FOLDER = PartSpec(
    kind="dataset",
    name="folder",
    target="ganzoo.data.folder:FolderSource",
    options=FolderOptions,
    summary="a folder of images",
)


@dataclass(frozen=True, kw_only=True)
class RegisteredModel:
    """A model with the plugin it comes from."""

    spec: ModelSpec
    plugin: Plugin
    full_name: str


@dataclass(frozen=True, kw_only=True)
class RegisteredPart:
    """A part with its full name, "plugin/part", and the plugin it comes from; None for the core's own `folder`."""

    spec: PartSpec
    full_name: str
    plugin: Plugin | None

    @property
    def builtin(self) -> bool:
        """Whether it comes with ganzoo."""
        return self.plugin is None or self.plugin.builtin

    @property
    def distribution(self) -> str:
        """The package that it comes with."""
        return HOME if self.plugin is None else self.plugin.distribution


class Catalog:
    """All that is registered: what the plugins declare, and the presets of the registry."""

    def __init__(self, plugins: Iterable[Plugin], registry: Registry) -> None:
        self.plugins = tuple(plugins)
        self.registry = registry

    @cached_property
    def models(self) -> tuple[RegisteredModel, ...]:
        """Every model of every working plugin, clashing ones included."""
        return tuple(
            RegisteredModel(spec=spec, plugin=plugin, full_name=f"{qualifier(plugin, self.plugins)}/{spec.name}")
            for plugin in self.plugins
            for spec in plugin.models
        )

    @cached_property
    def parts(self) -> tuple[RegisteredPart, ...]:
        """Every part of every working plugin, clashing ones included, and the core's own `folder`."""
        declared = (
            RegisteredPart(spec=spec, full_name=f"{qualifier(plugin, self.plugins)}/{spec.name}", plugin=plugin)
            for plugin in self.plugins
            for spec in plugin.parts
        )
        return (RegisteredPart(spec=FOLDER, full_name=FOLDER.name, plugin=None), *declared)

    @cached_property
    def published(self) -> Mapping[str, Published]:
        """Trained models by name: those of the registry, then those that plugins declare with their models."""
        own = {one.name: one for model in self.models for one in declared(model.spec, model.full_name)}
        names = dict.fromkeys((*self.registry.published, *own))
        return {name: self.registry.published.get(name) or own[name] for name in names}

    def trains(self, name: str) -> bool:
        """Whether it is the name of a model or a preset."""
        return name in self.registry.presets or any(name in (m.spec.name, m.full_name) for m in self.models)

    def model(self, name: str) -> RegisteredModel:
        """The model of that short or full ("plugin/model") name.

        Raises PluginError when its plugin is broken or the short name belongs to several plugins, UsageError when
        there is none.
        """
        found = [m for m in self.models if name in (m.spec.name, m.full_name)]
        if len(found) > 1:
            found = [m for m in found if m.plugin.builtin] or found
        if len(found) > 1:
            raise PluginError(f"several plugins have a model '{name}': say {_either(m.full_name for m in found)}")
        if not found:
            raise self._unknown_model(name)
        return found[0]

    def resolve(self, name: str) -> tuple[RegisteredModel, Preset | None]:
        """The model that a model's or a preset's name stands for, and the preset if it is one."""
        preset = self.registry.presets.get(name)
        if preset is None or any(name in (m.spec.name, m.full_name) for m in self.models):
            return self.model(name), None
        return self.model(preset.model), preset

    def part(self, kind: PartKind, name: str, near: Sequence[str] = ()) -> RegisteredPart:
        """The part of that kind and short or full name; errors as for `model`.

        A short name means a part of the packages `near`, the first of them that has one, then a built-in one.
        """
        of_kind = [part for part in self.parts if part.spec.kind == kind]
        found = [part for part in of_kind if name in (part.spec.name, part.full_name)]
        for package in (*near, HOME):
            if len(found) > 1:
                found = [part for part in found if part.distribution == package] or found
        if len(found) > 1:
            raise PluginError(f"several plugins have a {kind} '{name}': say {_either(p.full_name for p in found)}")
        if not found:
            names = sorted(part.spec.name for part in of_kind)
            raise UsageError(f"no {kind} '{name}'.{nearest(name, names)} There are: {', '.join(names) or 'none'}")
        return found[0]

    def shortest(self, part: RegisteredPart, near: Sequence[str] = ()) -> str:
        """The name by which `part` finds this part again: the short one, unless it means another."""
        kind, name = part.spec.kind, part.spec.name
        try:
            return name if self.part(kind, name, near) is part else part.full_name
        except PluginError:  # the short name belongs to several
            return part.full_name

    def source(
        self, text: str, options: Mapping[str, object], *, picture: bool = False
    ) -> tuple[str, Mapping[str, object]]:
        """What `--data TEXT` means: a data set with options, or a folder, which is the data set `folder`.

        With `picture`, as for `--style`, the file of one picture is a folder of one. Raises DataError when it is
        neither.
        """
        if self._is_data_set(text):
            return text, options
        path = os.path.expanduser(text)
        if problem := unusable(path):
            raise DataError(f"data '{text}': {problem}")
        if os.path.isdir(path) or (picture and os.path.isfile(path) and not _packed(path)):
            return FOLDER.name, {**options, "path": os.path.abspath(path)}
        if text == FOLDER.name:  # as run.json has it, with the path beside it
            return text, options
        if os.path.exists(path):
            raise DataError(f"data '{text}' is a file: {_instead(text)}")
        names = sorted(part.spec.name for part in self._data_sets)
        kind = "picture or folder" if picture else "folder"
        raise DataError(
            f"no {kind} '{text}', and no data set of that name.{nearest(text, names)} Data sets: {', '.join(names)}"
        )

    def namesakes(self, *texts: str) -> list[str]:
        """A sentence for each of the texts that names a data set and also a folder: the data set is taken."""
        return [
            f"'{text}' is the data set of that name, not the folder '{text}': for the folder write ./{text}"
            for text in texts
            if self._is_data_set(text) and os.path.isdir(text)
        ]

    @cached_property
    def _data_sets(self) -> tuple[RegisteredPart, ...]:
        return tuple(part for part in self.parts if part.spec.kind == "dataset" and part.spec.name != FOLDER.name)

    def _is_data_set(self, text: str) -> bool:
        return any(text in (part.spec.name, part.full_name) for part in self._data_sets)

    def _unknown_model(self, name: str) -> UsageError | PluginError:
        for plugin in self.plugins:
            if (
                plugin.status != "ok"
                and not plugin.models
                and name.split("/")[0]
                in (
                    plugin.name,
                    f"{plugin.distribution}:{plugin.name}",
                )
            ):
                return PluginError(f"plugin '{plugin.name}' can't be used ({plugin.status}): {plugin.reason}")
        if package := self.registry.community.get(name):
            return UsageError(f"'{name}' is a community plugin that is not installed: pip install {package}")
        if name in self.registry.broken:
            return UsageError(self.registry.broken[name])
        if name in self.published:
            of = self.published[name].model
            return UsageError(
                f"'{name}' is a published model, trained already: to train it further, ganzoo run"
                f" {of.rpartition('/')[2]} --from {name}"
            )
        names = [*(m.spec.name for m in self.models), *self.registry.presets, *self.published]
        return UsageError(f"no model or preset '{name}'.{nearest(name, names)} All of them: ganzoo list")


def _instead(file: str) -> str:
    """What to give in place of a file."""
    if _packed(file) and not file.lower().endswith(".zip"):
        return f"give --data shards --set data.path={shlex.quote(file)}"
    return "unpack it, and give the folder" if file.lower().endswith(".zip") else "give the folder it is in"


def _packed(file: str) -> bool:
    return file.lower().endswith((".tar", ".tar.gz", ".tgz", ".zip"))


def _either(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)
