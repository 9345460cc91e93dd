"""Draws the pictures of the docs: the scenes, the augmentations, and the grids of finished runs.

`python docs/make_images.py scenes`, `… augmentations` or `… NAME RUN` writes docs/images/NAME.png, and
`… ladder COMPARISON` ladder.png, a row of pictures from the same noise for each run, and ladder.svg, their scores.
"""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import torch
import torch.nn.functional as F
from ganzoo_plugins.scenes.draw import draw
from ganzoo_plugins.scenes.paint import RENDITIONS, paint
from PIL import Image

import ganzoo
from ganzoo.config.configuration import resolve_part
from ganzoo.config.resolve import open_catalog
from ganzoo.config.units import Size
from ganzoo.data.images import from_uint8, grid
from ganzoo.data.scale import enlarged
from ganzoo.parts import Parts
from ganzoo.report_html.curves import Chart, Line
from ganzoo.report_html.curves import draw as draw_chart
from ganzoo.runs.logs import recorded_scores
from ganzoo.specs import ImageShape

IMAGES = Path(__file__).parent / "images"
COUNT, SIZE = 12, (64, 96)
COLOURS = ("#7a7a7a", "#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#000000")
SVG_STYLE = """
svg { background: white } text { font: 11px sans-serif; fill: #444 }
.name { stroke: none !important; font-weight: bold }
.curve { fill: none !important; stroke-width: 2 } .grid { stroke: #ddd } .axis { stroke: #888 }
.point { display: none }
"""
WEATHER = {"fog": 0.1, "rain": 0.1, "snow": 0.1}
AUGMENTATIONS = (
    ("scene", 0, WEATHER),
    ("scene", 3, WEATHER),
    ("diffaug", 7, {}),
    ("diffaug", 11, {}),
    ("ada", 5, {"p": 0.4}),
    ("ada", 17, {"p": 0.4}),
)


def scenes() -> Image.Image:
    """A row of scenes, and a row of each painted rendition of the same."""
    indices = range(COUNT)
    plain = draw(0, indices, SIZE)
    rows = [plain, *(paint(plain, rendition, 0, indices) for rendition in RENDITIONS if rendition != "plain")]
    return grid(from_uint8(torch.cat(rows)), columns=COUNT)


def augmentations() -> Image.Image:
    """Two rows of each augmentation: a scene, and what it makes of it; `ada` as it is once p has risen to 0.4."""
    catalog = open_catalog(third_party=False)
    size, rng, rows = ImageShape(height=64, width=64), torch.Generator().manual_seed(1), []
    for name, index, options in AUGMENTATIONS:
        part = resolve_part(catalog, "augmentation", name, options)
        augment = Parts({"augment": part}).build("augment", shape=size)
        wanted = enlarged(Size(size.height, size.width), augment.margin)
        scene = from_uint8(draw(0, [index], (wanted.height, wanted.width)))
        changed = augment(scene.expand(COUNT - 1, -1, -1, -1), rng)
        rows += [F.interpolate(scene, changed.shape[2:], mode="bilinear", antialias=True), changed]
    return grid(torch.cat(rows), columns=COUNT)


def runs_of(comparison: Path) -> dict[str, Path]:
    """The folders of a comparison's runs by their names, in its order."""
    rows = json.loads((comparison / "comparison.json").read_text(encoding="utf-8"))["rows"]
    return {Path(row["folder"]).name.rpartition("-")[0]: comparison / row["folder"] for row in rows}


def rows_of(runs: dict[str, Path]) -> Image.Image:
    """Pictures from the same seed, a row for each run."""
    return grid(torch.cat([ganzoo.load(run).sample(COUNT) for run in runs.values()]), columns=COUNT)


def curves_of(runs: dict[str, Path]) -> str:
    """Scores over the minutes of training, as an SVG that carries its own colours and names."""
    lines = []
    for name, run in runs.items():
        steps, seconds = (
            json.loads((run / "summary.json").read_text(encoding="utf-8"))[key] for key in ("steps", "seconds")
        )
        points = [(score.step * seconds / steps / 60, 1000 * score.score.value) for score in recorded_scores(run)]
        lines.append(Line(name=name, points=points))
    chart = Chart(title="KID x1000", x_label="minutes", lines=lines)
    svg = ElementTree.fromstring(str(draw_chart(chart)))
    svg.set("xmlns", "http://www.w3.org/2000/svg")
    style = ElementTree.SubElement(svg, "style")
    style.text = SVG_STYLE + "".join(
        f".n{i} {{ stroke: {colour}; fill: {colour} }} " for i, colour in enumerate(COLOURS)
    )
    svg.set("viewBox", "0 0 580 270")  # room for the names beside the curves
    drawn = [node for node in svg if node.get("class", "").startswith("curve")]
    for number, node in enumerate(drawn):
        node.set("class", f"curve n{number}")
        name = ElementTree.SubElement(svg, "text", {"x": "474", "y": str(24 + 13 * number), "class": f"name n{number}"})
        name.text = lines[number].name
    return ElementTree.tostring(svg, encoding="unicode")


def main(name: str, run: str = "") -> None:
    """Writes one picture."""
    IMAGES.mkdir(exist_ok=True)
    if name == "ladder":
        runs = runs_of(Path(run))
        rows_of(runs).save(IMAGES / "ladder.png", optimize=True)
        (IMAGES / "ladder.svg").write_text(curves_of(runs), encoding="utf-8")
        return
    picture = grid(ganzoo.load(run).sample(64)) if run else {"augmentations": augmentations}.get(name, scenes)()
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
