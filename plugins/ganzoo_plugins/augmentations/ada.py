"""Adaptive discriminator augmentation (Karras et al., arXiv 2006.06676): changes of appendix B, control of section 3.1.

Of the pipeline this is "bgc", blitting, geometry and colour, its default.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganzoo import ImageShape
from ganzoo.augment import normal, uniform
from ganzoo.model import Augmentation
from ganzoo_plugins.augmentations import matrices as m
from ganzoo_plugins.augmentations.resample import Resample, blit

if TYPE_CHECKING:
    from ganzoo_plugins.augmentations import ADAOptions

_FARTHEST, _SPREAD = 0.125, 0.125
_SCALE, _BRIGHTNESS, _CONTRAST, _SATURATION = 0.2, 0.2, 0.5, 1.0
"""Appendix B's constants: moves as parts of a side, brightness on [-1, 1], the others in octaves."""
_ROUNDING = 1e-5
"""A matrix this near to the identity counts as unchanged."""
_UNIFORM, _NORMAL = 21, 7
"""Random numbers that all changes together need for an image."""


class ADA(Augmentation):
    """Each change happens to each image with probability `p`, which rises while sign(D(real)) is mostly positive.

    The rule takes a positive score for "real": with a loss whose scores have no such boundary, as Wasserstein's,
    `p` says nothing.
    """

    p: Tensor
    _signs: Tensor
    _scores: Tensor
    _images: Tensor
    _observed: Tensor

    def __init__(self, options: "ADAOptions", *, shape: ImageShape) -> None:
        super().__init__()
        self.options = options
        self.resample = Resample(shape.height, shape.width)
        self.register_buffer("p", torch.tensor(options.p))
        # Sums of signs, scores and images since the last change of p; and all observations so far.
        for name in ("_signs", "_scores", "_images"):
            self.register_buffer(name, torch.zeros(()))
        self.register_buffer("_observed", torch.zeros((), dtype=torch.int64))

    def forward(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Images B C H W -> B C H W; colours may leave [-1, 1], as in the paper."""
        chance = _Chance(images, rng, self.p)
        if self.options.blit:
            images = blit(images, _blit(chance))
        if self.options.geometry:
            images = self.resample(images, _geometry(chance))
        return _recolour(images, _colour(chance)) if self.options.color else images

    def observe(self, real_scores: Tensor) -> None:
        """Every `interval` calls, moves p up or down by the images seen since (section 3.1); waits for no device."""
        options = self.options
        self._signs += real_scores.sign().sum(dtype=torch.float32)
        self._scores += real_scores.numel()
        self._images += len(real_scores)
        self._observed += 1
        due = self._observed % options.interval == 0
        overfits = (self._signs / self._scores - options.target).sign()
        change = overfits * self._images / (1000 * options.speed)
        self.p.copy_(torch.where(due, (self.p + change).clamp(0, 1), self.p))
        for counter in (self._signs, self._scores, self._images):
            counter.mul_(~due)

    def recorded(self) -> Mapping[str, Tensor]:
        """The probability, for the logs."""
        return {"augment.p": self.p.clone()}


class _Chance:
    """Draws for a batch: a random value with probability p, else the one that changes nothing."""

    def __init__(self, images: Tensor, rng: torch.Generator, p: Tensor) -> None:
        self.sides = images.shape[2], images.shape[3]
        self.p = p
        # All numbers at once, since a GPU would wait for a copy of each.
        self._uniform = iter(uniform(images, rng, _UNIFORM).unbind(1))
        self._normal = iter(normal(images, rng, _NORMAL).unbind(1))

    def pick(self, drawn: Tensor, neutral: float = 0.0, p: Tensor | None = None) -> Tensor:
        """`drawn`, B, but `neutral` for images that stay unchanged."""
        return torch.where(self.uniform() < (self.p if p is None else p), drawn, neutral)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * next(self._uniform)

    def integer(self, count: int) -> Tensor:
        """0 … count - 1."""
        return self.uniform(0, count).floor()

    def normal(self, spread: float) -> Tensor:
        return spread * next(self._normal)

    def factor(self, octaves: float) -> Tensor:
        """Log-normal around 1."""
        return torch.exp2(self.normal(octaves))


# A map leads from the changed image back to the original, so the last change stands to the right.


def _blit(chance: _Chance) -> Tensor:
    """Flip, turn, move by whole pixels."""
    height, width = chance.sides
    flip = 1 - 2 * chance.pick(chance.integer(2))
    # A rectangle turned by a quarter would lack pixels at two sides, so it is turned by halves.
    turns = chance.integer(4) if height == width else 2 * chance.integer(2)
    angle = chance.pick(turns) * (math.pi / 2)
    on = chance.pick(torch.ones_like(flip))
    x, y = ((chance.uniform(-_FARTHEST, _FARTHEST) * side).round() * on for side in (width, height))
    return m.scale(flip, torch.ones_like(flip)) @ m.rotate(angle) @ m.move(x, y)


def _geometry(chance: _Chance) -> Tensor:
    """Scale, turn, stretch, turn, move; the two turns together are as likely as one change."""
    height, width = chance.sides
    zoom = chance.pick(chance.factor(_SCALE), 1)
    each = 1 - (1 - chance.p).sqrt()
    before = chance.pick(chance.uniform(-math.pi, math.pi), p=each)
    stretch = chance.pick(chance.factor(_SCALE), 1)
    after = chance.pick(chance.uniform(-math.pi, math.pi), p=each)
    on = chance.pick(torch.ones_like(zoom))
    x, y = (chance.normal(_SPREAD) * side * on for side in (width, height))
    return m.scale(zoom, zoom) @ m.rotate(before) @ m.scale(stretch, 1 / stretch) @ m.rotate(after) @ m.move(x, y)


def _colour(chance: _Chance) -> Tensor:
    """Brightness first, saturation last."""
    matrix = m.brighten(chance.pick(chance.normal(_BRIGHTNESS)))
    matrix = m.multiply(chance.pick(chance.factor(_CONTRAST), 1)) @ matrix
    matrix = m.flip_luma(chance.pick(chance.integer(2))) @ matrix
    matrix = m.turn_hue(chance.pick(chance.uniform(-math.pi, math.pi))) @ matrix
    return m.saturate(chance.pick(chance.factor(_SATURATION), 1)) @ matrix


def _recolour(images: Tensor, matrix: Tensor) -> Tensor:
    """The colours of each image by its matrix, B 4 4; pictures stacked in the channels of one image change alike."""
    each = matrix.repeat_interleave(images.shape[1] // 3, 0)
    colours = torch.baddbmm(each[:, :3, 3:], each[:, :3, :3], images.reshape(len(each), 3, -1))
    # Rounding in the product of five matrices must not touch an image that none of them changes.
    same = (matrix - torch.eye(4, device=matrix.device)).abs().amax(dim=(1, 2)) < _ROUNDING
    return torch.where(same[:, None, None, None], images, colours.view(images.shape))
