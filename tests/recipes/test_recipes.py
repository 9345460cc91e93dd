"""How the published models are made again: licences of photos, pairs, recipes, entries."""

import shutil
from pathlib import Path

import numpy
import pytest
import yaml
from PIL import Image

from ganzoo.catalog.discovery import discover
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.published import shipped_files
from ganzoo.catalog.registry import load_registry
from ganzoo.cli.run import train
from ganzoo.config.resolve import configure_run
from ganzoo.config.values import parse_assignments
from ganzoo.weights.files import sha256
from recipes import __main__ as program
from recipes import photos, pictures
from recipes.__main__ import RECIPES, ROOT
from recipes.registry import write_entry

_RECIPES = yaml.safe_load(RECIPES.read_text())
_COMMANDS = [one[key] for one in _RECIPES.values() for key in ("teacher", "command") if key in one]
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: Somebody
License: GPL-3+

Files:
 images/land/forest*
 images/land/sea1*
Copyright: Various
License: public-domain
 Taken from a collection of photographs.

Files: images/land/forest2*
Copyright: Somebody Else
License: CC-BY-SA-4.0
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """What the unpacked package of photos looks like."""
    (tmp_path / "usr/share/doc/endless-sky-high-dpi").mkdir(parents=True)
    (tmp_path / "usr/share/doc/endless-sky-high-dpi/copyright").write_text(COPYRIGHT)
    folder = tmp_path / "usr/share/games/plugins/images/land"
    folder.mkdir(parents=True)
    for name in ("forest0", "forest1", "forest2", "forest3-near", "sea1", "sea2", "station1"):
        pixels = numpy.random.default_rng(0).integers(0, 256, (72, 144, 3), dtype=numpy.uint8)
        Image.fromarray(pixels).save(folder / f"{name}@2x.jpg")
    return tmp_path


def test_only_free_landscapes_are_taken(package: Path) -> None:
    """The last rule that names a file decides, and the photos of the docs are left out."""
    found = photos.free_photos(package)
    assert [photos.name(file) for file in found] == ["forest1", "forest3-near", "sea1"]
    assert [photos.kind(file) for file in found] == ["forest", "forest", "sea"]


def test_pairs_show_the_same_view(package: Path, tmp_path: Path) -> None:
    """Same names and sizes; the painting is another picture of the same colours in the large."""
    chosen = photos.free_photos(package)[:1]
    before = pictures.write_views(chosen, tmp_path / "views")
    after = pictures.write_paintings(chosen, tmp_path / "oil", "oil")
    names = sorted(file.name for file in before.iterdir())
    assert (
        names
        == sorted(file.name for file in after.iterdir())
        == [*("forest1-left.png", "forest1-right.png", "forest1-whole.png")]
    )
    for name in names:
        one, other = (Image.open(folder / name).convert("RGB") for folder in (before, after))
        assert one.size == other.size
        assert one.height == pictures.KEPT
        apart = numpy.abs(numpy.asarray(one, dtype=float) - numpy.asarray(other, dtype=float)).mean()
        assert 1 < apart < 60


def test_an_entry_changes_nothing_else(tmp_path: Path) -> None:
    """Comments and other sections stay, an entry is replaced and not doubled."""
    file = tmp_path / "registry.yaml"
    head, tail = "schema: 1\n\n# Trained models.\n", "\n# Appended.\nresults:\n- name: a  # b\n"
    file.write_text(f"{head}weights: {{}}\n{tail}")
    write_entry(file, {"monet": {"size": 1}})
    write_entry(file, {"oil": {"size": 2}})
    write_entry(file, {"monet": {"size": 3, "summary": "x: y"}})
    text = file.read_text()
    assert text.startswith(head)
    assert text.endswith(tail)
    assert yaml.safe_load(text)["weights"] == {"monet": {"size": 3, "summary": "x: y"}, "oil": {"size": 2}}


def test_the_shipped_files_are_those_of_the_recipes() -> None:
    """Each shipped file has an entry and a recipe, and together they are small."""
    shipped = yaml.safe_load((ROOT / "registry.yaml").read_text())["weights"]
    files = {file.stem: file.stat().st_size for file in shipped_files().glob("*.safetensors")}
    assert files.keys() == {name for name, one in shipped.items() if "file" in one} == _RECIPES.keys()
    assert sum(files.values()) < 12e6


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_recipe_can_be_run(command: str, tmp_path: Path) -> None:
    """The command parses, and every model, part and option of it exists."""
    folders = dict.fromkeys(("landscapes", "scenery", "monet", "taught", "oil", "ukiyo-e", "watercolour"), tmp_path)
    words = [word.format_map(folders) for word in command.split()]
    assert words[0] == "run"
    catalog = Catalog(discover(third_party=False), load_registry(ROOT / "registry.yaml"))
    given = train.make_context("run", words[1:]).params
    settings = {key: given[key] for key in ("data", "style", "size", "budget", "score_every")}
    options = {**parse_assignments(given["assignments"]), **{key: one for key, one in settings.items() if one}}
    assert configure_run(given["name"], catalog, options=options)


@pytest.mark.slow
def test_a_recipe_makes_a_model_that_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the command to a file whose entry is true, and a second time from the run that is there."""
    shutil.copy(ROOT / "registry.yaml", tmp_path)
    for name, place in (("ROOT", tmp_path), ("WORK", tmp_path / "work"), ("FILES", tmp_path / "files")):
        monkeypatch.setattr(program, name, place)
    command = "run dcgan --tiny --budget 20steps --data scenes --set data.count=300"
    entries = []
    for _ in range(2):
        program.make("mini", {"command": command, "summary": "a test", "trained_on": "scenes", "bad_at": "all"})
        entries.append(yaml.safe_load((tmp_path / "registry.yaml").read_text())["weights"]["mini"])
    assert entries[0]["sha256"] == entries[1]["sha256"] == sha256(tmp_path / "files" / "mini.safetensors")
    assert entries[0]["bad_at"] == "all" and entries[0]["scores"] and entries[0]["took"].startswith("20 steps")
