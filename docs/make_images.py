"""Draws the pictures of the docs: the scenes, and the grids of finished runs.

`python docs/make_images.py scenes` or `python docs/make_images.py NAME RUN` writes docs/images/NAME.png.
"""

import sys
from pathlib import Path

import torch
from ganzoo_plugins.scenes.draw import draw
from ganzoo_plugins.scenes.paint import RENDITIONS, paint
from PIL import Image

import ganzoo
from ganzoo.images import grid

IMAGES = Path(__file__).parent / "images"
COUNT, SIZE = 12, (64, 96)


def scenes() -> Image.Image:
    """A row of scenes, and a row of each painted rendition of the same."""
    indices = range(COUNT)
    plain = draw(0, indices, SIZE)
    rows = [plain, *(paint(plain, rendition, 0, indices) for rendition in RENDITIONS if rendition != "plain")]
    return grid(torch.cat(rows).float() / 127.5 - 1, columns=COUNT)


def main(name: str, run: str = "") -> None:
    """Writes one picture."""
    IMAGES.mkdir(exist_ok=True)
    picture = grid(ganzoo.load(run).sample(64)) if run else scenes()
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
