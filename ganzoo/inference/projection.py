"""Finds the latent whose picture is nearest to a photo, as GAN inversion does (Zhu et al., arXiv 1609.03552)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ganzoo.batch import example_labels
from ganzoo.data.images import from_uint8
from ganzoo.encoders import Encoder
from ganzoo.errors import UsageError
from ganzoo.inference.loaded import LoadedGAN
from ganzoo.model import AdversarialGAN, Generator
from ganzoo.stylize.photo import on_white, photo_of

_CANDIDATES = 256
_PIECE = 64
_STARTS = 4
"""Candidates that are optimised. The best one is kept, since each may end in a local minimum of its own."""
_RATE = 0.05
_FEATURE_WEIGHT = 1.0
_PIXEL_WEIGHT = 1.0
_NEAR = 0.35
"""Distance of the neighbours from the found vector, in standard deviations."""
_PRIOR = 0.01
"""Weight that keeps latents about as long as those of training. Generators draw no scenes from others."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A photo as the model sees it, the nearest picture that the model draws, and pictures around that.

    `before` is the loss of the nearest random picture, `after` that of `picture`.
    """

    photo: Tensor
    picture: Tensor
    neighbours: Tensor
    before: float
    after: float

    def pictures(self) -> Tensor:
        """The photo, the picture and the neighbours, B 3 H W in [-1, 1]."""
        return torch.cat([self.photo, self.picture, self.neighbours])


def project(
    loaded: LoadedGAN, photo: Image.Image, encoder: Encoder, *, steps: int = 200, neighbours: int = 8, seed: int = 0
) -> Projection:
    """Finds the picture nearest to a photo, which is cropped to the model's shape, and draws `neighbours` around it.

    The loss is the distance in the encoder's features and in pixels. For a model that draws by label, all labels are
    tried, and the label of the most similar pictures is kept. Raises UsageError for a model that does not draw from a
    latent.
    """
    if not isinstance(loaded.gan, AdversarialGAN):
        raise UsageError(
            "this model translates photos and has no latents to search: only models that draw from noise have"
        )
    generator, rng = loaded.gan.generator, torch.Generator().manual_seed(seed)
    loaded.gan.requires_grad_(False)
    target = _as_model_sees(photo, loaded)
    distance = _Distance(target, encoder.to(loaded.device))
    latents = torch.randn(_CANDIDATES, generator.latent, generator=rng).to(loaded.device)
    labels = example_labels(_CANDIDATES, loaded.shape.attributes) if generator.conditional else None
    labels = None if labels is None else labels.to(loaded.device)
    losses = _losses(generator, latents, labels, distance)
    best = losses.topk(_STARTS, largest=False).indices
    vectors, draw = _space(generator, latents[best], _some(labels, best))
    found, ends = _optimise(vectors, draw, distance, steps, prior=not generator.styled)
    winner = ends.argmin()[None]
    _, draw = _space(generator, latents[best][winner], _some(_some(labels, best), winner))
    with torch.no_grad():
        around = _around(found[winner], neighbours, rng, styled=generator.styled)
        return Projection(
            photo=target.float().cpu(),
            neighbours=draw(around).float().cpu() if neighbours else torch.empty(0, *target.shape[1:]),
            picture=draw(found[winner]).float().cpu(),
            before=float(losses.min()),
            after=float(ends.min()),
        )


class _Distance:
    """Images B 3 H W -> distance of each to the photo, B, in pixels and in the encoder's features."""

    def __init__(self, target: Tensor, encoder: Encoder) -> None:
        self.target, self.encoder = target, encoder
        with torch.no_grad():
            self.features = [one.detach().clone() for one in encoder.maps(target)]

    def __call__(self, images: Tensor) -> Tensor:
        pixels = (images - self.target).abs().mean((1, 2, 3))
        features = [
            (one - own).square().mean((1, 2, 3)) / own.square().mean()
            for one, own in zip(self.encoder.maps(images), self.features, strict=True)
        ]
        return _PIXEL_WEIGHT * pixels + _FEATURE_WEIGHT * torch.stack(features).mean(0)


@torch.no_grad()
def _losses(generator: Generator, latents: Tensor, labels: Tensor | None, distance: _Distance) -> Tensor:
    """The distance of the picture that each latent draws, N."""
    pieces = [slice(start, start + _PIECE) for start in range(0, len(latents), _PIECE)]
    return torch.cat([distance(generator(latents[part], _some(labels, part))) for part in pieces])


def _around(vector: Tensor, count: int, rng: torch.Generator, *, styled: bool) -> Tensor:
    """`count` vectors near a vector 1 M. Style vectors have a spread of their own, latents have 1."""
    noise = torch.randn(count, vector.shape[1], generator=rng).to(vector.device)
    spread = vector.std() if styled else 1.0
    return vector + _NEAR * spread * noise


def _some(labels: Tensor | None, rows: Tensor | slice) -> Tensor | None:
    return None if labels is None else labels[rows]


def _space(generator: Generator, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The vectors to start from, and how to draw them: style vectors if the generator has them, else latents.

    Style vectors reach more pictures. One label serves any number of vectors; several labels serve one each.
    """
    if generator.styled:
        styled: object = generator
        with torch.no_grad():
            return styled.mapping(latents, labels), styled.synthesis  # type: ignore[attr-defined]
    return latents, lambda vectors: generator(vectors, None if labels is None else labels.expand(len(vectors), -1))


def _optimise(
    start: Tensor, draw: Callable[[Tensor], Tensor], distance: _Distance, steps: int, *, prior: bool
) -> tuple[Tensor, Tensor]:
    """The best vector on the path from each start, and its distance."""
    vectors = start.detach().clone().requires_grad_()
    optimiser = torch.optim.Adam([vectors], lr=_RATE)
    best, least = vectors.detach().clone(), torch.full((len(vectors),), math.inf, device=vectors.device)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = _RATE * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        distances = distance(draw(vectors))
        better = distances.detach() < least
        best[better], least[better] = vectors.detach()[better], distances.detach()[better]
        loss = distances.sum()
        if prior:
            loss = loss + _PRIOR * (vectors.square().mean(1) - 1).square().sum()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
    return best, least


def _as_model_sees(photo: Image.Image, loaded: LoadedGAN) -> Tensor:
    shape = loaded.shape
    shown = ImageOps.fit(on_white(photo_of(photo)), (shape.width, shape.height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(shown)).permute(2, 0, 1)[None].to(loaded.device)
    return from_uint8(pixels)
