"""`python -m tests.stylize.round_trip`: what strength 0 does to each format and mode that Pillow writes.

Strength 0 must give the picture back. What to expect is computed from the source by plain Pillow and the definitions of
the modes, not by the code that is tested.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ganzoo.stylize.jobs import jobs_of
from ganzoo.stylize.painting import Painted, paint_picture
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from tests.stylize.small import CPU, Negative, Small

DELAYS = [100, 200, 30, 1500]
EXACT = (1, 0.1)
"""Largest and mean difference of a format without loss: what passes through floating point may be off by one."""
LOSSY = (40, 3.0)
MOVING = (100, 3.0)
"""WebP may blur a pixel where black meets white."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file: how Pillow saves it, and the bounds of the largest and the mean difference."""

    format: str
    ending: str
    mode: str
    options: dict[str, Any] = field(default_factory=dict)
    frames: int = 1
    bounds: tuple[float, float] = EXACT

    def __str__(self) -> str:
        kind = self.options.get("compression", "")
        return f"{self.format} {self.mode}{f' {kind}' if kind else ''}{' animated' if self.frames > 1 else ''}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """`times` are the frames' milliseconds in the painted file."""

    output: str
    largest: int
    mean: float
    frames: int
    times: list[float]
    told: tuple[str, ...]


def _cases() -> Iterator[Case]:
    for mode in ("L", "RGB", "CMYK", "YCbCr"):
        yield Case(format="JPEG", ending="jpg", mode=mode, options={"quality": 95}, bounds=LOSSY)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield Case(format="PNG", ending="png", mode=mode)
    for mode in ("RGB", "RGBA"):
        yield Case(format="WEBP", ending="webp", mode=mode, options={"lossless": True}, bounds=LOSSY)
        yield Case(format="AVIF", ending="avif", mode=mode)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield Case(format="BMP", ending="bmp", mode=mode)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield Case(format="GIF", ending="gif", mode=mode)
    for mode in ("1", "L", "RGB", "I;16", "F"):
        yield Case(format="PPM", ending="ppm", mode=mode)
    for mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        yield Case(format="JPEG2000", ending="jp2", mode=mode)
    for mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"):
        yield Case(format="TIFF", ending="tif", mode=mode, bounds=(24, 1) if mode == "LAB" else EXACT)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd", "jpeg"):
        bounds = LOSSY if compression == "jpeg" else EXACT
        yield Case(format="TIFF", ending="tif", mode="RGB", options={"compression": compression}, bounds=bounds)
    for compression in ("group3", "group4"):
        yield Case(format="TIFF", ending="tif", mode="1", options={"compression": compression})
    yield Case(format="TIFF", ending="tif", mode="RGB", options={"big_tiff": True})
    for mode in ("RGB", "RGBA"):
        times: dict[str, Any] = {"duration": DELAYS, "loop": 0}
        yield Case(format="GIF", ending="gif", mode=mode, options=times | {"disposal": 2}, frames=4)
        yield Case(format="PNG", ending="png", mode=mode, options=times, frames=4)
        yield Case(format="WEBP", ending="webp", mode=mode, options=times | {"lossless": True}, frames=4, bounds=MOVING)
        yield Case(format="AVIF", ending="avif", mode=mode, options={"duration": DELAYS}, frames=4)
        yield Case(format="TIFF", ending="tif", mode=mode, frames=4)
    yield Case(format="MPO", ending="jpg", mode="RGB", frames=2, bounds=LOSSY)


CASES = tuple(_cases())


def base(number: int = 0) -> Image.Image:
    """A smooth picture that uses all values from black to white."""
    coarse = np.random.default_rng(number).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize((96, 64), Image.Resampling.BICUBIC)).copy()
    pixels[0, :4], pixels[1, :4] = 0, 255
    return Image.fromarray(pixels)


def _lab(image: Image.Image) -> Image.Image:
    lab = ImageCms.profileToProfile(image, *map(ImageCms.createProfile, ("sRGB", "LAB")), outputMode="LAB")
    assert lab is not None
    return lab


def _clear(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (8, 8, 40, 30))
    image.putalpha(alpha)
    return image


def _grey(scale: float, kind: type[np.generic]) -> Callable[[Image.Image], Image.Image]:
    return lambda image: Image.fromarray((np.asarray(image.convert("L")).astype(np.float64) * scale).astype(kind))


MODES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "LAB": _lab,
    "RGBA": _clear,
    "LA": lambda image: _clear(image).convert("LA"),
    "PA": lambda image: _clear(image).convert("PA"),
    "I;16": _grey(257, np.uint16),
    "I": _grey(257, np.int32),
    "F": _grey(1 / 255, np.float32),
}
"""How a mode is made, where converting does not do."""


def expected(image: Image.Image, original: Image.Image) -> NDArray[np.float64]:
    """The frame at which the source stands as H W 4 of 0 to 255, by the definition of its mode."""
    values = np.asarray(image).astype(np.float64)
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        values *= 255 / {"F": 1.0}.get(mode, 65535.0)
        values = np.stack([values] * 3, -1)
    elif mode == "CMYK":
        values = (255 - values[..., :3]) * (255 - values[..., 3:]) / 255
    elif mode == "LAB":
        values = np.asarray(original).astype(np.float64)
    else:
        return np.asarray(image.convert("RGBA")).astype(np.float64)
    return np.concatenate([values, np.full((*values.shape[:2], 1), 255.0)], -1)


def frames_of(path: Path) -> Iterator[Image.Image]:
    """Each frame as plain Pillow reads it."""
    with Image.open(path) as image:
        for number in range(100):
            try:
                image.seek(number)
            except EOFError:
                return
            image.load()
            yield image


def written(case: Case, folder: Path) -> tuple[Path, list[Image.Image]]:
    """Saves the case's file by Pillow, and returns the pictures from which it was made."""
    originals = [base(number) for number in range(case.frames)]
    pictures = [MODES.get(case.mode, lambda image: image.convert(case.mode))(image) for image in originals]
    path = folder / f"a.{case.ending}"
    more = {"save_all": True, "append_images": pictures[1:]} if case.frames > 1 else {}
    pictures[0].save(path, case.format, **case.options, **more)
    return path, originals


def round_trip(case: Case, folder: Path) -> Result:
    """Paints the case's file at strength 0 and compares it with what plain Pillow reads in it."""
    source, originals = written(case, folder)
    target = jobs_of([str(source)], folder / "out")[0].target
    stylizer = Stylizer(Small(Negative()), CPU)
    told = paint_picture(source, target, lambda pixels: stylizer.stylize(pixels, StylizeOptions(strength=0)), _quiet)
    return _compared(source, target, originals, told)


def _quiet(done: int, total: int) -> None:
    pass


def _compared(source: Path, target: Path, originals: list[Image.Image], told: Painted) -> Result:
    before = [expected(image, one) for image, one in zip(frames_of(source), originals, strict=True)]
    after = [np.asarray(image.convert("RGBA")).astype(np.float64) for image in frames_of(target)]
    assert [one.shape for one in before[: len(after)]] == [one.shape for one in after]
    difference = []
    for old, new in zip(before, after, strict=False):
        visible = old[..., 3] > 127
        assert np.array_equal(visible, new[..., 3] > 127)
        difference.append(np.abs(old - new)[visible][:, :3].round())
    with Image.open(target) as image:
        output = f"{image.format} {image.mode}"
    return Result(
        output=output,
        largest=int(max(one.max() for one in difference)),
        mean=float(np.mean([one.mean() for one in difference])),
        frames=len(after),
        times=[float(image.info.get("duration", 0)) for image in frames_of(target)],
        told=told.notes,
    )


def main() -> None:
    """Prints the table in Markdown."""
    print("| file | painted as | frames | largest difference | mean | told |\n|---|---|---|---|---|---|")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            result = round_trip(case, Path(folder))
        frames = f"{result.frames} of {case.frames}"
        told = "; ".join(result.told)
        print(f"| {case} | {result.output} | {frames} | {result.largest} | {result.mean:.2f} | {told} |")


if __name__ == "__main__":
    main()
