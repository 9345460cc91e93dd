"""Trained models in use: one class for models that draw from noise, one for translators."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ganzoo.batch import Batch, Draw, draw_normal, example_labels
from ganzoo.data import images
from ganzoo.deprecated import warn
from ganzoo.encoders import weights_fingerprint
from ganzoo.errors import UsageError
from ganzoo.inference.labels import between, check_names, with_values
from ganzoo.inference.walk import loop_noise
from ganzoo.io.names import user_path
from ganzoo.model import GAN, Generator
from ganzoo.specs import ImageShape
from ganzoo.stylize.levels import stroke_of
from ganzoo.stylize.photo import Photo, on_white, photo_of, read_photo
from ganzoo.stylize.pixels import Pixels
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from ganzoo.translator import Translator

Style = Image.Image | Path | str
"""A painting, a painting's file, or the name of a style that the model has learnt."""

_BATCH = 64
_BEYOND = 1.25
"""The largest strength on a translator's walk; 1 is the translation itself."""


class LoadedGAN(ABC):
    """A trained model with its averaged weights, in evaluation mode.

    `ganzoo.load` returns a `LoadedGenerator` for a model that draws from noise, and a `LoadedTranslator` for one that
    translates photos. `shape` is the shape of the training images, `step` the training step of the weights.
    """

    def __init__(self, gan: GAN, shape: ImageShape, step: int, device: torch.device) -> None:
        self.gan: GAN = gan.to(device=device, memory_format=gan.layout(device)).eval()  # type: ignore[call-overload]
        """The recipe in evaluation mode; `gan.averaged` is the network that draws."""
        self.shape = shape
        self.step = step
        self.device = device
        """Where it computes."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names, shapes and values of all weights: another one paints other pictures."""
        return weights_fingerprint(self.gan.state_dict(), "")

    @abstractmethod
    def sample(self, count: int = 64, *, seed: int = 0, style: Style | None = None) -> Tensor:
        """Images B 3 H W in [-1, 1] that show what the model does."""

    @abstractmethod
    def walk(self, frames: int = 60, *, seed: int = 0, styles: Sequence[Style] = (), still: bool = False) -> Tensor:
        """Images frames 3 H W in [-1, 1] of a closed loop, for an animation."""

    def rows(self, count: int, styles: Sequence[Style], *, seed: int = 0) -> Tensor:
        """The images of `sample` in each of the `styles`, one style after the other."""
        return torch.cat([self.sample(count, seed=seed, style=style) for style in styles])

    @staticmethod
    def to_pil(tensor: Tensor) -> list[Image.Image]:
        """Images B 3 H W in [-1, 1] as PIL images."""
        return images.to_pil(tensor)


class LoadedGenerator(LoadedGAN):
    """A trained model that draws from noise."""

    def sample(self, count: int = 64, *, seed: int = 0, style: Style | None = None) -> Tensor:
        """Draws images count 3 H W in [-1, 1].

        The same seed gives the same images, however many follow. A model that was trained with labels draws all of
        them in turn, or those that `style` names ('night', 'monet+night', 'time=night'). Raises UsageError for a
        `style` that the model has not learnt.
        """
        rng = torch.Generator().manual_seed(seed)

        def whole_block(size: Sequence[int], rng: torch.Generator) -> Tensor:
            # torch fills the end of a tensor in another way than its middle: a shorter one would have other numbers.
            return draw_normal((_BATCH, *size[1:]), rng)[: size[0]]

        drawn = [self._draw(n, rng, whole_block, self._label(style, n, start)) for start, n in _pieces(count)]
        return torch.cat(drawn) if drawn else self._nothing()

    def walk(self, frames: int = 60, *, seed: int = 0, styles: Sequence[Style] = (), still: bool = False) -> Tensor:
        """Draws images frames 3 H W in [-1, 1] on a smooth closed loop through latent space.

        All have the first label, or the one that `styles` names as in `sample`. With two styles or more, the loop goes
        through each and back to the first. With `still` the latent stays the same and only the style changes, such as
        from day to night.
        """
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

    def truncate(self, strength: float) -> None:
        """Moves the style vectors of all images drawn from now on towards their mean.

        A `strength` of 1 leaves them as trained, 0 draws the mean image. Raises UsageError for a model without style
        vectors.
        """
        network = self.gan.averaged
        if not (isinstance(network, Generator) and network.styled):
            raise UsageError("truncation is for models with style vectors, such as stylegan2-lite")
        network.truncation = strength

    def _label(self, style: Style | None, count: int, start: int = 0) -> Tensor | None:
        """The labels of `count` images, of which the first is the `start`-th."""
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

    def _nothing(self) -> Tensor:
        return torch.empty(0, self.shape.channels, self.shape.height, self.shape.width)


class LoadedTranslator(LoadedGAN):
    """A trained model that translates photos into another style.

    Set `photos` (B 3 H W in [-1, 1], None at first) to use `sample` and `walk`. A translator draws nothing from noise,
    so their arguments `seed` and `still` change nothing.
    """

    def __init__(self, gan: GAN, shape: ImageShape, step: int, device: torch.device) -> None:
        super().__init__(gan, shape, step, device)
        self.photos: Tensor | None = None
        self.whole_view = 256
        """The shorter side, in pixels, at which it learnt what a whole picture looks like."""
        self.crops = False
        """Whether it learnt from crops, so that a painting shows its strokes at the whole view."""
        self.needs_style = False
        """Whether it knows no style of its own, as one that takes any and was imported."""
        self.mean_style: Tensor | None = None
        """The style M that it takes where none is given; None is what it has learnt."""

    @torch.no_grad()
    def sample(self, count: int = 64, *, seed: int = 0, style: Style | None = None) -> Tensor:
        """Translates the first `count` of the `photos`: B 3 H W in [-1, 1], each photo followed by its translation.

        `style` is as in `stylize`. Raises UsageError as `stylize` does, and while `photos` is None.
        """
        photos = self._shown_photos()[:count]
        network = self.stylizer(style=style).network()
        # As many pixels at once as a block of training images has.
        pixels = _BATCH * self.shape.height * self.shape.width
        parts = torch.split(photos.to(self.device), max(1, pixels // (photos.shape[2] * photos.shape[3])))
        translated = [network(part).float().cpu() for part in parts]
        return torch.stack([photos, torch.cat(translated)], dim=1).flatten(0, 1)

    def walk(self, frames: int = 60, *, seed: int = 0, styles: Sequence[Style] = (), still: bool = False) -> Tensor:
        """Goes from the first photo to its translation, beyond it, and back: images frames 3 H W in [-1, 1].

        With two `styles` or more, it translates that photo into one style after the other. Raises UsageError as
        `sample` does.
        """
        return self._round(frames, styles) if len(styles) > 1 else self._strengths(frames, *styles)

    def stylize(self, image: Image.Image, *, style: Style | None = None, **options: Any) -> Image.Image:
        """Translates a picture of any size and mode; `options` are the fields of `StylizeOptions`, such as strength.

        It is read as a file would be: turned upright, in sRGB, more than 8 bits a channel by the rule for training. The
        result is RGB, or RGBA with the transparency of the picture.

        `style` is a painting, a painting's file, or the name of a style that was learnt from labelled paintings. Raises
        UsageError for a model that takes no `style`, and for a name that the model has not learnt.
        """
        if "work_size" in options:
            warn("work_size", "stroke")
            options["stroke"] = stroke_of(options.pop("work_size"), self.whole_view)
        photo = photo_of(image)
        painting = Image.fromarray(self.stylizer(style=style).stylize(photo.pixels, StylizeOptions(**options)))
        if photo.alpha is not None:
            painting.putalpha(Image.fromarray(photo.alpha))
        return painting

    def stylizer(self, *, style: Style | None = None) -> Stylizer:
        """Translates many pictures, all into one style if the model takes one; `style` and errors as in `stylize`."""
        if style is None:
            self.check_has_style()
        code = self.mean_style if style is None else self._code(style)
        return Stylizer(self._translator(), self.device, style=code, whole_view=self.whole_view)

    def check_has_style(self) -> None:
        """Raises UsageError for a model that paints in any style, but has learnt none: it needs a painting."""
        if self.needs_style and self.mean_style is None:
            raise UsageError("this model was imported and paints in any style, but knows none: give it one (--style)")

    def _strengths(self, frames: int, style: Style | None = None) -> Tensor:
        stylizer, photo = self.stylizer(style=style), self._first_photo()
        turns = [0.5 - 0.5 * math.cos(2 * math.pi * frame / max(frames, 1)) for frame in range(frames)]
        return _stacked([stylizer.stylize(photo, StylizeOptions(strength=_BEYOND * turn)) for turn in turns])

    def _round(self, frames: int, styles: Sequence[Style]) -> Tensor:
        """Each frame lies between two styles; the walk slows down near each."""
        stylizer, photo = self.stylizer(style=styles[0]), self._first_photo()
        codes = torch.stack([self._code(style) for style in styles])
        drawn = []
        for frame in range(frames):
            place, part = divmod(frame * len(codes) / frames, 1)
            here, there = codes[int(place)], codes[(int(place) + 1) % len(codes)]
            stylizer.style = torch.lerp(here, there, 0.5 - 0.5 * math.cos(math.pi * part))
            drawn.append(stylizer.stylize(photo, StylizeOptions()))
        return _stacked(drawn)

    def _translator(self) -> Translator:
        if not isinstance(self.gan, Translator):
            raise UsageError(
                f"pictures of any size need a model built on ganzoo.translator.Translator, which"
                f" {type(self.gan).__name__} is not"
            )
        return self.gan

    @torch.no_grad()
    def _code(self, style: Style) -> Tensor:
        """The style as a vector M: one that the model has learnt by name, or that of a painting."""
        gan = self._translator()
        if not gan.takes_style:
            raise UsageError(
                "this model has one style, that of the paintings it was trained on; adain and microast take any"
            )
        learnt = gan.styles()
        if isinstance(style, str) and style in learnt:
            return learnt[style]
        photo = photo_of(style) if isinstance(style, Image.Image) else self._painting(style)
        shown = ImageOps.fit(on_white(photo), self._style_size(photo), Image.Resampling.LANCZOS)
        pixels = torch.from_numpy(np.array(shown)).permute(2, 0, 1)[None].to(self.device)
        return gan.style_of(images.from_uint8(pixels))[0]

    def _style_size(self, photo: Photo) -> tuple[int, int]:
        """Width and height at which a painting is shown to the network: whole, with the strokes that it learnt from."""
        if not self.crops:
            return self.shape.width, self.shape.height
        side = self.whole_view / math.sqrt(photo.pixels.shape[0] * photo.pixels.shape[1])
        multiple = self._translator().size_multiple
        height, width = (max(1, round(one * side / multiple)) * multiple for one in photo.pixels.shape[:2])
        return width, height

    def _painting(self, style: Path | str) -> Photo:
        """The picture in that file. Raises UsageError where there is none, with the names of styles."""
        file = user_path(style)
        if not file.is_file():
            names = ", ".join(name for name in self._translator().styles() if name)
            known = f"the names are {names}" if names else "this model has learnt none by name"
            raise UsageError(f"style '{style}' is neither a file nor the name of a style: {known}")
        return read_photo(file)

    def _first_photo(self) -> Pixels:
        return np.asarray(self.to_pil(self._shown_photos()[:1])[0])

    def _shown_photos(self) -> Tensor:
        if self.photos is None:
            raise UsageError(
                "a translator draws nothing from noise: set `photos` to what it shall translate, or use stylize"
            )
        return self.photos


def _stacked(pictures: Sequence[Pixels]) -> Tensor:
    """Pixels H W 3 -> images B 3 H W in [-1, 1]."""
    return images.from_uint8(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2))


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """The start and the length of each block of at most `_BATCH`."""
    for start in range(0, count, _BATCH):
        yield start, min(count - start, _BATCH)
