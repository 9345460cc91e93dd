"""Who may import whom: the order of the rooms in docs/design.md, held against the syntax tree of every file."""

import ast
import re
import sys
from dataclasses import dataclass

import pytest

import ganzoo
from tests.import_graph import (
    ROOT,
    Where,
    arrows,
    back_arrows,
    circles,
    floors,
    graph,
    imported,
    module_files,
    read_arrows,
    rooms,
    statements,
)


@dataclass(frozen=True)
class Floor:
    """Rooms (names below ganzoo; the longest prefix counts) that may import those of lower floors, and no others.

    `packages` are those that the rooms may import directly. `loads` is what importing them costs at most: a module
    imports only modules that cost no more. Rooms that are `late` may import costly ones inside functions.
    `never` names lower rooms that these don't import either.
    """

    rooms: str
    packages: str = ""
    loads: str = "torch"
    late: bool = False
    never: str = ""


COSTS = ["nothing", "pages", "torch"]
DECLARES = "pluggy pydantic yaml filelock platformdirs"
KIT = "losses layers augment encoders metrics"
FLOORS = [
    Floor("errors", loads="nothing"),
    Floor("deprecated", loads="nothing"),
    Floor("io options", DECLARES, "nothing"),
    Floor("specs", DECLARES, "nothing"),
    Floor("hooks", DECLARES, "nothing"),
    Floor("catalog", DECLARES, "nothing"),
    Floor("config", DECLARES, "nothing"),
    Floor("runs", DECLARES, "nothing"),
    Floor("parts scoring.health", DECLARES, "nothing"),
    # Files of weights are inspected before anything in them is believed, whoever asks.
    Floor("weights", "torch safetensors"),
    Floor("scaffold", "jinja2", "nothing"),
    Floor("report_html", "jinja2 markupsafe PIL", "pages"),
    Floor("batch data.images", "torch torchvision numpy PIL"),
    Floor("adversarial", "torch numpy PIL"),
    Floor("model", "torch numpy PIL"),
    Floor("translator", "torch numpy PIL"),
    Floor("styled", "torch numpy PIL"),
    Floor("data", "torch numpy PIL filelock pillow_heif", never="weights"),
    Floor(KIT, "torch torchvision timm kornia numpy", never="weights data"),
    Floor("scoring", "torch numpy", never="weights"),
    # The engine trains what a recipe asks for: it knows no loss, no layer and no model.
    Floor("engine", "torch numpy safetensors filelock", never=f"{KIT} scoring"),
    Floor("importing", "torch"),
    # A trained model is found before it is loaded; a published one is unpacked, or imported, to a run folder.
    Floor("trained", "torch safetensors huggingface_hub"),
    Floor("stylize", "torch numpy PIL yaml kornia av", never="weights"),
    Floor("inference", "torch numpy PIL yaml kornia av", never="weights"),
    Floor("comparing distilling reproducing", "torch numpy PIL yaml kornia av", never="weights"),
    Floor("publishing", "torch safetensors"),
    Floor("pushing", "numpy PIL yaml huggingface_hub"),
    Floor(
        "testing",
        "torch numpy pydantic annotated_types",
        never="scoring report_html scaffold stylize inference comparing reproducing",
    ),
    Floor("api", loads="nothing", late=True, never="testing scaffold"),
    Floor("cli", "click rich yaml", "nothing", late=True),
    Floor("__main__", loads="nothing"),
]
"""The house from the ground up. A room that stands beside another on a floor doesn't import it."""

BACK_ARROWS = {("ganzoo.hooks", "ganzoo.runs.folder")}
"""Imports against the order, for type checkers only: plugins receive the run, so the hooks name its class."""

PLUGIN_MODULES = {
    f"ganzoo.{name}"
    for name in (
        "model",
        "translator",
        "styled",
        "losses",
        "layers",
        "augment",
        "parts",
        "encoders",
        "weights",
        "weights.foreign",
        "data.walk",
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

FILES = {**module_files(ROOT), **module_files(ROOT / "plugins", "ganzoo_plugins")}
CORE = [name for name in FILES if name.partition(".")[0] == "ganzoo"]
FACADE = "ganzoo"


def floor_of(module: str) -> tuple[int, str] | None:
    """The floor and the room of a module of ganzoo."""
    own = module.partition(".")[2]
    known = {room: number for number, floor in enumerate(FLOORS) for room in floor.rooms.split()}
    fitting = [room for room in known if own == room or own.startswith(f"{room}.")]
    return (known[max(fitting, key=len)], max(fitting, key=len)) if fitting else None


def cost_of(module: str) -> int:
    """How much importing a module loads, as an index of COSTS; the facade loads nothing until it is used."""
    place = floor_of(module)
    return COSTS.index(FLOORS[place[0]].loads) if place else 0


def violations(module: str, source: str) -> list[str]:
    """What the module may not import, one line each."""
    may = plugin_may if module.startswith("ganzoo_plugins") else core_may
    return [
        f"{module}:{statement.lineno} may not import {target}{f' ({name})' if name else ''} here ({where})"
        for statement, where in statements(ast.parse(source))
        for target, name in imported(statement, module, FILES)
        if target.partition(".")[0] not in sys.stdlib_module_names and not may(module, target, name, where)
    ]


def core_may(module: str, target: str, name: str, where: Where) -> bool:
    """Whether a module of ganzoo may import that; the order holds for type checkers as well."""
    package = target.partition(".")[0]
    if package == "ganzoo_plugins":
        return False
    if module == FACADE:  # what it imports when a name is asked for must survive malformed packages
        return where == "typing" or (where == "function" and target == "ganzoo.io.installed")
    place = floor_of(module)
    if place is None:
        return False
    number, room = place
    floor = FLOORS[number]
    if package != "ganzoo":
        return where == "typing" or package in floor.packages.split()
    if where == "typing" and (module, target) in BACK_ARROWS:
        return True
    other = floor_of(target)
    if other is None or (other[1] != room and (other[0] >= number or other[1] in floor.never.split())):
        return False
    return where == "typing" or (floor.late and where == "function") or cost_of(target) <= cost_of(module)


def plugin_may(module: str, target: str, name: str, where: Where) -> bool:
    """Whether a module of a built-in plugin may import that; the package itself declares, so it must stay light."""
    own = ".".join(module.split(".")[:2])
    declares = module == own
    if target.partition(".")[0] == "ganzoo_plugins":
        return target == own or target.startswith(f"{own}.")
    if target == "ganzoo":
        light = not cost_of(f"ganzoo.{ganzoo._HOMES.get(name, '')}")
        return not name or (name in ganzoo.__all__ and (light or not declares))
    if declares:
        return target.partition(".")[0] == "pydantic"
    return target in PLUGIN_MODULES or target.partition(".")[0] in PLUGIN_PACKAGES


@pytest.mark.parametrize("module", [name for name in CORE if name != FACADE])
def test_a_module_has_a_room(module):
    assert floor_of(module), f"{module} is new: give it a room in FLOORS"


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_only_what_its_room_may(module):
    assert not violations(module, FILES[module].read_text(encoding="utf-8"))


def test_every_room_exists():
    assert [room for floor in FLOORS for room in floor.rooms.split() if f"ganzoo.{room}" not in FILES] == []


def test_the_design_page_shows_the_rooms_in_their_order():
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|[^|]*\|[^|]*\|$", page.partition("## Ten decisions")[0], re.MULTILINE)
    shown = [sorted(re.findall(r"`([\w.]+)`", row)) for row in rows]
    assert shown == [sorted(floor.rooms.split()) for floor in FLOORS]


def test_no_module_imports_itself_by_a_circle():
    """Late imports and those for type checkers count too."""
    assert not circles(graph(read_arrows(ROOT)))


def test_rooms_import_one_way():
    found = read_arrows(ROOT)
    at_run_time = [arrow for arrow, where in found.items() if where != {"typing"}]
    assert not circles(rooms(at_run_time))
    assert not circles(rooms(set(found) - BACK_ARROWS))


def test_every_back_arrow_is_needed():
    found = read_arrows(ROOT)
    assert {arrow: found.get(arrow) for arrow in BACK_ARROWS} == {arrow: {"typing"} for arrow in BACK_ARROWS}


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
        ("ganzoo.hooks", TYPING.format("from ganzoo.runs.view import View")),
        ("ganzoo.hooks", LATE.format("from ganzoo.runs.folder import Run")),
        ("ganzoo.io.files", "from ganzoo.catalog.lookup import Catalog"),
        ("ganzoo.catalog.lookup", LATE.format("from ganzoo.config.units import Size")),
        ("ganzoo.config.units", TYPING.format("from ganzoo.runs.folder import Run")),
        ("ganzoo.batch", "from ganzoo.model import GAN"),
        ("ganzoo.losses", "from ganzoo.layers import Blur"),
        ("ganzoo.data.cache", "from ganzoo.losses import least_squares"),
        ("ganzoo.data.images", "from ganzoo.data.cache import prepare"),
        ("ganzoo.encoders", "from ganzoo.data.cache import prepare"),
        ("ganzoo.scoring.scorer", LATE.format("from ganzoo.engine import loop")),
        ("ganzoo.scoring.health", "from ganzoo.scoring.scorer import Scorer"),
        ("ganzoo.scoring.health", LATE.format("import torch")),
        ("ganzoo.engine.loop", TYPING.format("from ganzoo.inference.loaded import load")),
        ("ganzoo.stylize.jobs", LATE.format("from ganzoo.inference.loaded import load")),
        ("ganzoo.inference.loaded", LATE.format("from ganzoo import api")),
        ("ganzoo.inference.loaded", "from ganzoo.weights import read_checkpoint"),
        ("ganzoo.report_html.page", LATE.format("from ganzoo.engine import loop")),
        ("ganzoo.report_html.page", "import torch"),
        ("ganzoo.comparing.plan", "from ganzoo.api import run"),
        ("ganzoo.comparing.plan", "from ganzoo.reproducing.verdict import Reproduction"),
        ("ganzoo.testing.check", LATE.format("from ganzoo.cli import main")),
        ("ganzoo", "from ganzoo.errors import GanzooError"),
        ("ganzoo_plugins.lsgan", "import torch"),
        ("ganzoo_plugins.lsgan", "from ganzoo.model import GAN"),
        ("ganzoo_plugins.lsgan", "from ganzoo import ImageSource"),
        ("ganzoo_plugins.lsgan", "from ganzoo_plugins import dcgan"),
        ("ganzoo_plugins.lsgan.model", "from ganzoo_plugins.dcgan.networks import DCGANGenerator"),
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
        ("ganzoo.hooks", TYPING.format("from ganzoo.runs.folder import Run")),
        ("ganzoo", TYPING.format("from ganzoo.inference.loaded import load")),
        ("ganzoo.engine.loop", "from ganzoo.scoring.health import verdict"),
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


def planted(**sources: str) -> dict[tuple[str, str], set[Where]]:
    """The arrows of a small package `ganzoo`, one source a room."""
    named = {f"ganzoo.{name}": source for name, source in sources.items()}
    return arrows(named, dict.fromkeys(named, ROOT / "module.py"))


@pytest.mark.parametrize(
    "source", ["from ganzoo import a", LATE.format("import ganzoo.a"), TYPING.format("from . import a")]
)
def test_a_planted_circle_is_found(source):
    found = planted(a="from ganzoo import b", b="from ganzoo import c", c=source, d="from ganzoo import a")
    assert circles(graph(found)) == [["ganzoo.a", "ganzoo.b", "ganzoo.c"]]
    assert circles(rooms(found)) == [["a", "b", "c"]]
    assert (back_arrows(rooms(found)), floors(rooms(found))) == (1, 2)


def test_a_chain_has_a_floor_for_each_room():
    found = planted(a="from ganzoo import b, c", b="from ganzoo import c", c="import json")
    assert not circles(graph(found))
    assert (back_arrows(rooms(found)), floors(rooms(found))) == (0, 3)
