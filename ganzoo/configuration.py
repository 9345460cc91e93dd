"""Turns layers of settings (defaults, tiny, preset, file, command line) into one checked configuration with origins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ganzoo.errors import UsageError, nearest
from ganzoo.options import ModelOptions, PartChoice, part_kind
from ganzoo.settings import RunSettings
from ganzoo.specs import PartKind, PartSpec

if TYPE_CHECKING:
    from ganzoo.catalog import Catalog, RegisteredModel

M = TypeVar("M", bound=BaseModel)


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
                    flat[key] = self.parts[key].spec.name
                    flat |= {f"{key}.{k}": v for k, v in self.parts[key].options.model_dump(mode="json").items()}
                else:
                    flat[key] = dumped[key]
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
    merge = _Merge(model.spec.name, catalog, {**RunSettings.model_fields, **options_class.model_fields})
    for layer in layers:
        merge.add(layer)
    plain = merge.plain_values()
    settings = _checked(RunSettings, {k: v for k, v in plain.items() if k in RunSettings.model_fields})
    options = _checked(options_class, {k: v for k, v in plain.items() if k in options_class.model_fields})
    return Configuration(
        model=model, options=options, settings=settings, parts=merge.resolved_parts(), origins=merge.origins
    )


class _Merge:
    """The values gathered so far: plain ones, and for each part its name and options."""

    def __init__(self, model: str, catalog: "Catalog", fields: Mapping[str, FieldInfo]) -> None:
        self.model = model
        self.catalog = catalog
        self.kinds = {key: kind for key, field in fields.items() if (kind := part_kind(field))}
        self.fields = fields
        self.plain: dict[str, object] = {}
        self.origins: dict[str, str] = {}
        self.parts: dict[str, PartSpec] = {}
        self.part_options: dict[str, dict[str, object]] = {}
        for key in self.kinds:
            default: PartChoice = fields[key].default
            self._choose(key, default.name, default.options, "default")

    def add(self, layer: Layer) -> None:
        # A part's name goes before its options: it decides which options there are.
        names = {k: v for k, v in layer.values.items() if k in self.kinds}
        for key, value in names.items():
            name, options = _choice(value)
            self._choose(key, name, options, layer.origin)
        for key, value in layer.values.items():
            if key in names:
                continue
            owner, _, option = key.partition(".")
            if option and owner in self.kinds and option in self._options_of(owner):
                self.part_options[owner][option] = value
            elif key in self.fields:
                self.plain[key] = value
            else:
                raise UsageError(self._unknown(key, layer.origin))
            self.origins[key] = layer.origin

    def plain_values(self) -> dict[str, object]:
        chosen = {key: PartChoice(name=spec.name, options=self.part_options[key]) for key, spec in self.parts.items()}
        return {**self.plain, **chosen}

    def resolved_parts(self) -> dict[str, ResolvedPart]:
        return {
            key: ResolvedPart(spec=spec, options=_checked(spec.options, self.part_options[key], prefix=f"{key}."))
            for key, spec in self.parts.items()
        }

    def _choose(self, key: str, name: str, options: Mapping[str, object], origin: str) -> None:
        """Options of the part chosen before may not fit the new one, so they go, unless it is the same part."""
        if self.kinds[key] == "dataset":
            name, options = self.catalog.source(name, options)
        spec = self.catalog.part(self.kinds[key], name)
        if self.parts.get(key) != spec:
            self.part_options[key] = {}
            self.origins = {k: v for k, v in self.origins.items() if not k.startswith(f"{key}.")}
        self.parts[key] = spec
        self.part_options[key].update(options)
        self.origins |= {key: origin, **{f"{key}.{option}": origin for option in options}}

    def _options_of(self, key: str) -> Mapping[str, FieldInfo]:
        return self.parts[key].options.model_fields

    def _unknown(self, key: str, origin: str) -> str:
        known = [
            *self.fields,
            *(f"{part}.{option}" for part in self.kinds for option in self._options_of(part)),
        ]
        return (
            f"unknown option '{key}' for {self.model} ({origin}).{nearest(key, known)}"
            f" All options: ganzoo show {self.model}"
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
    names = dict.fromkeys(name.strip() for name in configuration.settings.metrics.split(","))
    return tuple(resolve_part(catalog, "metric", name, {}) for name in names if name)


def _choice(value: object) -> tuple[str, Mapping[str, object]]:
    if isinstance(value, PartChoice):
        return value.name, value.options
    if isinstance(value, Mapping):
        if not isinstance(value.get("name"), str):
            raise UsageError(f"{value!r}: a part written as a mapping needs its 'name'")
        return value["name"], {k: v for k, v in value.items() if k != "name"}
    return str(value), {}


def _checked(kind: type[M], values: Mapping[str, Any], prefix: str = "") -> M:
    try:
        return kind(**values)
    except ValidationError as error:
        raise UsageError(_explain(error, prefix)) from None


def _explain(error: ValidationError, prefix: str) -> str:
    lines = (
        f"{prefix}{'.'.join(map(str, problem['loc']))}={problem['input']!r}: {problem['msg']}"
        for problem in error.errors(include_url=False)
    )
    return "; ".join(lines).replace("Value error, ", "")


def parse_assignments(texts: Iterable[str]) -> dict[str, object]:
    """Reads `key=value` texts of `--set`; raises UsageError when one has no '='."""
    values: dict[str, object] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key.strip().replace(".", "").replace("_", "").isalnum():
            raise UsageError(f"--set {text!r}: write key=value, such as --set lr=1e-4")
        values[key.strip()] = value.strip()
    return values
