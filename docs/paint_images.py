"""Paints the pictures of docs/painting.md with trained runs, as `ganzoo stylize` paints by default.

`python docs/paint_images.py sheet PHOTOS [RUN]` writes docs/images/painted-NAME.webp: six photos, or their paintings by
the run, whose folder is called NAME; `… pairs PHOTOS RUN` both, side by side. `… strokes PHOTO RUN` paints a photo with
three strokes, `… styles PHOTO RUN PAINTING…` in the style of each painting, and `… detail PHOTO RUN…` shows a part of a
large photo, and of its paintings, at 1:1.

`… published PHOTOS [NAME…]` is about all published models, or those named: it writes
docs/images/published-NAME.webp, the photos painted by a painter, or published-NAME.png, what a generator draws. Then it
makes the pictures of the first pages from them (`front_images.py`).
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import front_images
from PIL import Image

import ganzoo
from ganzoo.config.resolve import open_catalog
from ganzoo.data.images import grid

IMAGES = Path(__file__).parent / "images"
COLUMNS, QUALITY = 2, 72
STROKES = (0.5, 1, 2)
DETAIL = (640, 480)


def sheet(photos: str, run: str = "") -> None:
    """Photos of one size in two columns, or their paintings."""
    files = sorted(file for file in Path(photos).iterdir() if file.is_file())
    save("sheet" if not run else Path(run).name, (painted(file, run) if run else opened(file) for file in files))


def pairs(photos: str, run: str) -> None:
    """Each photo, and its painting beside it."""
    files = sorted(file for file in Path(photos).iterdir() if file.is_file())
    save("pairs", (one for file in files for one in (opened(file), painted(file, run))))


def strokes(photo: str, run: str) -> None:
    """The photo, and what it is with each stroke."""
    save("strokes", [opened(photo), *(painted(photo, run, stroke=stroke) for stroke in STROKES)])


def styles(photo: str, run: str, *paintings: str) -> None:
    """The photo, and what it is in the style of each painting."""
    save("styles", [opened(photo), *(painted(photo, run, style=painting) for painting in paintings)])


def detail(photo: str, *runs: str) -> None:
    """The middle of the photo at 1:1, and that of its painting by each run."""
    save("detail", (middle(one) for one in [opened(photo), *(painted(photo, run) for run in runs)]))


def published(photos: str, *names: str) -> None:
    """The six photos by each published painter, a grid of each published generator, and the first pages' pictures."""
    files = sorted(file for file in Path(photos).iterdir() if file.is_file())
    for name in names or open_catalog(third_party=False).published:
        gan = ganzoo.load(name)
        print(name, flush=True)
        if isinstance(gan, ganzoo.LoadedTranslator):
            write(f"published-{name}", [gan.stylize(opened(file)) for file in files])
        else:
            grid(gan.sample(64)).save(IMAGES / f"published-{name}.png", optimize=True)
    front_images.main()


def opened(file: str | Path) -> Image.Image:
    """A picture in RGB."""
    with Image.open(file) as image:
        return image.convert("RGB")


def painted(file: str | Path, run: str, **options: object) -> Image.Image:
    """A photo painted by the last checkpoint of a run."""
    return ganzoo.load(run).stylize(opened(file), **options)


def middle(image: Image.Image) -> Image.Image:
    """The middle of a picture."""
    left, top = (image.width - DETAIL[0]) // 2, (image.height - DETAIL[1]) // 2
    return image.crop((left, top, left + DETAIL[0], top + DETAIL[1]))


def save(name: str, images: Iterable[Image.Image]) -> None:
    """Writes painted-NAME.webp."""
    write(f"painted-{name}", images)


def write(name: str, images: Iterable[Image.Image]) -> None:
    """Writes pictures of one size as a picture with two columns."""
    cells = list(images)
    width, height = cells[0].size
    result = Image.new("RGB", (COLUMNS * width, -(-len(cells) // COLUMNS) * height), "white")
    for number, cell in enumerate(cells):
        result.paste(cell, (number % COLUMNS * width, number // COLUMNS * height))
    result.save(IMAGES / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    made = (sheet, pairs, strokes, styles, detail, published)
    {one.__name__: one for one in made}[sys.argv[1]](*sys.argv[2:])
