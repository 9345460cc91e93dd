"""What the interface is: its modules, their public names, and what each class has, with types, defaults and meanings.

The reference is written from it, and the recorded interface (`tests/public_names.txt`) as well.
"""

import ast
import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

import ganzoo
from ganzoo.options import PartChoice, describe_type, part_kind

MODULES = (
    *("ganzoo", "ganzoo.model", "ganzoo.translator", "ganzoo.styled", "ganzoo.losses", "ganzoo.layers"),
    *("ganzoo.augment", "ganzoo.parts"),
    *("ganzoo.encoders", "ganzoo.metrics", "ganzoo.weights", "ganzoo.testing", "ganzoo.hooks"),
)
RECEIVED: Mapping[str, tuple[str, ...]] = {
    "ganzoo.runs.folder": ("Run",),
    "ganzoo.config.units": ("Progress",),
    "ganzoo.config.configuration": ("Configuration",),
    "ganzoo.runs.evaluation": ("Evaluation", "Interval"),
    "ganzoo.runs.protocol": ("Protocol",),
}
"""Classes that hooks receive or find in what they receive; a plugin has no need to import them."""
REQUIRED = "must be given"
_EMPTY = {"dict": "{}", "tuple": "()", "list": "[]"}
_LONGEST = 60
_CALLED = ("__len__", "__call__")
"""Methods of the language that are part of a class's use."""
_MODULE = re.compile(r"\b(?!torch\.Generator)(?:[A-Za-z_]+\.)+(?=[A-Z])")
"""Before the name of a class; a random generator keeps it, as another class is called so here."""
_SENTENCE = re.compile(r"(?<=[.;:])\s+(?=[A-Z`])")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attribute:
    """A field, a class variable or something that the constructor sets."""

    name: str
    type: str = ""
    default: str = ""
    meaning: str = ""


def names(module: ModuleType) -> list[str]:
    """Those of `__all__`, or those that the module defines itself and that do not begin with '_'."""
    if module is ganzoo:
        return ganzoo.__all__
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return sorted(getattr(module, "__all__", [name for name in own if not name.startswith("_")]))


def entries() -> Iterator[tuple[str, str, Any]]:
    """Every name of the interface: its module, itself and its value."""
    for module_name in MODULES:
        module = import_module(module_name)
        yield from ((module_name, name, getattr(module, name)) for name in names(module))
    for module_name, received in RECEIVED.items():
        yield from ((module_name, name, getattr(import_module(module_name), name)) for name in received)


@cache
def classes() -> tuple[type, ...]:
    """Every class of the interface, once."""
    return tuple(dict.fromkeys(value for _, _, value in entries() if inspect.isclass(value)))


def bases(owner: type) -> list[type]:
    """The classes of the interface that it derives from directly, or through classes that are not of it."""
    found: list[type] = []
    for base in owner.__bases__:
        found += [base] if base in classes() else bases(base) if _ours(base) else []
    return list(dict.fromkeys(found))


def attributes(owner: type) -> list[Attribute]:
    """What a class has beside methods: all fields of options and dataclasses, else what its bases don't have."""
    if issubclass(owner, BaseModel):
        return [_option(owner, name, field) for name, field in owner.model_fields.items()]
    whole = owner.__mro__ if dataclasses.is_dataclass(owner) else _described_here(owner)
    found: dict[str, Attribute] = {}
    for one in reversed([one for one in whole if _ours(one)]):
        for name, attribute in _written(one).items():
            known = found.get(name, attribute)
            found[name] = dataclasses.replace(attribute, type=attribute.type or known.type)
    return [
        dataclasses.replace(one, meaning=_meaning(owner, one.name), type=one.type or _typed(owner, one.name))
        for one in found.values()
    ]


def methods(owner: type) -> dict[str, Any]:
    """Methods and properties by name, without those that its bases describe."""
    found: dict[str, Any] = {}
    for one in reversed([one for one in _described_here(owner) if _ours(one)]):
        kinds = (property, classmethod, staticmethod, cached_property)
        for key, member in vars(one).items():
            public = key in _CALLED or (not key.startswith("_") and not key.startswith("model_"))
            if public and (inspect.isfunction(member) or isinstance(member, kinds)):
                found[key] = member
    return found


def constructor(owner: type) -> Any:
    """Its `__init__`, or None for options and dataclasses, which take their fields by name."""
    return None if issubclass(owner, BaseModel) or dataclasses.is_dataclass(owner) else vars(owner).get("__init__")


def signature(value: Any) -> str:
    """The parameters and what is returned as they stand in the code, names without their modules."""
    value = getattr(value, "__func__", value)
    if not inspect.isroutine(value):
        return ""
    text = re.sub(r"<function (\w+) at 0x\w+>", r"\1", str(inspect.signature(value)))
    return _short(text.replace("torch._C.", "torch."))


def text_of(module: str, name: str) -> str:
    """The text below a name that is neither class nor function, such as `Terms`."""
    body = ast.parse(inspect.getsource(import_module(module))).body
    return next((text for key, _, _, text in _assigned(body) if key == name), "")


def _ours(owner: type) -> bool:
    return owner.__module__.partition(".")[0] not in ("builtins", "abc", "torch", "pydantic", "typing")


def _described_here(owner: type) -> list[type]:
    """The class, and its bases that are not of the interface."""
    elsewhere = {one for base in bases(owner) for one in base.__mro__}
    return [one for one in owner.__mro__ if one not in elsewhere]


def _option(owner: type, name: str, field: Any) -> Attribute:
    default, kind = field.default, describe_type(field)
    if isinstance(default, PartChoice):
        kind = f"a part of kind {part_kind(field)}"
        default = ", ".join([default.name, *(f"{key}={value}" for key, value in default.options.items())])
    shown = REQUIRED if field.is_required() else str(default)
    return Attribute(name=name, type=kind, default=shown, meaning=field.description or _meaning(owner, name))


@cache
def _syntax(owner: type) -> ast.ClassDef:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(node, ast.ClassDef)
    return node


@cache
def _written(owner: type) -> dict[str, Attribute]:
    """What stands in the body of the class and in its constructor, by name, with the text below each."""
    node = _syntax(owner)
    fields = dataclasses.is_dataclass(owner)
    found = {}
    for name, kind, value, text in _assigned(node.body):
        default = REQUIRED if value is None and fields else "" if value is None else _default(owner, value)
        kind = _spelt_out(owner, kind) or type(vars(owner).get(name)).__name__
        found[name] = Attribute(name=name, type=kind, default=default, meaning=text)
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            given = {arg.arg: _type(arg.annotation) for arg in (*one.args.args, *one.args.kwonlyargs)}
            for name, kind, value, text in _assigned(one.body, of_self=True):
                kind = _spelt_out(owner, kind or _plain(value, given))
                found.setdefault(name, Attribute(name=name, type=kind, meaning=text))
    return {name: one for name, one in found.items() if not name.startswith("_")}


def _plain(value: ast.expr | None, given: Mapping[str, str]) -> str:
    """The type of a value that is a parameter, a constant or a new object; nothing for any other."""
    if isinstance(value, ast.Name):
        return given.get(value.id, "")
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    made = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    return made if made[:1].isupper() else ""


def _spelt_out(owner: type, text: str) -> str:
    """The type with the allowed words in place of the name that they have in the code."""
    known = vars(sys.modules[owner.__module__])
    for word in re.findall(r"\b[A-Z]\w+", text):
        if get_origin(known.get(word)) is Literal:
            text = re.sub(rf"\b{word}\b", " | ".join(map(repr, get_args(known[word]))), text)
    return text


def _assigned(body: list[ast.stmt], *, of_self: bool = False) -> Iterator[tuple[str, str, ast.expr | None, str]]:
    """Name, type, value and the text below of each assignment; of those to attributes of self, if wanted."""
    for place, one in enumerate(body):
        after = body[place + 1] if place + 1 < len(body) else None
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            text = " ".join(inspect.cleandoc(after.value.value).split())
        if isinstance(one, ast.AnnAssign) and (name := _target(one.target, of_self)):
            yield name, _type(one.annotation), one.value, text
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Tuple):
            yield from ((name, "", None, text) for each in one.targets[0].elts if (name := _target(each, of_self)))
        elif isinstance(one, ast.Assign) and (name := _target(one.targets[0], of_self)):
            yield name, "", one.value, text
        elif of_self and isinstance(one, ast.If | ast.With | ast.For):
            yield from _assigned([*one.body, *getattr(one, "orelse", [])], of_self=True)


def _target(target: ast.expr, of_self: bool) -> str:
    """The name that is assigned to: a plain one, or that of an attribute of self."""
    owner, dot, name = ast.unparse(target).rpartition(".")
    return name if name.isidentifier() and bool(dot) == of_self and owner == ("self" if of_self else "") else ""


def _type(annotation: ast.expr | None) -> str:
    text = "" if annotation is None else _short(ast.unparse(annotation))
    inside = re.fullmatch(r"ClassVar\[(.*)\]", text)
    return inside[1] if inside else text


def _short(text: str) -> str:
    return _MODULE.sub("", re.sub("['\"]", "", text))


def _default(owner: type, value: ast.expr) -> str:
    if isinstance(value, ast.Name):
        return repr(vars(sys.modules[owner.__module__])[value.id])
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("field"):
        given = {word.arg: ast.unparse(word.value) for word in value.keywords}
        made = given.get("default_factory", "")
        return given.get("default", _EMPTY.get(made, f"{made}()"))
    text = ast.unparse(value)
    return text if len(text) <= _LONGEST else "…"


def _typed(owner: type, name: str) -> str:
    """The type that a base has given it."""
    types = (_written(one)[name].type for one in owner.__mro__ if _ours(one) and name in _written(one))
    return next(filter(None, types), "")


def _meaning(owner: type, name: str) -> str:
    """The text below it, in the class or a base; else the sentences about it in their docstrings."""
    ours = [one for one in owner.__mro__ if _ours(one)]
    below = (_written(one)[name].meaning for one in ours if name in _written(one))
    told = (_sentences(vars(one).get("__doc__"), name) for one in ours)
    return next(filter(None, [*below, *told]), "")


def _sentences(text: str | None, name: str) -> str:
    about = re.compile(rf"`{name}[`(.]")
    said = _SENTENCE.split(" ".join(inspect.cleandoc(text or "").split()))
    return " ".join(sentence for sentence in said if about.search(sentence))
