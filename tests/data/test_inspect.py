"""Inspections of whole folders: facts, figures, advice, the cleaned copy and the contact sheet."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ganzoo.catalog.discovery import discover
from ganzoo.catalog.lookup import Catalog, FolderOptions
from ganzoo.catalog.registry import Registry, load_registry
from ganzoo.config.resolve import configure_run
from ganzoo.data.folder import FolderSource
from ganzoo.data.inspect.advice import advise
from ganzoo.data.inspect.clean import clean, left_out
from ganzoo.data.inspect.contact import COLUMNS, contact_sheet
from ganzoo.data.inspect.facts import Facts, look, printable
from ganzoo.data.inspect.summary import Inspection, inspect_surveys
from ganzoo.data.inspect.survey import survey
from ganzoo.data.inspect.tables import figure_rows, record
from ganzoo.errors import UsageError
from tests.data.pictures import landscape, save

Inspect = Callable[..., Inspection]


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    """Inspects folders below the test's own, given by side."""

    def run(**sides: str) -> Inspection:
        named = {side.replace("_", "-"): tmp_path / folder for side, folder in sides.items()}
        return inspect_surveys(
            [survey(FolderSource(FolderOptions(path=str(path))), side, path.name) for side, path in named.items()]  # type: ignore[arg-type]
        )

    return run


def facts_of(inspection: Inspection) -> dict[str, Facts]:
    return {fact.name: fact for fact in inspection.facts}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def odd_files(root: Path) -> None:
    """Files that break programs, among ordinary ones."""
    for seed in range(4):
        save(landscape(seed), root / f"n{seed}.jpg", quality=92)
    half = (root / "n0.jpg").read_bytes()
    (root / "half.jpg").write_bytes(half[: len(half) // 2])
    (root / "empty.jpg").write_bytes(b"")
    (root / "text.png").write_text("hello")
    Image.new("1", (9000, 9000)).save(root / "bomb.png")
    Image.new("RGB", (1, 1)).save(root / "tiny.png")
    (root / "dangling.jpg").symlink_to("nowhere.jpg")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe.jpg")
    save(landscape(5), root / "new\nline \x1b[31m.png")
    with open(os.fsencode(root) + b"/bad\xff.png", "wb") as file:
        landscape(6).save(file, "PNG")


BROKEN = {"half.jpg", "empty.jpg", "text.png", "bomb.png", "tiny.png", "dangling.jpg", "pipe.jpg"}


def test_odd_files_are_named_with_their_reason_and_nothing_crashes(tmp_path, inspect):
    (tmp_path / "odd").mkdir()
    odd_files(tmp_path / "odd")
    inspection = inspect(data="odd")
    bad = {fact.name: fact.problem for fact in inspection.facts if not fact.usable}
    assert bad.keys() == BROKEN
    assert all(reason and "\n" not in reason for reason in bad.values())
    assert "truncated" in bad["half.jpg"] and "empty" in bad["empty.jpg"] and "9000 x 9000" in bad["bomb.png"]
    written = json.dumps(record(inspection, advise(inspection, CATALOG, gpu=False), {}, {}), ensure_ascii=False)
    assert "bad\\\\xff.png" in written
    written.encode("utf-8")
    assert contact_sheet(inspection).width > 0


def test_facts_describe_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    for form in ("JPEG", "PNG"):
        content = io.BytesIO()
        ImageOps.expand(landscape(1), (20, 0, 0, 0), "white").save(content, form, exif=exif)
        facts, thumb = look("data", "a", content.getvalue())
        assert (facts.width, facts.height, facts.turned, facts.format) == (120, 180, True, form)
        assert facts.border.sides().keys() == {"top"}  # the left side, turned clockwise
        assert thumb is not None and thumb.shape == (32, 32, 3)


def test_a_border_is_measured_in_pixels_of_the_file(tmp_path, inspect):
    save(ImageOps.expand(landscape(1, (1600, 1200)), 100, "black"), tmp_path / "a" / "x.jpg")
    [fact] = inspect(data="a").facts
    assert all(100 <= width <= 125 for width in fact.border.sides().values()) and len(fact.border.sides()) == 4


def test_the_figures_of_a_side(tmp_path, inspect):
    for seed in range(4):
        save(landscape(seed, (200, 100)), tmp_path / "a" / "x" / f"{seed}.jpg", quality=60)
    save(landscape(9).convert("L"), tmp_path / "a" / "y" / "grey.png")
    save(Image.new("RGB", (90, 90), "white"), tmp_path / "a" / "y" / "white.png")
    summary = inspect(data="a").summary("data")
    assert summary is not None
    assert (summary.pictures, summary.usable, summary.grey, summary.blank) == (6, 6, 1, 1)
    assert summary.formats == {"JPEG": 4, "PNG": 2} and summary.labels == {"folder": 2}
    assert summary.quality == (60, 60, 60) and summary.width is not None and summary.width[1] == 200


def test_the_gap_between_two_sides_measures_colours_and_jpeg_quality(tmp_path, inspect):
    for seed in range(3):
        image = landscape(seed)
        save(image, tmp_path / "a" / f"{seed}.jpg", quality=95)
        save(image.point(lambda value: value // 2), tmp_path / "b" / f"{seed}.jpg", quality=60)
    gap = inspect(data="a", style="b").gap
    assert gap is not None and gap.quality == -35
    assert gap.lightness < -15 and gap.contrast < 0 and gap.chroma < 0 and gap.distance >= -gap.lightness
    assert inspect(data="a").gap is None


def test_copies_within_and_between_sides_are_distinguished(tmp_path, inspect):
    for seed in range(5):
        save(landscape(seed), tmp_path / "photos" / f"{seed}.png")
    save(landscape(0), tmp_path / "photos" / "again.jpg", quality=50)
    save(landscape(1), tmp_path / "style" / "same.png")
    save(landscape(20), tmp_path / "style" / "own.png")
    save(ImageOps.mirror(landscape(2)), tmp_path / "test" / "mirrored.png")
    inspection = inspect(data="photos", style="style", held_out="test")
    assert [pair.kind for pair in inspection.between("data", "data")] == ["near"]
    assert [pair.kind for pair in inspection.between("data", "style")] == ["exact"]
    assert [pair.kind for pair in inspection.between("held-out", "data")] == ["mirrored"]
    assert inspection.between("style", "held-out") == []
    rows = {str(row["figure"]): row for row in figure_rows(inspection)}
    assert (rows["nearly the same"]["data"], rows["nearly the same"]["style"]) == ("1", "0")


def test_a_folder_given_as_both_sides_is_all_copies(tmp_path, inspect):
    for seed in range(3):
        save(landscape(seed), tmp_path / "a" / f"{seed}.png")
    inspection = inspect(data="a", style="a")
    assert [pair.kind for pair in inspection.between("data", "style")] == ["exact"] * 3
    assert any("pairs of the data and the style: 3" in line for line in advise(inspection, CATALOG, gpu=False).warnings)


def make_photos(root: Path) -> None:
    """A folder of photos with copies, borders, odd formats and a broken file, and a folder of held-out ones."""
    for seed in range(3):
        save(landscape(seed), root / "photos" / "sea" / f"{seed}.jpg", quality=92)
    save(landscape(0), root / "photos" / "wood" / "again.jpg", quality=40)
    (root / "photos" / "sea" / "copy.jpg").write_bytes((root / "photos" / "sea" / "1.jpg").read_bytes())
    save(ImageOps.mirror(landscape(2)), root / "photos" / "wood" / "mirror.png")
    save(ImageOps.expand(landscape(10), 20, "white"), root / "photos" / "framed.jpg")
    save(landscape(11).convert("CMYK"), root / "photos" / "cmyk.jpg")
    save(landscape(12).convert("P"), root / "photos" / "wood" / "palette.gif")
    save(landscape(15), root / "photos" / "wood" / "palette.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    save(landscape(13), root / "photos" / "turned.jpg", exif=exif)
    (root / "photos" / "broken.jpg").write_bytes(b"text")
    save(landscape(14), root / "photos" / "leak.png")
    (root / "photos" / "leak copy.png").write_bytes((root / "photos" / "leak.png").read_bytes())
    save(ImageOps.mirror(landscape(14)), root / "held" / "held.png")


def test_the_cleaned_copy_has_the_good_pictures_and_the_original_is_untouched(tmp_path, inspect):
    make_photos(tmp_path)
    before = snapshot(tmp_path / "photos")
    inspection = inspect(data="photos", held_out="held")
    done = {one.name: one for one in clean(inspection, tmp_path / "out" / "clean")}
    assert snapshot(tmp_path / "photos") == before
    copy = tmp_path / "out" / "clean"
    gone = {name: one.kept for name, one in done.items() if one.action == "left out"}
    assert gone == {
        "wood/again.jpg": "sea/0.jpg",
        "sea/copy.jpg": "sea/1.jpg",
        "broken.jpg": "",
        "leak.png": "held.png",
        "leak copy.png": "held.png",
    } or gone == {
        "wood/again.jpg": "sea/0.jpg",
        "sea/1.jpg": "sea/copy.jpg",
        "broken.jpg": "",
        "leak.png": "held.png",
        "leak copy.png": "held.png",
    }
    changed = {name: one.target for name, one in done.items() if one.action == "changed"}
    assert changed == {
        "framed.jpg": "framed.jpg",
        "cmyk.jpg": "cmyk.jpg",
        "turned.jpg": "turned.jpg",
        "wood/palette.gif": "wood/palette-2.png",
    }
    for name, one in done.items():
        if one.action == "copied":
            assert (copy / one.target).read_bytes() == (tmp_path / "photos" / name).read_bytes()
    assert {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()} == {
        one.target for one in done.values() if one.target
    } | {"cleaned.json"}
    listed = json.loads((copy / "cleaned.json").read_text())
    assert {entry["name"] for entry in listed["files"]} == done.keys() and listed["counts"]["changed"] == 4
    with Image.open(copy / "turned.jpg") as turned, Image.open(copy / "cmyk.jpg") as plain:
        assert turned.size == (120, 160) and not turned.getexif() and plain.mode == "RGB"
    with Image.open(copy / "framed.jpg") as framed:
        assert max(framed.size) <= 160 and min(framed.size) >= 110


def test_a_cleaned_copy_has_nothing_left_to_clean(tmp_path, inspect):
    make_photos(tmp_path)
    clean(inspect(data="photos", held_out="held"), tmp_path / "clean")
    again = inspect(data="clean", held_out="held")
    assert left_out(again) == {}
    assert {one.action for one in clean(again, tmp_path / "twice")} == {"copied"}


def test_the_largest_of_several_copies_is_kept(tmp_path, inspect):
    for name, side in (("a", 64), ("b", 256), ("c", 128)):
        save(landscape(1, (side, side)), tmp_path / "p" / f"{name}.png")
    gone = left_out(inspect(data="p"))
    assert {name: one.kept for name, one in gone.items()} == {"a.png": "b.png", "c.png": "b.png"}


@pytest.mark.parametrize("target", ["photos", "photos/clean", ".", "full", "file"])
def test_a_copy_never_overwrites_anything(tmp_path, inspect, target):
    save(landscape(1), tmp_path / "photos" / "a.png")
    save(landscape(2), tmp_path / "full" / "a.png")
    (tmp_path / "file").write_text("x")
    before = snapshot(tmp_path)
    with pytest.raises(UsageError, match="--fix"):
        clean(inspect(data="photos"), tmp_path / target)
    assert snapshot(tmp_path) == before


def test_a_copy_may_go_into_an_empty_folder(tmp_path, inspect):
    save(landscape(1), tmp_path / "photos" / "a.png")
    (tmp_path / "clean").mkdir()
    clean(inspect(data="photos"), tmp_path / "clean")
    assert sorted(path.name for path in (tmp_path / "clean").iterdir()) == ["a.png", "cleaned.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean", "photos"]


def test_a_file_that_disappears_after_the_inspection_is_left_out(tmp_path, inspect):
    for seed in range(2):
        save(landscape(seed), tmp_path / "photos" / f"{seed}.png")
    inspection = inspect(data="photos")
    (tmp_path / "photos" / "0.png").unlink()
    actions = {one.name: one.action for one in clean(inspection, tmp_path / "clean")}
    assert actions == {"0.png": "left out", "1.png": "copied"}
    assert contact_sheet(inspection).height > 0


def test_the_contact_sheet_shows_pictures_and_marks_borders(tmp_path, inspect):
    make_photos(tmp_path)
    inspection = inspect(data="photos", held_out="held")
    sheet = np.asarray(contact_sheet(inspection)).astype(int)
    red = (np.abs(sheet - (0xE0, 0x20, 0x2C)).max(axis=2) < 3).sum()
    assert red > 800  # the marked border, and the outline of the broken file
    assert sheet.shape[1] > COLUMNS * 160
    plain = inspect(data="held")
    assert not (np.abs(np.asarray(contact_sheet(plain)).astype(int) - (0xE0, 0x20, 0x2C)).max(axis=2) < 3).any()


CATALOG = Catalog(discover(third_party=False), load_registry())


def test_the_advice_can_be_configured_as_a_run(tmp_path, inspect):
    for seed in range(4):
        save(landscape(seed, (180, 120)), tmp_path / "a" / f"{seed}.jpg")
    (tmp_path / "a" / "broken.jpg").write_bytes(b"x")
    inspection = inspect(data="a")
    advice = advise(inspection, CATALOG, gpu=False)
    assert str(advice.size) == "64x96" and advice.options["max_bad"] == 0.2
    settings = {"data": str(tmp_path / "a"), "size": advice.size}
    assert configure_run(advice.model, CATALOG, options=advice.options, settings=settings).settings.max_bad == 0.2
    assert advice.model in advice.command("a") and "--size 64x96" in advice.command("a")
    assert all(any(word in reason for reason in advice.reasons) for word in (advice.model, "augment=", "size 64x96"))
    kept = "crops: pictures are kept at 120x180 pixels (1 MB"
    translated = advise(inspect(data="a", style="a"), CATALOG, gpu=False)
    assert any(kept in reason for reason in translated.reasons) and not any(kept in one for one in advice.reasons)


def test_the_advice_depends_on_the_machine_the_pictures_and_the_registered_models(tmp_path, inspect):
    for seed in range(3):
        save(landscape(seed, (150, 300)), tmp_path / "tall" / f"{seed}.jpg")
        save(landscape(seed, (40, 40)), tmp_path / "small" / f"{seed}.jpg")
    tall, small = inspect(data="tall"), inspect(data="small")
    assert str(advise(tall, CATALOG, gpu=False).size) == "128x64"
    assert str(advise(tall, CATALOG, gpu=True).size) == "256x128"
    assert str(advise(small, CATALOG, gpu=True).size) == "32"
    assert advise(tall, CATALOG, gpu=False).model.endswith("-laptop")
    assert not advise(tall, CATALOG, gpu=True).model.endswith("-laptop")
    assert advise(tall, CATALOG, gpu=False, model="wgan-gp").model == "wgan-gp"
    nothing = advise(tall, Catalog([], Registry()), gpu=False)
    assert nothing.model == "" and any("no model" in reason for reason in nothing.reasons)


def test_the_advice_says_when_no_translator_is_registered(tmp_path, inspect):
    for seed in range(2):
        save(landscape(seed), tmp_path / "a" / f"{seed}.jpg")
        save(landscape(seed + 10), tmp_path / "b" / f"{seed}.jpg")
    inspection = inspect(data="a", style="b")
    generators = Catalog([plugin for plugin in CATALOG.plugins if plugin.name == "dcgan"], Registry())
    advice = advise(inspection, generators, gpu=False)
    assert (advice.task, advice.model) == ("generate", "dcgan")
    assert any("no translator is registered" in reason for reason in advice.reasons)


def test_names_of_any_bytes_are_printable():
    assert printable(os.fsdecode(b"a\xff.png")) == "a\\xff.png"
    assert printable("ünï.png") == "ünï.png"


def test_a_file_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    Image.new("RGB", (600, 400), "green").save(content, "JPEG")
    opened: list[object] = []
    really = Image.open
    monkeypatch.setattr(Image, "open", lambda *given, **options: opened.append(0) or really(*given, **options))
    facts, _ = look("data", "a", content.getvalue())
    assert (facts.width, facts.height, len(opened)) == (600, 400, 1)
