"""The cost and the quality of stylizing large photos and videos.

It measures the time and memory for 24 megapixels, the seams between tiles at 2048 px, odd sizes, and how much a slow
pan over a photo flickers. GANZOO_RUN names a run; without it an untrained network is used, whose time and memory are
the same. GANZOO_PHOTO names a photo, or a folder from which the first photos are panned over; without it noise with
large shapes is used.
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
    """Prints all measurements."""
    torch.set_num_threads(1)
    stylizer = load_stylizer()
    pan(stylizer)
    seams(stylizer)
    odd(stylizer)
    large(stylizer)


def load_stylizer() -> Stylizer:
    """The stylizer of the run, or of an untrained network."""
    if folder := os.environ.get("GANZOO_RUN"):
        return ganzoo.load(folder).stylizer()
    gan = build_gan(configure_run("fastcut-laptop", open_catalog()), {}).eval()
    return Stylizer(gan, torch.device("cpu"))  # type: ignore[arg-type]


def photo_files() -> list[Path]:
    """The photos that GANZOO_PHOTO names; none when it is not set."""
    named = Path(os.environ.get("GANZOO_PHOTO", ""))
    if named == Path():
        return []
    return sorted(named.glob("*.jpg"))[:PANS] if named.is_dir() else [named]


def photo(height: int, width: int, number: int = 0) -> NDArray[np.uint8]:
    """The photo with that number, resized; noise with large shapes when there are no photos."""
    if files := photo_files():
        file = files[number % len(files)]
        return np.asarray(Image.open(file).convert("RGB").resize((width, height), Image.Resampling.BICUBIC))
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (height // 60 + 2, width // 60 + 2, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def seams(stylizer: Stylizer) -> None:
    """Compares a photo painted in tiles with the same photo painted in one piece."""
    pixels = photo(SIDE, SIDE)
    whole = stylizer.stylize(pixels, StylizeOptions(memory=100_000)).astype(int)
    tiled = stylizer.stylize(pixels, StylizeOptions(tile=512)).astype(int)
    difference = np.abs(tiled - whole)
    print(f"{SIDE} px, tiles of 512 against the whole: mean {difference.mean():.2f}, largest {difference.max()} of 255")
    # At a seam, neighbouring pixels differ more in the tiled result than in the whole one.
    for name, axis in (("rows", 0), ("columns", 1)):
        cut, uncut = (np.abs(np.diff(one, axis=axis)).mean(axis=(1 - axis, 2)) for one in (tiled, whole))
        growth = cut / np.maximum(uncut, 1e-3)
        print(f"  steps between {name}, tiled to whole: median {np.median(growth):.3f} x, largest {growth.max():.3f} x")


def odd(stylizer: Stylizer) -> None:
    """Paints photos of extreme sizes."""
    for height, width in ((1, 1), (37, 1021), (4001, 13)):
        translated = stylizer.stylize(photo(height, width), StylizeOptions())
        print(f"{height} x {width}: {'x'.join(map(str, translated.shape))}")


def pan(stylizer: Stylizer) -> None:
    """Moves a view over photos. The same place should be painted equally in successive frames."""
    errors = [pan_over(stylizer, number) for number in range(PANS if photo_files() else 1)]
    photo_error, error = (float(np.mean(one)) for one in zip(*errors, strict=True))
    ratio = error / photo_error
    print(f"pan of {STEP} px a frame: warping error {photo_error:.2f} of the photo, {error:.2f} painted, {ratio:.2f} x")


def pan_over(stylizer: Stylizer, number: int) -> tuple[float, float]:
    """The warping errors of the frames themselves and of the painted frames."""
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
    """The mean absolute difference, in levels of 255, of each frame to the previous one after the known motion."""
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
    """Prints the seconds for 24 megapixels, and the memory that they add to that of the process."""
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
    """The resident memory of this process in bytes."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
