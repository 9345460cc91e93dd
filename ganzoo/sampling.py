"""Loads a finished run for use: `ganzoo.load(...)` gives an object that samples."""

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ganzoo import images
from ganzoo.api import open_catalog, recorded_configuration
from ganzoo.batch import Batch, Draw, draw_normal, example_labels
from ganzoo.catalog import Catalog
from ganzoo.data.cache import prepare
from ganzoo.data.split import split
from ganzoo.engine import checkpoint
from ganzoo.engine.device import choose_device
from ganzoo.engine.launch import build_gan, open_source
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.model import GAN
from ganzoo.runs import read_run_file
from ganzoo.specs import ImageShape
from ganzoo.walk import loop_noise

if TYPE_CHECKING:
    from ganzoo.stylize.painter import Painter

_BATCH = 64
_BEYOND = 1.25
"""Strength at the far end of a translator's walk."""


class LoadedGAN:
    """A trained model with its averaged weights, in evaluation mode; `step` is the training step they are from."""

    def __init__(
        self, gan: GAN, shape: ImageShape, step: int, device: torch.device, *, translates: bool = False
    ) -> None:
        self.translates = translates
        self.photos: Tensor | None = None
        """What a translator shows in `sample` and `walk`: B 3 H W in [-1, 1]."""
        self.gan = gan.to(device=device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.shape = shape
        self.step = step
        self.device = device

    def sample(self, count: int = 64, *, seed: int = 0) -> Tensor:
        """Images count 3 H W in [-1, 1]; the same seed gives the same images, however many more are drawn.

        A translator gives its `photos` (at most `count`), each followed by its painting.
        """
        if self.translates:
            return self._pairs(count)
        rng = torch.Generator().manual_seed(seed)

        def whole_block(size: Sequence[int], rng: torch.Generator) -> Tensor:
            # torch fills the end of a tensor in another way than its middle, so a shorter one has other numbers.
            return draw_normal((_BATCH, *size[1:]), rng)[: size[0]]

        drawn = [
            self._draw(n, rng, whole_block, example_labels(n, self.shape.attributes, start))
            for start, n in _pieces(count)
        ]
        return torch.cat(drawn) if drawn else self._nothing()

    def walk(self, frames: int = 60, *, seed: int = 0) -> Tensor:
        """Images frames 3 H W in [-1, 1] on a smooth closed loop through latent space, all with the first label.

        A translator goes from its first photo to the painting, beyond it, and back.
        """
        if self.translates:
            return self._strengths(frames)
        label = example_labels(1, self.shape.attributes)
        drawn = []
        for start, count in _pieces(frames):

            def piece_of_loop(size: Sequence[int], rng: torch.Generator, start: int = start) -> Tensor:
                return loop_noise((frames, *size[1:]), rng)[start : start + size[0]]

            rng = torch.Generator().manual_seed(seed)
            drawn.append(self._draw(count, rng, piece_of_loop, label.expand(count, -1) if label is not None else None))
        return torch.cat(drawn) if drawn else self._nothing()

    def stylize(self, image: Image.Image, *, style: Image.Image | Path | None = None, **brush: Any) -> Image.Image:
        """A picture of any size painted; `brush` are the fields of `ganzoo.stylize.painter.Brush`, such as strength.

        Raises UsageError for a model that draws from noise, and for a `style` given to one that takes none.
        """
        from ganzoo.stylize.painter import Brush

        pixels = np.asarray(image.convert("RGB"))
        return Image.fromarray(self.painter(style=style).paint(pixels, Brush(**brush)))

    def painter(self, *, style: Image.Image | Path | None = None) -> "Painter":
        """What paints many pictures, in the style of a painting if the model takes one; errors as for `stylize`."""
        from ganzoo.stylize.painter import Painter
        from ganzoo.stylize.pictures import read_photo
        from ganzoo.translator import Translator

        if not isinstance(self.gan, Translator):
            raise UsageError(
                "this model draws from noise and paints no photos (a translator: ganzoo list --task translate)"
            )
        if style is None:
            return Painter(self.gan, self.device)
        if not self.gan.takes_style:
            raise UsageError("this model has one style, that of its paintings; adain takes any")
        if isinstance(style, Path):
            style = Image.fromarray(read_photo(style).pixels)
        shape = (self.shape.width, self.shape.height)
        shown = ImageOps.fit(style.convert("RGB"), shape, Image.Resampling.LANCZOS)
        pixels = torch.from_numpy(np.array(shown)).permute(2, 0, 1)[None].to(self.device)
        return Painter(self.gan, self.device, style=pixels.float() / 127.5 - 1)

    @staticmethod
    def to_pil(tensor: Tensor) -> list[Image.Image]:
        """Images B 3 H W in [-1, 1] as PIL images."""
        return images.to_pil(tensor)

    @torch.no_grad()
    def _draw(self, count: int, rng: torch.Generator, draw: Draw, label: Tensor | None) -> Tensor:
        shape = self.shape
        blank = torch.zeros((), device=self.device).expand(count, shape.channels, shape.height, shape.width)
        if label is not None:
            label = label.to(self.device)
        drawn: Tensor = self.gan(Batch(blank, rng, label=label, progress=1.0, draw=draw))
        return drawn.float().cpu()

    @torch.no_grad()
    def _pairs(self, count: int) -> Tensor:
        photos = self._shown_photos()[:count]
        painted = [
            self.gan(Batch(part, torch.Generator().manual_seed(0), source=part, progress=1.0)).float().cpu()
            for part in torch.split(photos.to(self.device), _BATCH)
        ]
        return torch.stack([photos, torch.cat(painted)], dim=1).flatten(0, 1)

    def _strengths(self, frames: int) -> Tensor:
        photo = self.to_pil(self._shown_photos()[:1])[0]
        turns = [0.5 - 0.5 * math.cos(2 * math.pi * frame / max(frames, 1)) for frame in range(frames)]
        painted = [np.array(self.stylize(photo, strength=_BEYOND * turn)) for turn in turns]
        return torch.from_numpy(np.stack(painted)).permute(0, 3, 1, 2).float() / 127.5 - 1

    def _shown_photos(self) -> Tensor:
        if self.photos is None:
            raise UsageError("a translator draws nothing from noise: set `photos`, or use stylize")
        return self.photos

    def _nothing(self) -> Tensor:
        return torch.empty(0, self.shape.channels, self.shape.height, self.shape.width)


def load(
    folder: str | Path,
    *,
    which: str | int = checkpoint.LATEST,
    device: str = "auto",
    catalog: Catalog | None = None,
) -> LoadedGAN:
    """The model of a run folder; `which` is "LATEST" or a step that has a checkpoint.

    Raises UsageError when the folder is no run's, StorageError when it has no good checkpoint, PluginError when the
    plugin it was trained with is missing. Warns of newer checkpoints that are damaged and were passed over.
    """
    gan, problems = load_run(folder, which=which, device=device, catalog=catalog)
    for problem in problems:
        warnings.warn(problem, stacklevel=2)
    return gan


def load_run(
    folder: str | Path, *, which: str | int, device: str = "auto", catalog: Catalog | None = None
) -> tuple[LoadedGAN, tuple[str, ...]]:
    """As `load`, with a sentence for each checkpoint that was passed over instead of a warning."""
    folder = Path(folder)
    content = read_run_file(folder)
    configuration = recorded_configuration(content, catalog or open_catalog())
    attributes = {name: tuple(values) for name, values in content["data"]["attributes"].items()}
    gan = build_gan(configuration, attributes)
    step, saved, problems = checkpoint.load(folder / "checkpoints", ("weights", "ema"), str(which))
    try:
        gan.load_state_dict(dict(saved.tensors["weights"]))
        if "ema" in saved.tensors:
            gan.averaged.load_state_dict(dict(saved.tensors["ema"]))
    except (KeyError, RuntimeError) as error:
        raise StorageError(f"the checkpoint of '{folder}' does not fit its model: {one_line(error)}") from error
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width, attributes=attributes)
    translates = configuration.model.spec.task == "translate"
    return LoadedGAN(gan, shape, step, choose_device(device), translates=translates), problems


def held_out_photos(folder: Path, catalog: Catalog, most: int) -> Tensor:
    """Photos that a translator's training never saw (any, where none are held out), B 3 H W in [-1, 1] on the CPU."""
    configuration = recorded_configuration(read_run_file(folder), catalog)
    settings = configuration.settings
    photos = prepare(open_source(configuration), settings.size, max_bad=settings.max_bad)
    parts = split(len(photos), settings.held_out)
    chosen = parts.held_out if len(parts.held_out) else parts.train
    return photos.take(chosen[:most])[0].float() / 127.5 - 1


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """Start and length of each block of at most `_BATCH`."""
    for start in range(0, count, _BATCH):
        yield start, min(count - start, _BATCH)
