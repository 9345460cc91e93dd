"""`python -m tests.public_names`: every name that a plugin may use, with its signature."""

import inspect
import re
from pathlib import Path

from tests.docs.scripts import load

KEPT = Path(__file__).with_suffix(".txt")
interface = load("interface")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def lines() -> list[str]:
    """One line for each name, and for each attribute and method of a class."""
    return [line for module, name, value in interface.entries() for line in _described(f"{module}.{name}", value)]


def _described(name: str, value: object) -> list[str]:
    if not inspect.isclass(value):
        return [f"{name}{_signature(value)}" if callable(value) else name]
    methods = interface.methods(value).items()
    return [
        name,
        *(f"{name}.{one.name}" for one in interface.attributes(value)),
        *(f"{name}.{key}{_signature(member)}" for key, member in methods),
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
