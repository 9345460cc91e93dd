"""Turns layers of settings (defaults, tiny, preset, file, command line) into one checked configuration with origins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ganzoo.config.renamed import rename_notices, with_new_names
from ganzoo.config.settings import RunSettings
from ganzoo.config.tree import Tree
from ganzoo.config.values import checked, read_choice
from ganzoo.errors import UsageError, nearest
from ganzoo.options import ModelOptions, PartKind, named_parts_kind, part_kind, split_names
from ganzoo.specs import ModelSpec, PartSpec

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog, RegisteredModel, RegisteredPart


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Values from one place, such as a preset or the command line; later layers win over earlier ones.

    `lines` are those of a file in which the values stand.
    """

    origin: str
    values: Mapping[str, object]
    lines: Mapping[str, int] = field(default_factory=dict)

    def where(self, key: str) -> str:
        """The place of a value as a clause for a message; nothing when it is in no file."""
        return f" ({self.origin}, line {self.lines[key]})" if key in self.lines else ""


@dataclass(frozen=True, kw_only=True)
class ResolvedPart:
    """A part with its checked options, and the name by which it is found again.

    `inner` are the parts that it is made of if it stands outside of a run; those of a run are in the configuration.
    """

    registered: "RegisteredPart"
    name: str
    options: BaseModel
    inner: "Mapping[str, ResolvedPart]" = field(default_factory=dict)

    @property
    def spec(self) -> PartSpec:
        """The declaration of the part."""
        return self.registered.spec


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything a run needs to know, checked, and where each value came from.

    `notices` are sentences for the user, about options written by an old name and about names of two things.
    """

    model: "RegisteredModel"
    """The model; `model.spec` is its declaration."""
    options: ModelOptions
    """The model's options."""
    settings: RunSettings
    """The settings that every run has, such as size and seed."""
    parts: Mapping[str, ResolvedPart]
    """The chosen parts by the option that names them."""
    origins: Mapping[str, str]
    """Where each value came from: "default", "preset …", "--set" and the like."""
    notices: tuple[str, ...] = ()

    def values(self) -> dict[str, object]:
        """All values in flat form, parts as "generator" and "generator.width", ready for JSON."""
        flat: dict[str, object] = {}
        for owner in (self.settings, self.options):
            dumped = owner.model_dump(mode="json")
            for key, one in type(owner).model_fields.items():
                if part_kind(one):
                    flat |= self._part_values(key)
                    continue
                flat[key] = dumped[key]
                for name in split_names(dumped[key]) if named_parts_kind(one) else ():
                    flat |= {k: v for k, v in self._part_values(name).items() if k != name}
        return flat

    def _part_values(self, key: str) -> dict[str, object]:
        """A part's name, its options, and those of the parts that it is made of."""
        part = self.parts[key]
        flat: dict[str, object] = {key: part.name}
        dumped = part.options.model_dump(mode="json")
        for option, one in type(part.options).model_fields.items():
            inner = f"{key}.{option}"
            flat |= self._part_values(inner) if part_kind(one) else {inner: dumped[option]}
        return flat

    def describe(self) -> dict[str, dict[str, object]]:
        """Each value with its origin, as run.json keeps it."""
        return {k: {"value": v, "origin": self.origins.get(k, "default")} for k, v in self.values().items()}


def configure(model: "RegisteredModel", catalog: "Catalog", layers: Sequence[Layer]) -> Configuration:
    """Checks and merges the layers, weakest first.

    Raises UsageError for an unknown key (with the nearest known one) or a value out of bounds, DataError for data
    that is neither a folder nor a data set's name.
    """
    options_class = _options_class(model.spec)
    tree = merged(model, catalog, layers)
    given = tree.root.given()
    origins = tree.root.all_origins()

    def where(key: str) -> str:
        return next((layer.where(key) for layer in reversed(layers) if layer.origin == origins.get(key)), "")

    settings = checked(RunSettings, {k: v for k, v in given.items() if k in RunSettings.model_fields}, where=where)
    options = checked(options_class, {k: v for k, v in given.items() if k in options_class.model_fields}, where=where)
    parts = {
        key: ResolvedPart(
            registered=part.registered,
            name=part.name,
            options=checked(part.spec.options, part.given(), f"{key}.", where),
        )
        for key, part in tree.root.walk()
    }
    notices = dict.fromkeys(text for layer in layers for text in rename_notices(layer.values, tree.root.fields))
    notices |= tree.notices
    return Configuration(
        model=model,
        options=options,
        settings=settings,
        parts=parts,
        origins=origins,
        notices=tuple(notices),
    )


def merged(model: "RegisteredModel", catalog: "Catalog", layers: Sequence[Layer]) -> Tree:
    """The tree of the defaults with the layers on top, its values not checked yet; errors as for `configure`."""
    fields = fields_of(model.spec)
    tree = Tree(model, catalog, fields)
    for layer in layers:
        tree.add(with_new_names(layer.values, fields), layer.origin, with_new_names(layer.lines, fields))
    return tree


def fields_of(model: ModelSpec) -> dict[str, FieldInfo]:
    """The settings of every run and the options of the model."""
    return {**RunSettings.model_fields, **_options_class(model).model_fields}


def _options_class(model: ModelSpec) -> type[ModelOptions]:
    if not issubclass(model.options, ModelOptions):
        raise UsageError(f"model '{model.name}': its options class must be a subclass of ganzoo.ModelOptions")
    return model.options


def namesake_notices(values: Mapping[str, object], catalog: "Catalog") -> list[str]:
    """A sentence for each data set among the values beside which there is a folder of its name."""
    return catalog.namesakes(*(read_choice(values[key])[0] for key in ("data", "style") if key in values))


def own_part_notices(configuration: Configuration, catalog: "Catalog") -> list[str]:
    """A sentence for each part of a package that is chosen by the name of a built-in one."""
    built_in = {(part.spec.kind, part.spec.name): part.full_name for part in catalog.parts if part.builtin}
    return [
        f"{part.spec.kind} '{part.name}' is that of {part.registered.distribution}: the built-in one is {other}"
        for part in configuration.parts.values()
        if not part.registered.builtin and (other := built_in.get((part.spec.kind, part.name)))
    ]


def resolve_part(
    catalog: "Catalog", kind: PartKind, name: str, options: Mapping[str, object], near: Sequence[str] = ()
) -> ResolvedPart:
    """A part on its own, outside of a run; a short name means one of the packages `near` first.

    Raises UsageError for an unknown name or option (with the nearest known one) and for a value out of bounds, and for
    a data set as `Catalog.source` does.
    """
    if kind == "dataset":
        name, options = catalog.source(name, options)
    found = catalog.part(kind, name, near)
    spec = found.spec
    options = {key if key in spec.options.model_fields else spec.renamed.get(key, key): v for key, v in options.items()}
    known = sorted(spec.options.model_fields)
    for key in options:
        if key not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"unknown option '{key}' of {kind} '{name}'.{nearest(key, known)} There are: {there}")
    checked_options, inside = checked(spec.options, options), (found.distribution, *near)
    kinds = {key: part_kind(one) for key, one in spec.options.model_fields.items()}
    choices = {key: (kind, getattr(checked_options, key)) for key, kind in kinds.items() if kind}
    return ResolvedPart(
        registered=found,
        name=catalog.shortest(found, near),
        options=checked_options,
        inner={key: resolve_part(catalog, kind, one.name, one.options, inside) for key, (kind, one) in choices.items()},
    )


def metric_parts(configuration: Configuration, catalog: "Catalog") -> tuple[ResolvedPart, ...]:
    """The parts that the setting `metrics` names. Raises UsageError for a name that is none (with the nearest)."""
    near = (configuration.model.plugin.distribution,)
    return tuple(
        resolve_part(catalog, "metric", name, {}, near) for name in split_names(configuration.settings.metrics)
    )
