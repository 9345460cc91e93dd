"""Draws the pictures of the docs: the scenes, the augmentations, and the grids of finished runs.

`python docs/make_images.py scenes`, `… augmentations` or `… NAME RUN` writes docs/images/NAME.png.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from ganzoo_plugins.scenes.draw import draw
from ganzoo_plugins.scenes.paint import RENDITIONS, paint
from PIL import Image

import ganzoo
from ganzoo.api import open_catalog
from ganzoo.configuration import resolve_part
from ganzoo.engine.launch import enlarged
from ganzoo.images import grid
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape
from ganzoo.units import Size

IMAGES = Path(__file__).parent / "images"
COUNT, SIZE = 12, (64, 96)
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
    return grid(torch.cat(rows).float() / 127.5 - 1, columns=COUNT)


def augmentations() -> Image.Image:
    """Two rows of each augmentation: a scene, and what it makes of it; `ada` as it is once p has risen to 0.4."""
    catalog = open_catalog(third_party=False)
    size, rng, rows = ImageShape(height=64, width=64), torch.Generator().manual_seed(1), []
    for name, index, options in AUGMENTATIONS:
        part = resolve_part(catalog, "augmentation", name, options)
        augment = Parts({"augment": part}).build("augment", shape=size)
        wanted = enlarged(Size(size.height, size.width), augment.margin)
        scene = draw(0, [index], (wanted.height, wanted.width)).float() / 127.5 - 1
        changed = augment(scene.expand(COUNT - 1, -1, -1, -1), rng)
        rows += [F.interpolate(scene, changed.shape[2:], mode="bilinear", antialias=True), changed]
    return grid(torch.cat(rows), columns=COUNT)


def main(name: str, run: str = "") -> None:
    """Writes one picture."""
    IMAGES.mkdir(exist_ok=True)
    picture = grid(ganzoo.load(run).sample(64)) if run else {"augmentations": augmentations}.get(name, scenes)()
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
