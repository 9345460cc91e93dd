"""Training on real photos, compared with the textbook: ImageFolder, Resize, CenterCrop and a DataLoader."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from ganzoo.catalog.lookup import FolderOptions
from ganzoo.config.units import Size
from ganzoo.data.cache import Images, prepare
from ganzoo.data.folder import FolderSource
from tests.benchmarks.pairing import ratio
from tests.benchmarks.training_step import SIZE, Textbook, trainer

PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos"
LARGE, LARGE_SIZE, LARGE_BATCH = 40, (3504, 2336), 8


def main() -> None:
    """Prints the seconds of each epoch, from the first on, for three cases."""
    if not PHOTOS.is_dir():
        print(f"photos: skipped, no folder {PHOTOS.name} of photographs beside the checkout")
        return
    with tempfile.TemporaryDirectory() as scratch, own_cache(scratch):
        photos = Path(scratch, "photos")
        photos.mkdir()
        (photos / "all").symlink_to(PHOTOS)
        compare("photos of 256 px, width 16 (the laptop preset's), batch 32", photos, 16, 32, epochs=4)
        compare("photos of 256 px, width 64 (the paper's), batch 64", photos, 64, 64, epochs=2)
        large = enlarge(Path(scratch, "large"))
        megapixels = LARGE_SIZE[0] * LARGE_SIZE[1] / 1e6
        title = f"{LARGE} photos of {megapixels:.1f} megapixels, width 16, batch {LARGE_BATCH}"
        compare(title, large, 16, LARGE_BATCH, epochs=5)


@contextmanager
def own_cache(scratch: str) -> Iterator[None]:
    """Uses an empty cache."""
    before = os.environ.get("GANZOO_CACHE")
    os.environ["GANZOO_CACHE"] = f"{scratch}/cache"
    yield
    os.environ.pop("GANZOO_CACHE")
    if before is not None:
        os.environ["GANZOO_CACHE"] = before


def enlarge(folder: Path) -> Path:
    """Photos at the size of a camera, with grain, so that they take as long to decode."""
    (folder / "all").mkdir(parents=True)
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 6, (LARGE_SIZE[1], LARGE_SIZE[0], 1))
    for number, file in enumerate(sorted(PHOTOS.glob("*.jpg"))[:LARGE]):
        image = np.asarray(Image.open(file).convert("RGB").resize(LARGE_SIZE, Image.Resampling.BICUBIC))
        noisy = (image + np.roll(grain, number, axis=0)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / "all" / f"{number:02d}.jpg", quality=92)
    return folder


def compare(title: str, photos: Path, width: int, batch: int, epochs: int) -> None:
    """Runs epochs of both in turn, from an empty cache."""
    shutil.rmtree(os.environ["GANZOO_CACHE"], ignore_errors=True)
    ours = Ours(photos, width, batch)
    textbook = TextbookOnFolder(photos, width, batch)
    seconds: dict[str, list[float]] = {"textbook": [], "ganzoo": []}
    for _ in range(epochs):
        for name, contender in (("textbook", textbook), ("ganzoo", ours)):
            started = time.perf_counter()
            contender.epoch()
            seconds[name].append(time.perf_counter() - started)
    print(title)
    for name, times in seconds.items():
        print(f"  {name:9} {' '.join(f'{value:7.2f}' for value in times)}  s an epoch, {sum(times):.1f} s in all")
    later = ratio(seconds["textbook"][1:], seconds["ganzoo"][1:])
    total = sum(seconds["textbook"]) / sum(seconds["ganzoo"])
    first = seconds["textbook"][0] / seconds["ganzoo"][0]
    print(
        f"  {later:.2f} x from the second epoch, {first:.2f} x in the first, {total:.2f} x over {epochs} epochs;",
        end="",
    )
    print(f" {ours.share_of_waiting():.2%} of the time is spent waiting for data")


class TextbookOnFolder:
    """The data loading of tutorials, with two workers, and their training loop."""

    def __init__(self, photos: Path, width: int, batch: int) -> None:
        steps = [transforms.Resize(SIZE), transforms.CenterCrop(SIZE), transforms.ToTensor()]
        steps.append(transforms.Normalize((0.5,) * 3, (0.5,) * 3))
        data = datasets.ImageFolder(str(photos), transforms.Compose(steps))
        self.loader = DataLoader(data, batch, shuffle=True, num_workers=2, drop_last=True)
        self.loop = Textbook(trainer(one_image(), width=width).gan)  # type: ignore[arg-type]  # a DCGAN

    def epoch(self) -> None:
        """Trains on every photo once."""
        for real, _ in self.loader:
            self.loop.step(real)


class Ours:
    """ganzoo on the same folder. The first epoch reads the photos into the cache."""

    def __init__(self, photos: Path, width: int, batch: int) -> None:
        self.photos, self.width, self.batch = photos, width, batch
        self.images: Timed | None = None
        self.seconds = 0.0

    def epoch(self) -> None:
        """Trains on every photo once."""
        if self.images is None:
            source = FolderSource(FolderOptions(path=str(self.photos)))
            self.images = Timed(**vars(prepare(source, Size(SIZE, SIZE))))
            self.trainer = trainer(self.images, width=self.width, batch=self.batch)
        started = time.perf_counter()
        for _ in range(len(self.images) // self.batch):
            self.trainer.round(0.0)
        self.seconds += time.perf_counter() - started

    def share_of_waiting(self) -> float:
        """The share of the training time in which the loop waited for images."""
        assert self.images is not None
        return sum(self.images.waits) / self.seconds


class Timed(Images):
    """Images that record how long each fetch takes."""

    def __init__(self, **fields: object) -> None:
        super().__init__(**fields)  # type: ignore[arg-type]  # those of a finished Images
        object.__setattr__(self, "waits", [])

    waits: list[float]

    def take(self, indices: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """As in the base class, with the time recorded."""
        started = time.perf_counter()
        taken = super().take(indices)
        self.waits.append(time.perf_counter() - started)
        return taken


def one_image() -> Images:
    """Data to build a trainer with, of which only the networks are used."""
    pixels = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    labels = np.zeros((1, 0), np.int64)
    return Images(pixels=pixels, labels=labels, attributes={}, fingerprint="", skipped=())
