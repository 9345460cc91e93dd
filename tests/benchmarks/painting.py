"""What painting large photos and videos costs and how it looks, with the run that GANZOO_RUN names.

24 megapixels (memory, time), tiles against the whole at 2048 px (differences, seams), odd sizes, and how much a slow
pan over a photo flickers. Without GANZOO_RUN an untrained network paints: times and memory are the same.
GANZOO_PHOTO names the photo, or a folder whose first ones are panned over; else noise with large shapes is painted.
"""

import os
import resource
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import ganzoo
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.engine.build import build_gan
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer

LARGE = (4000, 6000)
SIDE = 2048
FRAMES, STEP, VIEW, PANS = 12, 2.5, (180, 320), 6


def main() -> None:
    """Prints all of it."""
    torch.set_num_threads(1)
    stylizer = the_stylizer()
    pan(stylizer)
    seams(stylizer)
    odd(stylizer)
    large(stylizer)


def the_stylizer() -> Stylizer:
    """Of the run, or of an untrained network."""
    if folder := os.environ.get("GANZOO_RUN"):
        return ganzoo.load(folder).stylizer()
    gan = build_gan(configure_run("fastcut-laptop", open_catalog()), {}).eval()
    return Stylizer(gan, torch.device("cpu"))  # type: ignore[arg-type]


def photo_files() -> list[Path]:
    """The photos that are named."""
    named = Path(os.environ.get("GANZOO_PHOTO", ""))
    if named == Path():
        return []
    return sorted(named.glob("*.jpg"))[:PANS] if named.is_dir() else [named]


def photo(height: int, width: int, number: int = 0) -> NDArray[np.uint8]:
    """The photo of that number at that size."""
    if files := photo_files():
        file = files[number % len(files)]
        return np.asarray(Image.open(file).convert("RGB").resize((width, height), Image.Resampling.BICUBIC))
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (height // 60 + 2, width // 60 + 2, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def seams(stylizer: Stylizer) -> None:
    """Tiled against whole."""
    pixels = photo(SIDE, SIDE)
    whole = stylizer.stylize(pixels, StylizeOptions(memory=100_000)).astype(int)
    tiled = stylizer.stylize(pixels, StylizeOptions(tile=512)).astype(int)
    apart = np.abs(tiled - whole)
    print(f"{SIDE} px, tiles of 512 against the whole: mean {apart.mean():.2f}, largest {apart.max()} of 255")
    # A seam is a line along which neighbours differ more than they do where nothing was cut.
    for name, axis in (("rows", 0), ("columns", 1)):
        cut, uncut = (np.abs(np.diff(one, axis=axis)).mean(axis=(1 - axis, 2)) for one in (tiled, whole))
        growth = cut / np.maximum(uncut, 1e-3)
        print(f"  steps between {name}, tiled to whole: median {np.median(growth):.3f} x, largest {growth.max():.3f} x")


def odd(stylizer: Stylizer) -> None:
    """Sizes that nobody has."""
    for height, width in ((1, 1), (37, 1021), (4001, 13)):
        translated = stylizer.stylize(photo(height, width), StylizeOptions())
        print(f"{height} x {width}: {'x'.join(map(str, translated.shape))}")


def pan(stylizer: Stylizer) -> None:
    """A view that moves over photos: the same place in two frames should be painted alike."""
    errors = [pan_over(stylizer, number) for number in range(PANS if photo_files() else 1)]
    own, ours = (float(np.mean(one)) for one in zip(*errors, strict=True))
    print(f"pan of {STEP} px a frame: warping error {own:.2f} of the photo, {ours:.2f} painted, {ours / own:.2f} x")


def pan_over(stylizer: Stylizer, number: int) -> tuple[float, float]:
    """The warping error of the photo itself and of what is painted."""
    height, width = VIEW
    still = Image.fromarray(photo(2 * height, 2 * width, number))
    frames = [
        np.asarray(
            still.transform(
                (width, height), Image.Transform.AFFINE, (1, 0, i * STEP, 0, 1, i * STEP / 2), Image.Resampling.BICUBIC
            )
        )
        for i in range(FRAMES)
    ]
    return warping_error(frames), warping_error([stylizer.stylize(frame, StylizeOptions()) for frame in frames])


def warping_error(frames: list[NDArray[np.uint8]]) -> float:
    """Mean absolute difference, in 255, of each frame with the one before it moved by the known motion."""
    errors = []
    for before, after in pairwise(frames):
        size = (before.shape[1], before.shape[0])
        moved = Image.fromarray(before).transform(
            size, Image.Transform.AFFINE, (1, 0, STEP, 0, 1, STEP / 2), Image.Resampling.BICUBIC
        )
        inside = slice(8, -8)
        errors.append(np.abs(np.asarray(moved).astype(int) - after)[inside, inside].mean())
    return float(np.mean(errors))


def large(stylizer: Stylizer) -> None:
    """24 megapixels: seconds, and memory above what the process had."""
    pixels = photo(*LARGE)
    before, peak, done = _resident(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    stylizer.stylize(pixels, StylizeOptions())
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    size = pixels.shape[0] * pixels.shape[1] / 1e6
    print(f"{size:.0f} megapixels: {seconds:.0f} s, {size / seconds:.2f} a second, {(peak - before) / 1e6:.0f} MB more")


def _resident() -> int:
    """Bytes of this process in memory now."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
