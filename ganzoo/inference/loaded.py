"""Loads a finished run for use: `ganzoo.load(...)` gives an object that samples."""

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ganzoo.batch import Batch, Draw, draw_normal, example_labels
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import open_catalog, recorded_configuration
from ganzoo.data import images
from ganzoo.data.inputs import open_source, read_plain, split_images
from ganzoo.data.training import unseen
from ganzoo.engine import checkpoint
from ganzoo.engine.build import build_gan
from ganzoo.engine.device import choose_device
from ganzoo.errors import StorageError, UsageError
from ganzoo.inference.labels import between, check_names, with_values
from ganzoo.inference.walk import loop_noise
from ganzoo.model import GAN, Generator
from ganzoo.runs.run_file import read_run_file
from ganzoo.specs import ImageShape
from ganzoo.stylize.painter import Painter, Pixels, StylizeOptions
from ganzoo.stylize.pictures import read_photo
from ganzoo.translator import Translator

Style = Image.Image | Path | str
"""A painting, the file of one, or the name of a style that the model has learnt."""

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
        self.gan = gan.to(device=device, memory_format=gan.layout(device)).eval()  # type: ignore[call-overload]
        self.shape = shape
        self.step = step
        self.device = device

    def sample(self, count: int = 64, *, seed: int = 0, style: Style | None = None) -> Tensor:
        """Images count 3 H W in [-1, 1]; the same seed gives the same images, however many more are drawn.

        A translator gives its `photos` (at most `count`), each followed by its painting; `style` as for `stylize`.
        A model that was trained with labels draws all of them in turn, or those that `style` names ('night',
        'monet+night', 'time=night').
        """
        if self.translates:
            return self._pairs(count, style)
        rng = torch.Generator().manual_seed(seed)

        def whole_block(size: Sequence[int], rng: torch.Generator) -> Tensor:
            # torch fills the end of a tensor in another way than its middle, so a shorter one has other numbers.
            return draw_normal((_BATCH, *size[1:]), rng)[: size[0]]

        drawn = [self._draw(n, rng, whole_block, self._label(style, n, start)) for start, n in _pieces(count)]
        return torch.cat(drawn) if drawn else self._nothing()

    def truncate(self, strength: float) -> None:
        """Later pictures are drawn with styles so near to their mean: 1 is as trained, 0 the mean picture.

        Raises UsageError for a model without style vectors, where it would mean nothing.
        """
        generator = getattr(self.gan, "generator", None)
        if not getattr(generator, "styled", False):
            raise UsageError("truncation is for models with style vectors, such as stylegan2-lite")
        cast("Generator", generator).truncation = strength

    def rows(self, count: int, styles: Sequence[Style], *, seed: int = 0) -> Tensor:
        """Images of `count` latents in each of the `styles`, one style after the other; each as for `sample`."""
        return torch.cat([self.sample(count, seed=seed, style=style) for style in styles])

    def walk(self, frames: int = 60, *, seed: int = 0, styles: Sequence[Style] = (), still: bool = False) -> Tensor:
        """Images frames 3 H W in [-1, 1] on a smooth closed loop through latent space, all with the first label.

        `styles` as for `sample`; of two or more, the loop goes through each and back to the first. With `still` the
        latent stays, so that only the style changes: a day and its night. A translator goes from its first photo to
        the painting, beyond it, and back; with two styles or more it paints that photo in one after the other.
        """
        if self.translates:
            return self._round(frames, styles) if len(styles) > 1 else self._strengths(frames, *styles)
        labels = self._labels_of_walk(frames, styles)
        drawn = []
        for start, count in _pieces(frames):

            def piece_of_loop(size: Sequence[int], rng: torch.Generator, start: int = start) -> Tensor:
                way = loop_noise((frames, *size[1:]), rng)
                return way[:1].expand(*size) if still else way[start : start + size[0]]

            rng = torch.Generator().manual_seed(seed)
            drawn.append(
                self._draw(count, rng, piece_of_loop, labels[start : start + count] if labels is not None else None)
            )
        return torch.cat(drawn) if drawn else self._nothing()

    def stylize(self, image: Image.Image, *, style: Style | None = None, **brush: Any) -> Image.Image:
        """A picture of any size painted; `brush` are the fields of `StylizeOptions`, such as strength.

        `style` is a painting or its file, or the name of a style that was learnt from labelled paintings. Raises
        UsageError for a model that draws from noise, and for a `style` given to one that takes none.
        """
        pixels = np.asarray(image.convert("RGB"))
        return Image.fromarray(self.painter(style=style).paint(pixels, StylizeOptions(**brush)))

    def painter(self, *, style: Style | None = None) -> Painter:
        """What paints many pictures, in a style if the model takes one; `style` and errors as for `stylize`."""
        return Painter(self._translator(), self.device, style=None if style is None else self._style(style))

    @staticmethod
    def to_pil(tensor: Tensor) -> list[Image.Image]:
        """Images B 3 H W in [-1, 1] as PIL images."""
        return images.to_pil(tensor)

    def _label(self, style: Style | None, count: int, start: int = 0) -> Tensor | None:
        """Labels of `count` pictures from the `start`-th on."""
        labels = example_labels(count, self.shape.attributes, start)
        if style is None:
            return labels
        check_names((style,), self.shape.attributes, conditional=self.gan.conditional)
        return with_values(cast("Tensor", labels), cast("str", style), self.shape.attributes)

    def _labels_of_walk(self, frames: int, styles: Sequence[Style]) -> Tensor | None:
        stops = [self._label(style, 1) for style in styles or (None,)]
        if len(stops) == 1 or stops[0] is None:
            return None if stops[0] is None else stops[0].expand(frames, -1)
        return between(torch.cat(cast("list[Tensor]", stops)), frames, self.shape.attributes)

    @torch.no_grad()
    def _draw(self, count: int, rng: torch.Generator, draw: Draw, label: Tensor | None) -> Tensor:
        shape = self.shape
        blank = torch.zeros((), device=self.device).expand(count, shape.channels, shape.height, shape.width)
        if label is not None:
            label = label.to(self.device)
        drawn: Tensor = self.gan(Batch(blank, rng, label=label, progress=1.0, draw=draw))
        return drawn.float().cpu()

    @torch.no_grad()
    def _pairs(self, count: int, style: Style | None) -> Tensor:
        photos = self._shown_photos()[:count]
        painter = self.painter(style=style)
        painted = [painter.network()(part).float().cpu() for part in torch.split(photos.to(self.device), _BATCH)]
        return torch.stack([photos, torch.cat(painted)], dim=1).flatten(0, 1)

    def _strengths(self, frames: int, style: Style | None = None) -> Tensor:
        painter, photo = self.painter(style=style), self._first_photo()
        turns = [0.5 - 0.5 * math.cos(2 * math.pi * frame / max(frames, 1)) for frame in range(frames)]
        return _stacked([painter.paint(photo, StylizeOptions(strength=_BEYOND * turn)) for turn in turns])

    def _round(self, frames: int, styles: Sequence[Style]) -> Tensor:
        """Each frame between two styles; slower near each than on the way."""
        painter, photo = self.painter(style=styles[0]), self._first_photo()
        codes = torch.stack([self._style(style) for style in styles])
        drawn = []
        for frame in range(frames):
            place, part = divmod(frame * len(codes) / frames, 1)
            here, there = codes[int(place)], codes[(int(place) + 1) % len(codes)]
            painter.style = torch.lerp(here, there, 0.5 - 0.5 * math.cos(math.pi * part))
            drawn.append(painter.paint(photo, StylizeOptions()))
        return _stacked(drawn)

    def _translator(self) -> Translator:
        if not isinstance(self.gan, Translator):
            raise UsageError(
                "this model draws from noise and paints no photos (a translator: ganzoo list --task translate)"
            )
        return self.gan

    @torch.no_grad()
    def _style(self, style: Style) -> Tensor:
        """What the model paints like, M: of a name it has learnt, or of a painting."""
        gan = self._translator()
        if not gan.takes_style:
            raise UsageError("this model has one style, that of its paintings; adain takes any")
        learnt = gan.styles()
        if isinstance(style, str) and style in learnt:
            return learnt[style]
        if isinstance(style, str | Path):
            if not Path(style).is_file():
                names = ", ".join(name for name in learnt if name)
                known = f"the names are {names}" if names else "this model has learnt none by name"
                raise UsageError(f"style '{style}' is neither a file nor the name of a style: {known}")
            style = Image.fromarray(read_photo(Path(style)).pixels)
        shown = ImageOps.fit(style.convert("RGB"), (self.shape.width, self.shape.height), Image.Resampling.LANCZOS)
        pixels = torch.from_numpy(np.array(shown)).permute(2, 0, 1)[None].to(self.device)
        return gan.style_of(images.from_uint8(pixels))[0]

    def _first_photo(self) -> Pixels:
        return np.asarray(self.to_pil(self._shown_photos()[:1])[0])

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
    # Looked at before memory is taken for what the file says that it holds.
    like = {"weights": gan.state_dict(), "ema": gan.averaged.state_dict()}
    step, saved, problems = checkpoint.load(folder / "checkpoints", ("weights", "ema"), str(which), like)
    if "weights" not in saved.tensors:
        raise StorageError(f"the checkpoint of '{folder}' has no weights")
    gan.load_state_dict(dict(saved.tensors["weights"]))
    if "ema" in saved.tensors:
        gan.averaged.load_state_dict(dict(saved.tensors["ema"]))
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width, attributes=attributes)
    translates = configuration.model.spec.task == "translate"
    return LoadedGAN(gan, shape, step, choose_device(device), translates=translates), problems


def held_out_photos(folder: Path, catalog: Catalog, most: int) -> Tensor:
    """Photos that a translator's training never saw (any, where none are held out), B 3 H W in [-1, 1] on the CPU."""
    configuration = recorded_configuration(read_run_file(folder), catalog)
    photos = read_plain(open_source(configuration), configuration)
    chosen = unseen(photos, split_images(configuration, photos).numbers, most)
    return images.from_uint8(photos.take(chosen)[0])


def _stacked(pictures: Sequence[Pixels]) -> Tensor:
    """Pixels H W 3 -> images B 3 H W in [-1, 1]."""
    return images.from_uint8(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2))


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """Start and length of each block of at most `_BATCH`."""
    for start in range(0, count, _BATCH):
        yield start, min(count - start, _BATCH)
