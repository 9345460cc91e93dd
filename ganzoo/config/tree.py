"""The options of a model and its parts as a tree. Each layer of settings (preset, file, flags) overrides the last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic.fields import FieldInfo

from ganzoo.config.values import read_choice
from ganzoo.errors import GanzooError, UsageError, nearest
from ganzoo.options import PartChoice, PartKind, named_parts_kind, part_kind, split_names
from ganzoo.specs import PartSpec

if TYPE_CHECKING:
    from ganzoo.catalog.lookup import Catalog, RegisteredModel, RegisteredPart


@dataclass(kw_only=True)
class Node:
    """The options given to a model with its run, or to a part; `parts` are those it is made of, by option.

    `renamed` are old names of its options. A name of a part means one of the packages `near` first.
    """

    fields: Mapping[str, FieldInfo]
    renamed: Mapping[str, str]
    near: tuple[str, ...]
    values: dict[str, object] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    parts: dict[str, "PartNode"] = field(default_factory=dict)

    def given(self) -> dict[str, object]:
        """The values and the chosen parts, as the options class takes them."""
        choices = {name: PartChoice(name=part.name, options=part.values) for name, part in self.parts.items()}
        return {**self.values, **choices}

    def find(self, key: str) -> "PartNode | None":
        """The part at a key such as "discriminator" or "discriminator.encoder"."""
        for name, part in self.parts.items():
            if key == name:
                return part
            if key.startswith(f"{name}.") and (found := part.find(key.removeprefix(f"{name}."))):
                return found
        return None

    def walk(self, prefix: str = "") -> "Iterator[tuple[str, PartNode]]":
        """Every part below with its key."""
        for name, part in self.parts.items():
            yield f"{prefix}{name}", part
            yield from part.walk(f"{prefix}{name}.")

    def all_origins(self) -> dict[str, str]:
        """Where each value and each part came from, by its key."""
        origins = dict(self.origins)
        for key, part in self.walk():
            origins |= {key: part.origin, **{f"{key}.{option}": origin for option, origin in part.origins.items()}}
        return origins


@dataclass(kw_only=True)
class PartNode(Node):
    """A chosen part, and the name by which it is found again in the packages `searched` first.

    `listed_in` is the option that names it by comma, if one does.
    """

    registered: "RegisteredPart"
    name: str
    searched: tuple[str, ...]
    origin: str
    listed_in: str = ""

    @property
    def spec(self) -> PartSpec:
        """The declaration of the part."""
        return self.registered.spec


class Tree:
    """The options of one model, at first the defaults. `notices` are sentences about former names of options."""

    def __init__(self, model: "RegisteredModel", catalog: "Catalog", fields: Mapping[str, FieldInfo]) -> None:
        self.model = model.spec
        self.catalog = catalog
        self.notices: dict[str, None] = {}
        self.root = Node(fields=fields, renamed=model.spec.renamed, near=(model.plugin.distribution,))
        self._add_default_parts(self.root, "default")
        for name, one in fields.items():
            if named_parts_kind(one):
                self._set_named_parts(name, one.default, "default")

    def add(self, values: Mapping[str, object], origin: str, lines: Mapping[str, int] | None = None) -> None:
        """Applies a layer of settings on top of the earlier ones; `lines` are those of the file that it is from.

        Raises UsageError for an unknown key or part, DataError for data that is neither a folder nor a data set.
        """
        lines = lines or {}
        # A part's name goes before its options: it decides which options there are, and which parts it is made of.
        for key, value in sorted(values.items(), key=lambda item: item[0].count(".")):
            try:
                self._set_parts(self._present(key), value, origin)
            except GanzooError as error:
                if key not in lines:
                    raise
                raise type(error)(f"{error} ({origin}, line {lines[key]})") from None
        for written, value in values.items():
            key = self._present(written)
            if self._replaceable_part(key):
                continue
            owner, _, option = key.rpartition(".")
            part = self.root.find(owner)
            if part and option in part.fields:
                part.values[option], part.origins[option] = value, origin
            elif key in self.root.fields:
                self.root.values[key], self.root.origins[key] = value, origin
            else:
                line = f", line {lines[written]}" if written in lines else ""
                raise UsageError(self._unknown_message(key, f"{origin}{line}"))

    def _set_parts(self, key: str, value: object, origin: str) -> None:
        """Chooses the part or parts that the key names; other keys change nothing."""
        if key in self.root.fields and named_parts_kind(self.root.fields[key]):
            self._set_named_parts(key, value, origin)
        elif part := self._replaceable_part(key):
            self._replace_part(part, *read_choice(value), origin, picture=key == "style")

    def _replaceable_part(self, key: str) -> PartNode | None:
        """The part at that key. None for a part of a list: only the list's option, such as `extra`, replaces it."""
        part = self.root.find(key)
        return None if part is None or part.listed_in else part

    def _add_default_parts(self, node: Node, origin: str) -> None:
        """Adds the parts that a model or part is made of by default."""
        for name, one in node.fields.items():
            if kind := part_kind(one):
                default: PartChoice = one.default
                node.parts[name] = self._build_part(node, kind, default.name, default.options, origin)

    def _build_part(
        self, owner: Node, kind: PartKind, name: str, options: Mapping[str, object], origin: str, *, listed_in: str = ""
    ) -> PartNode:
        name, options = self._resolve_dataset(kind, name, options)
        part = self._node(kind, name, owner.near, origin, listed_in)
        self._add_default_parts(part, origin)
        self._set_options(part, options, origin)
        return part

    def _replace_part(
        self, part: PartNode, name: str, options: Mapping[str, object], origin: str, *, picture: bool = False
    ) -> None:
        """Replaces the part by the named one and sets the given options.

        Options set earlier are kept if it is the same part. Otherwise they are dropped, since they may not fit.
        """
        name, options = self._resolve_dataset(part.spec.kind, name, options, picture=picture)
        new = self._node(part.spec.kind, name, part.searched, origin)
        part.origin = origin
        if part.registered is not new.registered:
            part.registered, part.name, part.near = new.registered, new.name, new.near
            part.fields, part.renamed = new.fields, new.renamed
            part.values, part.origins, part.parts = {}, {}, {}
            self._add_default_parts(part, origin)
        self._set_options(part, options, origin)

    def _set_options(self, part: PartNode, options: Mapping[str, object], origin: str) -> None:
        for written, value in options.items():
            option = self._present_option(part, written)
            if option in part.parts:
                self._replace_part(part.parts[option], *read_choice(value), origin)
            else:
                part.values[option], part.origins[option] = value, origin

    def _resolve_dataset(
        self, kind: PartKind, name: str, options: Mapping[str, object], *, picture: bool = False
    ) -> tuple[str, Mapping[str, object]]:
        """The folder behind `--data FOLDER` becomes the data set `folder`; other parts are returned unchanged."""
        return self.catalog.source(name, options, picture=picture) if kind == "dataset" else (name, options)

    def _node(self, kind: PartKind, name: str, searched: tuple[str, ...], origin: str, listed_in: str = "") -> PartNode:
        """The part of that name, without parts and values yet."""
        found = self._registered(kind, name, searched)
        return PartNode(
            fields=found.spec.options.model_fields,
            renamed=found.spec.renamed,
            near=tuple(dict.fromkeys((found.distribution, *searched))),
            registered=found,
            name=self.catalog.shortest(found, searched),
            searched=searched,
            origin=origin,
            listed_in=listed_in,
        )

    def _registered(self, kind: PartKind, name: str, searched: tuple[str, ...]) -> "RegisteredPart":
        """The part of that name; raises UsageError for one that does not fit the model's task."""
        found = self.catalog.part(kind, name, searched)
        if found.spec.task in (None, self.model.task):
            return found
        others = sorted(
            one.spec.name
            for one in self.catalog.parts
            if one.spec.kind == kind and one.spec.task in (None, self.model.task)
        )
        raise UsageError(
            f"{kind} '{name}' is for models that {found.spec.task}, and {self.model.name} does not. There are:"
            f" {', '.join(others)}"
        )

    def _present(self, key: str) -> str:
        """The key with the names that its options have now, part by part."""
        node: Node | None = self.root
        names: list[str] = []
        for written in key.split("."):
            names.append(written if node is None else self._present_option(node, written, ".".join(names)))
            node = node.parts.get(names[-1]) if node else None
        return ".".join(names)

    def _present_option(self, node: Node, written: str, prefix: str = "") -> str:
        if written in node.fields or written not in node.renamed:
            return written
        new, place = node.renamed[written], f"{prefix}." if prefix else ""
        self.notices[f"option '{place}{written}' is now '{place}{new}'"] = None
        return new

    def _set_named_parts(self, key: str, value: object, origin: str) -> None:
        """Parts named by comma, each then known by its own name; those named before and not now go."""
        kind, names = named_parts_kind(self.root.fields[key]), split_names(value)
        if taken := sorted(set(names) & self.root.fields.keys()):
            raise UsageError(f"{key}={value}: '{taken[0]}' is an option of {self.model.name} already")
        assert kind is not None
        parts = self.root.parts
        for gone in [name for name, part in parts.items() if part.listed_in == key and name not in names]:
            del parts[gone]
        for name in names:
            if name not in parts:
                parts[name] = self._build_part(self.root, kind, name, {}, origin, listed_in=key)

    def _unknown_message(self, key: str, origin: str) -> str:
        options = [f"{part}.{option}" for part, node in self.root.walk() for option in node.fields]
        return (
            f"unknown option '{key}' for {self.model.name} ({origin}).{nearest(key, [*self.root.fields, *options])}"
            f" All options: ganzoo show {self.model.name}"
        )
