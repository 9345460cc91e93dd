"""Turns layers of settings (defaults, tiny, preset, file, command line) into one checked configuration with origins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ganzoo.config.settings import RENAMED, RunSettings
from ganzoo.errors import UsageError, nearest
from ganzoo.options import ModelOptions, PartChoice, part_kind, parts_kind
from ganzoo.specs import ModelSpec, PartKind, PartSpec

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog, RegisteredModel

M = TypeVar("M", bound=BaseModel)
_SHOWN = 200
"""Letters of a wrong value in a message."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Values from one place, such as a preset or the command line; later layers win over earlier ones."""

    origin: str
    values: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class ResolvedPart:
    """A part with its checked options."""

    spec: PartSpec
    options: BaseModel


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything a run needs to know, checked, and where each value came from."""

    model: "RegisteredModel"
    options: ModelOptions
    settings: RunSettings
    parts: Mapping[str, ResolvedPart]
    origins: Mapping[str, str]

    def values(self) -> dict[str, object]:
        """All values in flat form, parts as "generator" and "generator.width", ready for JSON."""
        flat: dict[str, object] = {}
        for owner in (self.settings, self.options):
            dumped = owner.model_dump(mode="json")
            for key, field in type(owner).model_fields.items():
                if part_kind(field):
                    flat |= self._part_values(key)
                    continue
                flat[key] = dumped[key]
                for name in split_names(dumped[key]) if parts_kind(field) else ():
                    flat |= {k: v for k, v in self._part_values(name).items() if k != name}
        return flat

    def _part_values(self, key: str) -> dict[str, object]:
        """A part's name, its options, and those of the parts that it is made of."""
        part = self.parts[key]
        flat: dict[str, object] = {key: part.spec.name}
        dumped = part.options.model_dump(mode="json")
        for option, field in type(part.options).model_fields.items():
            inner = f"{key}.{option}"
            flat |= self._part_values(inner) if part_kind(field) else {inner: dumped[option]}
        return flat

    def describe(self) -> dict[str, dict[str, object]]:
        """Each value with its origin, as run.json keeps it."""
        return {k: {"value": v, "origin": self.origins.get(k, "default")} for k, v in self.values().items()}


def configure(model: "RegisteredModel", catalog: "Catalog", layers: Sequence[Layer]) -> Configuration:
    """Checks and merges the layers, weakest first.

    Raises UsageError for an unknown key (with the nearest known one) or a value out of bounds, DataError for data
    that is neither a folder nor a data set's name.
    """
    options_class = model.spec.options
    if not issubclass(options_class, ModelOptions):
        raise UsageError(f"model '{model.spec.name}': its options class must be a subclass of ganzoo.ModelOptions")
    fields = {**RunSettings.model_fields, **options_class.model_fields}
    merge = _Merge(model.spec, catalog, fields)
    for layer in layers:
        merge.add(_with_new_names(layer, fields))
    plain = merge.plain_values()
    settings = _checked(RunSettings, {k: v for k, v in plain.items() if k in RunSettings.model_fields})
    options = _checked(options_class, {k: v for k, v in plain.items() if k in options_class.model_fields})
    return Configuration(
        model=model, options=options, settings=settings, parts=merge.resolved_parts(), origins=merge.origins
    )


def _with_new_names(layer: Layer, fields: Mapping[str, FieldInfo]) -> Layer:
    """The layer with the options of old under the names of now, where the model does not have the old name itself."""
    renamed = {old: new for old, new in RENAMED.items() if old not in fields and new in fields}
    return replace(layer, values={renamed.get(key, key): value for key, value in layer.values.items()})


class _Merge:
    """The values gathered so far: plain ones, and for each part its name and options."""

    def __init__(self, model: ModelSpec, catalog: "Catalog", fields: Mapping[str, FieldInfo]) -> None:
        self.model = model
        self.catalog = catalog
        self.kinds = {key: kind for key, field in fields.items() if (kind := part_kind(field))}
        self.fields = fields
        self.plain: dict[str, object] = {}
        self.origins: dict[str, str] = {}
        self.parts: dict[str, PartSpec] = {}
        self.part_options: dict[str, dict[str, object]] = {}
        self.several: dict[str, str] = {}
        for key in list(self.kinds):
            default: PartChoice = fields[key].default
            self._choose(key, default.name, default.options, "default")
        for key, field in fields.items():
            if parts_kind(field):
                self._choose_several(key, field.default, "default")

    def add(self, layer: Layer) -> None:
        # A part's name goes before its options: it decides which options there are, and which parts it is made of.
        for key, value in sorted(layer.values.items(), key=lambda item: item[0].count(".")):
            if key in self.fields and parts_kind(self.fields[key]):
                self._choose_several(key, value, layer.origin)
            elif self._holds_part(key):
                name, options = _choice(value)
                self._choose(key, name, options, layer.origin)
        for key, value in layer.values.items():
            if self._holds_part(key):
                continue
            owner, _, option = key.rpartition(".")
            if option and owner in self.kinds and option in self._options_of(owner):
                self.part_options[owner][option] = value
            elif key in self.fields:
                self.plain[key] = value
            else:
                raise UsageError(self._unknown(key, layer.origin))
            self.origins[key] = layer.origin

    def _holds_part(self, key: str) -> bool:
        """Whether a part is chosen under that key; one named in a list can't be exchanged under its own name."""
        return key in self.kinds and key not in self.several

    def plain_values(self) -> dict[str, object]:
        return {**self.plain, **self._choices("")}

    def _choices(self, inside: str) -> dict[str, object]:
        """The parts whose keys begin so, without those further inside."""
        own = {key.removeprefix(inside): key for key in self.parts if key.startswith(inside)}
        return {
            option: PartChoice(name=self.parts[key].name, options=self.part_options[key])
            for option, key in own.items()
            if "." not in option
        }

    def resolved_parts(self) -> dict[str, ResolvedPart]:
        return {
            key: ResolvedPart(
                spec=spec,
                options=_checked(
                    spec.options, {**self.part_options[key], **self._choices(f"{key}.")}, prefix=f"{key}."
                ),
            )
            for key, spec in self.parts.items()
        }

    def _choose(self, key: str, name: str, options: Mapping[str, object], origin: str) -> None:
        """Options of the part chosen before may not fit the new one, so they go, unless it is the same part."""
        if self.kinds[key] == "dataset":
            name, options = self.catalog.source(name, options)
        spec = self.catalog.part(self.kinds[key], name)
        if spec.task not in (None, self.model.task):
            others = sorted(
                one.spec.name
                for one in self.catalog.parts
                if one.spec.kind == spec.kind and one.spec.task in (None, self.model.task)
            )
            raise UsageError(
                f"{spec.kind} '{name}' is for models that {spec.task}, and {self.model.name} does not. There are:"
                f" {', '.join(others)}"
            )
        if self.parts.get(key) != spec:
            self._forget(key)
            self.parts[key], self.part_options[key] = spec, {}
            for option, field in spec.options.model_fields.items():
                if kind := part_kind(field):
                    self.kinds[f"{key}.{option}"] = kind
                    self._choose(f"{key}.{option}", field.default.name, field.default.options, origin)
        self.origins[key] = origin
        for option, value in options.items():
            inner = f"{key}.{option}"
            if inner in self.kinds:
                self._choose(inner, *_choice(value), origin)
            else:
                self.part_options[key][option] = value
                self.origins[inner] = origin

    def _forget(self, key: str) -> None:
        """A part goes with its options and the parts that it is made of."""
        inside = f"{key}."
        self.parts = {k: v for k, v in self.parts.items() if k != key and not k.startswith(inside)}
        self.part_options = {k: v for k, v in self.part_options.items() if k in self.parts}
        self.kinds = {k: v for k, v in self.kinds.items() if not k.startswith(inside)}
        self.origins = {k: v for k, v in self.origins.items() if not k.startswith(inside)}

    def _choose_several(self, key: str, value: object, origin: str) -> None:
        """Parts named by comma, each then known by its own name; those named before and not now go."""
        kind, names = parts_kind(self.fields[key]), split_names(value)
        if taken := sorted(set(names) & self.fields.keys()):
            raise UsageError(f"{key}={value}: '{taken[0]}' is an option of {self.model.name} already")
        assert kind is not None
        for gone in [name for name, of in self.several.items() if of == key and name not in names]:
            self._forget(gone)
            del self.several[gone], self.kinds[gone]
        for name in names:
            if name not in self.several:
                self.several[name], self.kinds[name] = key, kind
                self._choose(name, name, {}, origin)

    def _options_of(self, key: str) -> Mapping[str, FieldInfo]:
        return self.parts[key].options.model_fields

    def _unknown(self, key: str, origin: str) -> str:
        known = [
            *self.fields,
            *(f"{part}.{option}" for part in self.kinds for option in self._options_of(part)),
        ]
        return (
            f"unknown option '{key}' for {self.model.name} ({origin}).{nearest(key, known)}"
            f" All options: ganzoo show {self.model.name}"
        )


def resolve_part(catalog: "Catalog", kind: PartKind, name: str, options: Mapping[str, object]) -> ResolvedPart:
    """A part by itself, outside of any run.

    Raises UsageError for an unknown name or option (with the nearest known one) and for a value out of bounds, and for
    a data set as `Catalog.source` does.
    """
    if kind == "dataset":
        name, options = catalog.source(name, options)
    spec = catalog.part(kind, name)
    known = sorted(spec.options.model_fields)
    for key in options:
        if key not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"unknown option '{key}' of {kind} '{name}'.{nearest(key, known)} There are: {there}")
    return ResolvedPart(spec=spec, options=_checked(spec.options, options))


def metric_parts(configuration: Configuration, catalog: "Catalog") -> tuple[ResolvedPart, ...]:
    """The parts that the setting `metrics` names. Raises UsageError for a name that is none (with the nearest)."""
    return tuple(resolve_part(catalog, "metric", name, {}) for name in split_names(configuration.settings.metrics))


def split_names(text: object) -> list[str]:
    """The names in a text, which stand between commas, each once."""
    return list(dict.fromkeys(name for part in str(text).split(",") if (name := part.strip())))


def _choice(value: object) -> tuple[str, Mapping[str, object]]:
    if isinstance(value, PartChoice):
        return value.name, value.options
    if isinstance(value, Mapping):
        if not isinstance(value.get("name"), str):
            raise UsageError(f"{_shown(value)}: a part written as a mapping needs its 'name'")
        if not all(isinstance(key, str) for key in value):
            raise UsageError(f"{_shown(value)}: the options of a part have names")
        return value["name"], {k: v for k, v in value.items() if k != "name"}
    return str(value), {}


def _checked(kind: type[M], values: Mapping[str, Any], prefix: str = "") -> M:
    try:
        return kind(**values)
    except ValidationError as error:
        raise UsageError(_explain(error, prefix)) from None


def _explain(error: ValidationError, prefix: str) -> str:
    lines = (
        f"{prefix}{'.'.join(map(str, problem['loc']))}={_shown(problem['input'])}: {problem['msg']}"
        for problem in error.errors(include_url=False)
    )
    return "; ".join(lines).replace("Value error, ", "")


def _shown(value: object) -> str:
    """A value as it may stand in a message: Python does not write out numbers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "a number too long to show"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def parse_assignments(texts: Iterable[str]) -> dict[str, object]:
    """Reads `key=value` texts of `--set`; raises UsageError when one has no '='."""
    values: dict[str, object] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key.strip().replace(".", "").replace("_", "").isalnum():
            raise UsageError(f"--set {text!r}: write key=value, such as --set lr=1e-4")
        values[key.strip()] = value.strip()
    return values
