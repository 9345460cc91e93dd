"""Who may import whom: the layers of docs/design.md, read from the syntax tree of every file."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

import ganzoo

ROOT = Path(__file__).parents[1]
Where = Literal["module", "function", "typing"]


@dataclass(frozen=True)
class Layer:
    """A layer's modules (below ganzoo; the longest prefix counts), and what those may import.

    `inside` names layers that may be imported in functions only. Imports for type checkers are free, they never run.
    """

    modules: str
    layers: str
    packages: str = ""
    inside: str = ""


LIGHT = "errors specs options hooks io catalog config runs parts"
LAYERS = {
    "light": Layer(LIGHT, "light", "pluggy pydantic yaml filelock platformdirs", inside=""),
    # Files of weights are looked through before anything in them is believed, whoever asks.
    "weights": Layer("weights", "light weights", "torch safetensors"),
    "scaffold": Layer("scaffold", "light scaffold", "jinja2"),
    "html": Layer("report_html", "light html health", "jinja2 markupsafe PIL"),
    "health": Layer("scoring.health scoring.game", "light health"),
    "model": Layer("model batch translator", "light model", "torch numpy PIL"),
    "kit": Layer(
        "losses layers augment metrics encoders", "light model kit data", "torch torchvision timm kornia numpy"
    ),
    "data": Layer("data", "light model data", "torch torchvision numpy PIL filelock pillow_heif"),
    "scoring": Layer("scoring", "light health model kit data scoring", "torch numpy"),
    "engine": Layer("engine", "light weights health model data engine", "torch numpy safetensors filelock"),
    "users": Layer(
        "inference stylize comparing reproducing",
        "light html api health model kit data engine scoring users",
        "torch numpy PIL yaml kornia av",
    ),
    "testing": Layer("testing", "light api model kit data engine testing", "torch numpy pydantic annotated_types"),
    "api": Layer("api", "light api", inside="engine scoring users html"),
    "cli": Layer(
        "cli __main__",
        "light health api cli",
        "click rich yaml",
        inside="engine scoring users testing model data html scaffold weights",
    ),
    "public": Layer("__init__", ""),
}
PLUGIN_MODULES = {
    f"ganzoo.{name}"
    for name in (
        "model",
        "translator",
        "losses",
        "layers",
        "augment",
        "parts",
        "encoders",
        "weights",
        "weights.foreign",
    )
} | {f"ganzoo.metrics{name}" for name in ("", ".copies", ".frechet", ".neighbours", ".spread")}
PLUGIN_PACKAGES = frozenset(
    [
        "torch",
        "torchvision",
        "timm",
        "kornia",
        "numpy",
        "PIL",
        "pydantic",
        "safetensors",
        "webdataset",
        "braceexpand",
        "datasets",
    ]
)
LIGHT_LAYERS = {"light", "api"}


def module_name(path: Path) -> str:
    """The dotted name of a file; a package's is that of its folder."""
    relative = path.relative_to(ROOT / "plugins" if "plugins" in path.parts else ROOT)
    return ".".join(relative.with_suffix("").parts).removesuffix(".__init__")


FILES = {module_name(path): path for folder in ("ganzoo", "plugins") for path in sorted((ROOT / folder).rglob("*.py"))}


def layer_of(module: str) -> str | None:
    """The layer of a module of ganzoo."""
    own = module.partition(".")[2] or "__init__"
    prefixes = {prefix: name for name, layer in LAYERS.items() for prefix in layer.modules.split()}
    fitting = [prefix for prefix in prefixes if own == prefix or own.startswith(f"{prefix}.")]
    return prefixes[max(fitting, key=len)] if fitting else None


def statements(node: ast.AST, where: Where = "module") -> Iterator[tuple[ast.Import | ast.ImportFrom, Where]]:
    """Every import below the node with where it stands."""
    for child in ast.iter_child_nodes(node):
        inside: Where = where
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and where == "module":
            inside = "function"
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            inside = "typing"
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, where
        yield from statements(child, inside)


def imported(statement: ast.Import | ast.ImportFrom, module: str) -> Iterator[tuple[str, str]]:
    """Each module that a statement imports, with the name taken from it if any."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, "") for alias in statement.names)
        return
    package = module if FILES.get(module, Path()).name == "__init__.py" else module.rpartition(".")[0]
    up = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    source = ".".join([*up, *([statement.module] if statement.module else [])])
    for alias in statement.names:
        inner = f"{source}.{alias.name}"
        yield (inner, "") if inner in FILES else (source, alias.name)


def violations(module: str, source: str) -> list[str]:
    """What the module may not import, one line each."""
    judge = plugin_may if module.startswith("ganzoo_plugins") else core_may
    return [
        f"{module}:{statement.lineno} may not import {target}{f' ({name})' if name else ''} here ({where})"
        for statement, where in statements(ast.parse(source))
        for target, name in imported(statement, module)
        if target.partition(".")[0] not in sys.stdlib_module_names and not judge(module, target, name, where)
    ]


def core_may(module: str, target: str, name: str, where: Where) -> bool:
    """Whether a module of ganzoo may import that."""
    layer = LAYERS[layer_of(module) or "public"]
    package = target.partition(".")[0]
    if package == "ganzoo_plugins":
        return False
    if where == "typing":
        return True
    if package != "ganzoo":
        return package in layer.packages.split()
    allowed = f"{layer.layers} {layer.inside}" if where == "function" else layer.layers
    return layer_of(target) in allowed.split()


def plugin_may(module: str, target: str, name: str, where: Where) -> bool:
    """Whether a module of a built-in plugin may import that; the package itself declares, so it must stay light."""
    own = ".".join(module.split(".")[:2])
    declares = module == own
    if target.partition(".")[0] == "ganzoo_plugins":
        return target == own or target.startswith(f"{own}.")
    if target == "ganzoo":
        light = layer_of(f"ganzoo.{ganzoo._HOMES.get(name, '')}") in LIGHT_LAYERS
        return not name or (name in ganzoo.__all__ and (light or not declares))
    if declares:
        return target.partition(".")[0] == "pydantic"
    return target in PLUGIN_MODULES or target.partition(".")[0] in PLUGIN_PACKAGES


@pytest.mark.parametrize("module", [name for name in FILES if name.partition(".")[0] == "ganzoo"])
def test_a_module_has_a_layer(module):
    assert layer_of(module), f"{module} is new: give it a layer in LAYERS"


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_only_what_its_layer_may(module):
    assert not violations(module, FILES[module].read_text(encoding="utf-8"))


LATE = "def f():\n    {}"
TYPING = "if TYPE_CHECKING:\n    {}"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ganzoo.specs", "import torch"),
        ("ganzoo.specs", LATE.format("import torch")),
        ("ganzoo.specs", "try:\n    import torch\nexcept ImportError:\n    pass"),
        ("ganzoo.catalog.lookup", "from ganzoo.engine.launch import start"),
        ("ganzoo.catalog.lookup", "from ganzoo.engine import launch"),
        ("ganzoo.catalog.lookup", "import ganzoo.engine.launch"),
        ("ganzoo.catalog.lookup", LATE.format("from ganzoo.engine.launch import start")),
        ("ganzoo.catalog.lookup", "from ganzoo import api"),
        ("ganzoo.catalog.lookup", "import rich"),
        ("ganzoo.api", "from ganzoo.engine.launch import start"),
        ("ganzoo.cli.run", "from ganzoo.engine.launch import start"),
        ("ganzoo.cli.run", "import torch"),
        ("ganzoo.cli", "from ganzoo.inference import loaded"),
        ("ganzoo.engine.loop", "from ganzoo.losses import least_squares"),
        ("ganzoo.engine.loop", LATE.format("from ganzoo import losses")),
        ("ganzoo.engine.loop", "from ganzoo_plugins.dcgan import model"),
        ("ganzoo.engine.loop", "from ganzoo.cli import main"),
        ("ganzoo.engine.loop", "from .. import losses"),
        ("ganzoo.model", "from ganzoo.engine.trainer import Trainer"),
        ("ganzoo.losses", "from ganzoo.cli import main"),
        ("ganzoo.layers", "from ganzoo import engine"),
        ("ganzoo.data.cache", "from ganzoo.engine import loop"),
        ("ganzoo.hooks", TYPING.format("import ganzoo_plugins.dcgan")),
        ("ganzoo_plugins.lsgan", "import torch"),
        ("ganzoo_plugins.lsgan", "from ganzoo.model import GAN"),
        ("ganzoo_plugins.lsgan", "from ganzoo import ImageSource"),
        ("ganzoo_plugins.lsgan", "from ganzoo_plugins import dcgan"),
        ("ganzoo_plugins.lsgan.model", "from ganzoo_plugins.dcgan.model import DCGANGenerator"),
        ("ganzoo_plugins.lsgan.model", "from ..dcgan import model"),
        ("ganzoo_plugins.lsgan.model", TYPING.format("from ganzoo_plugins.dcgan import GeneratorOptions")),
        ("ganzoo_plugins.lsgan.model", "from ganzoo.engine.loop import Loop"),
        ("ganzoo_plugins.lsgan.model", "from ganzoo.specs import ModelSpec"),
        ("ganzoo_plugins.lsgan.model", "from ganzoo import cli"),
        ("ganzoo_plugins.lsgan.model", "from ganzoo import nothing"),
        ("ganzoo_plugins.wgan.model", "from ganzoo_plugins.wgan_gp import model"),
    ],
)
def test_a_planted_violation_is_found(module, source):
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ganzoo.specs", "import json\nfrom pydantic import BaseModel\nfrom ganzoo.errors import GanzooError"),
        ("ganzoo.hooks", TYPING.format("from ganzoo.engine.loop import Loop")),
        ("ganzoo.api", LATE.format("from ganzoo.engine.launch import start")),
        ("ganzoo.cli.run", LATE.format("from ganzoo.engine.launch import start")),
        ("ganzoo.engine.loop", "from ganzoo.model import GAN\nfrom . import files"),
        ("ganzoo.losses", "import torch\nfrom ganzoo.model import Discriminator"),
        ("ganzoo_plugins.lsgan", "from ganzoo import ModelSpec, hookimpl\nfrom pydantic import Field"),
        ("ganzoo_plugins.lsgan.model", "import timm\nfrom ganzoo.model import GAN\nfrom ganzoo_plugins import lsgan"),
    ],
)
def test_what_the_design_allows_is_let_through(module, source):
    assert not violations(module, source)
