"""README.md, the pages that lead to a model, the quick start and `make demo`: short and true."""

import re
from pathlib import Path

import pytest
from PIL import Image

from ganzoo.config.resolve import open_catalog
from tests.docs.following import Done, Run, follow
from tests.docs.test_pages import DOCS, ROOT, load

README = ROOT / "README.md"
START = DOCS / "quickstart.md"
COMPARING = "## Compare two models"
FEW = "--tiny --budget 4steps --set data.count=200 --set score_images=50"


def shorter(run: Run) -> Run:
    """Does the same with tiny networks, few images and steps where the page asks for minutes."""

    def shortened(command: str, folder: Path) -> Done:
        return run(re.sub(r"--budget \d+min", FEW, command), folder)

    return shortened


def commands_in(text: str) -> list[str]:
    return re.findall(r"^\$ (.*)$", text, re.MULTILINE)


def test_the_readme_has_at_most_120_lines_and_begins_with_what_matters() -> None:
    lines = README.read_text().splitlines()
    assert len(lines) <= 120
    first = "\n".join(lines[:40])
    assert all(
        one in first for one in ("docs/images/lead.webp", "make demo", "make test", "pip install", "stylize monet")
    )


def test_the_table_of_models_has_the_registered_ones() -> None:
    catalog = open_catalog(third_party=False)
    section = (DOCS / "models.md").read_text().partition("## All models")[2].partition("\n## ")[0]
    table = re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)
    assert sorted(table) == sorted(model.spec.name for model in catalog.models)


@pytest.mark.parametrize(
    "page", [README, *(DOCS / f"{name}.md" for name in ("which", "models", "gallery", "commands"))]
)
def test_presets_that_a_page_names_are_there(page: Path) -> None:
    presets = open_catalog(third_party=False).registry.presets
    named = set(re.findall(r"\b([a-z0-9]+(?:-[a-z0-9]+)*-laptop)\b", page.read_text()))
    assert named and named <= presets.keys()


def test_measured_tables_stand_on_one_page() -> None:
    interval = re.compile(r"^\|.*[\d.]+ \(-?[\d.,]+ to -?[\d.,]+\)", re.MULTILINE)
    assert interval.search((DOCS / "evidence.md").read_text())
    assert [page.name for page in DOCS.glob("*.md") if interval.search(page.read_text())] == ["evidence.md"]


def test_the_quick_start_works_by_the_letter(tmp_path: Path, in_process: Run) -> None:
    (tmp_path / "photo.jpg").write_bytes((DOCS / "images" / "photo.jpg").read_bytes())
    page = tmp_path / "page.md"
    page.write_text(START.read_text().partition(COMPARING)[0])
    assert follow_commands(page, tmp_path, in_process) >= 6
    for name, size in (("painted/photo.jpg", (768, 512)), ("bold/photo.jpg", (768, 512))):
        with Image.open(tmp_path / name) as image:
            assert image.size == size
    assert all((tmp_path / name).stat().st_size for name in ("scenes.png", "walk.gif", "first.png"))


@pytest.mark.slow
@pytest.mark.timeout(900)  # each run starts torch in a process of its own
def test_the_comparison_of_the_quick_start_works_by_the_letter(tmp_path: Path, in_process: Run) -> None:
    page = tmp_path / "page.md"
    page.write_text("".join(START.read_text().partition(COMPARING)[1:]))
    assert follow_commands(page, tmp_path, in_process) == 1
    assert (tmp_path / "runs" / "compared" / "report.html").is_file()


def follow_commands(page: Path, folder: Path, run: Run) -> int:
    """How many commands were run. A block without a prompt is how to install, which tests/wheel does."""
    text = re.sub(r"```console\npip install \.\n```", "", page.read_text())
    assert not re.search(r"```console\n(?!\$ )", text)
    page.write_text(text)
    return follow(page, folder, shorter(run)).commands


def test_every_length_on_the_quick_start_is_shortened() -> None:
    commands = commands_in(START.read_text())
    assert sum("--budget" in command for command in commands) == 2
    assert all(re.search(r"--budget \d+min\b", command) for command in commands if "--budget" in command)


def test_the_demo_uses_what_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    demo = load("demo")
    assert {"monet", "scenes"} <= {command[1] for command in demo.commands(Path("out"))}
    assert demo.main("out") == 0
    with Image.open(tmp_path / "out" / "monet" / "photo.jpg") as image:
        assert image.size == (768, 512)
    assert (tmp_path / "out" / "scenes.png").stat().st_size


def test_the_demo_says_when_a_command_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    demo = load("demo")
    monkeypatch.setattr(demo, "commands", lambda out: [["stylize", "nothing", "photo.jpg", "--out", str(out)]])
    assert demo.main(str(tmp_path / "out")) == 2


def test_a_published_model_has_a_card_in_the_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    card = load("generate").pages()["reference/published.md"]
    assert "### monet" in card and "`ganzoo stylize monet photo.jpg --out painted`" in card
    assert "### scenes" in card and "`ganzoo sample scenes`" in card


def test_the_pictures_of_the_first_pages_are_cut_from_the_sheets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    front = load("front_images")
    made: dict[str, Image.Image] = {}
    monkeypatch.setattr(front, "save", made.__setitem__)
    front.main()
    assert made["lead"].width == made["start-paint"].width == front.WIDTH
    assert {(DOCS / "images" / f"{name}.webp").is_file() for name in made} == {True}
    for name, image in made.items():
        with Image.open(DOCS / "images" / f"{name}.webp") as kept:
            assert kept.size == image.size, f"{name}: python docs/front_images.py"
