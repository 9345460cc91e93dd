"""Folders of pictures that recipes train on: views of photos, and the same views painted by the built-in brushes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy
import torch
from ganzoo_plugins.scenes.paint import paint
from PIL import Image

from recipes.photos import name

HEIGHT = 600
"""Pixels at which a view is painted: strokes are then a twentieth of it."""
KEPT = 256
"""Pixels of the shorter side that are kept: what a run looks at whole."""
_RIM = 0.07
"""Part of the height cut off on each side, so that no watercolour shows the rim of its paper."""


def write_views(photos: Iterable[Path], folder: Path) -> Path:
    """A folder with views of the photos. What is there stays, here and below."""
    folder.mkdir(parents=True, exist_ok=True)
    for target, view in _views(photos):
        if not (folder / target).is_file():
            _kept(view).save(folder / target)
    return folder


def write_paintings(photos: Iterable[Path], folder: Path, rendition: str) -> Path:
    """A folder with the same views painted in a rendition of the built-in scenes, under the same names."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (target, view) in enumerate(_views(photos)):
        if not (folder / target).is_file():
            _kept(_painted(view, rendition, number)).save(folder / target)
    return folder


def _views(photos: Iterable[Path]) -> Iterator[tuple[str, Image.Image]]:
    """The whole of each photo, and parts on its left and right where things are larger, with names of files."""
    for file in photos:
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        high, margin, top = round(0.62 * image.height), round(0.03 * image.width), round(0.15 * image.height)
        wide = round(1.5 * high)
        boxes = {
            "whole": (0, 0, image.width, image.height),
            "left": (margin, image.height - high, margin + wide, image.height),
            "right": (image.width - margin - wide, top, image.width - margin, top + high),
        }
        for tag, box in boxes.items():
            yield f"{name(file)}-{tag}.png", _high(image.crop(box))


def _high(image: Image.Image) -> Image.Image:
    return image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.LANCZOS)


def _painted(view: Image.Image, rendition: str, number: int) -> Image.Image:
    pixels = torch.from_numpy(numpy.array(view)).permute(2, 0, 1)[None]
    return Image.fromarray(paint(pixels, rendition, 0, [number])[0].permute(1, 2, 0).numpy())


def _kept(image: Image.Image) -> Image.Image:
    """Without its rim, at the size that training keeps."""
    rim = round(_RIM * image.height)
    inner = image.crop((rim, rim, image.width - rim, image.height - rim))
    return inner.resize((round(inner.width * KEPT / inner.height), KEPT), Image.Resampling.LANCZOS)
