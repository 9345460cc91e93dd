"""`python -m tests.public_names`: every name that a plugin may use, with its signature."""

import dataclasses
import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import ganzoo

KEPT = Path(__file__).with_suffix(".txt")
MODULES = (
    *("ganzoo", "ganzoo.model", "ganzoo.translator", "ganzoo.styled", "ganzoo.losses", "ganzoo.layers"),
    *("ganzoo.augment", "ganzoo.parts"),
    *("ganzoo.encoders", "ganzoo.metrics", "ganzoo.weights", "ganzoo.testing", "ganzoo.hooks"),
)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def public(module: ModuleType) -> list[str]:
    """Names of `__all__`, or those that the module defines itself and that do not begin with '_'."""
    if module is ganzoo:
        return ganzoo.__all__
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return sorted(getattr(module, "__all__", own) if hasattr(module, "__all__") else filter(str.isidentifier, own))


def lines() -> list[str]:
    """One line for each name, and for each method and field of a class."""
    found = []
    for name in MODULES:
        module = import_module(name)
        for one in public(module):
            if not one.startswith("_"):
                found += _described(f"{name}.{one}", getattr(module, one))
    return found


def _described(name: str, value: object) -> list[str]:
    if not inspect.isclass(value):
        return [f"{name}{_signature(value)}" if callable(value) else name]
    fields = getattr(value, "model_fields", None) or {}
    if dataclasses.is_dataclass(value):
        fields = {field.name: field for field in dataclasses.fields(value)}
    methods = {
        key: member
        for key, member in vars(value).items()
        if not key.startswith("_") and (inspect.isfunction(member) or isinstance(member, property | classmethod))
    }
    return [
        name,
        *(f"{name}.{field}" for field in fields),
        *(f"{name}.{key}{_signature(member)}" for key, member in methods.items() if not key.startswith("model_")),
    ]


def _signature(value: object) -> str:
    value = getattr(value, "__func__", value)
    if not callable(value):
        return ""
    try:
        names = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return ""
    return f"({', '.join(str(p.replace(annotation=p.empty, default=p.default)) for p in map(_plain, names))})"


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """Without its type; a default whose text is not stable is left as "…"."""
    default = parameter.default
    if default is not parameter.empty and _ADDRESS.search(repr(default)):
        default = ...
    return parameter.replace(annotation=parameter.empty, default=default)


if __name__ == "__main__":
    KEPT.write_text("\n".join(lines()) + "\n")
