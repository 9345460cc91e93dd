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
from ganzoo.stylize.pixels import Pixels

_CANDIDATES = 256
_PIECE = 64
_STARTS = 4
"""Candidates that are optimised; the best of them wins, since each may end in a pit of its own."""
_RATE = 0.05
_FEATURE_WEIGHT = 1.0
_PIXEL_WEIGHT = 1.0
_PRIOR = 0.01
"""Weight that keeps latents as long as those of training, outside of which generators draw no scenes."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A photo as the model sees it, its nearest picture, pictures around that, and the loss before and after."""

    photo: Tensor
    picture: Tensor
    neighbours: Tensor
    before: float
    after: float

    def pictures(self) -> Tensor:
        """The photo, the picture and the neighbours, B 3 H W in [-1, 1]."""
        return torch.cat([self.photo, self.picture, self.neighbours])


def as_image(pixels: Pixels) -> Image.Image:
    """Pixels H W 3 as a picture."""
    return Image.fromarray(pixels)


def project(
    loaded: LoadedGAN, photo: Image.Image, encoder: Encoder, *, steps: int = 200, neighbours: int = 8, seed: int = 0
) -> Projection:
    """The projection of a photo, which is cropped to the model's shape; `neighbours` pictures are drawn around it.

    The loss is the distance in the encoder's features and in pixels. Of a model that draws by label all labels are
    tried, and that of the likest pictures is kept. Raises UsageError for models that do not draw from a latent.
    """
    if not isinstance(loaded.gan, AdversarialGAN):
        raise UsageError("only models that draw from noise have latents to search; this one paints photos")
    generator, rng = loaded.gan.generator, torch.Generator().manual_seed(seed)
    loaded.gan.requires_grad_(False)
    target = _as_model_sees(photo, loaded)
    judge = _Judge(target, encoder.to(loaded.device))
    latents = torch.randn(_CANDIDATES, generator.latent, generator=rng).to(loaded.device)
    labels = example_labels(_CANDIDATES, loaded.shape.attributes) if generator.conditional else None
    labels = None if labels is None else labels.to(loaded.device)
    with torch.no_grad():
        pieces = [slice(start, start + _PIECE) for start in range(0, _CANDIDATES, _PIECE)]
        losses = torch.cat([judge(generator(latents[part], _some(labels, part))) for part in pieces])
    best = losses.topk(_STARTS, largest=False).indices
    vectors, draw = _space(generator, latents[best], _some(labels, best))
    found, ends = _optimise(vectors, draw, judge, steps, prior=not generator.styled)
    with torch.no_grad():
        winner = ends.argmin()[None]
        _, draw = _space(generator, latents[best][winner], _some(_some(labels, best), winner))
        vector = found[winner]
        around = torch.randn(neighbours, vector.shape[1], generator=rng).to(loaded.device)
        spread = vector.std() if generator.styled else 1.0
        near = draw(vector + 0.35 * spread * around) if neighbours else torch.empty(0, *target.shape[1:])
        picture = draw(vector)
    return Projection(
        photo=target.float().cpu(),
        picture=picture.float().cpu(),
        neighbours=near.float().cpu(),
        before=float(losses.min()),
        after=float(ends.min()),
    )


class _Judge:
    """Images B 3 H W -> distance of each to the photo, B."""

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


def _some(labels: Tensor | None, rows: Tensor | slice) -> Tensor | None:
    return None if labels is None else labels[rows]


def _space(generator: Generator, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Where to search: among style vectors if there are any, which reach more pictures, else among latents.

    One label serves any number of vectors, several as many as they are.
    """
    if generator.styled:
        styled: object = generator
        with torch.no_grad():
            return styled.mapping(latents, labels), styled.synthesis  # type: ignore[attr-defined]
    return latents, lambda vectors: generator(vectors, None if labels is None else labels.expand(len(vectors), -1))


def _optimise(
    start: Tensor, draw: Callable[[Tensor], Tensor], judge: _Judge, steps: int, *, prior: bool
) -> tuple[Tensor, Tensor]:
    """The best vector on the way from each start, and its distance."""
    vectors = start.detach().clone().requires_grad_()
    optimiser = torch.optim.Adam([vectors], lr=_RATE)
    best, least = vectors.detach().clone(), torch.full((len(vectors),), math.inf, device=vectors.device)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = _RATE * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        distances = judge(draw(vectors))
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
    shown = ImageOps.fit(photo.convert("RGB"), (shape.width, shape.height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(shown)).permute(2, 0, 1)[None].to(loaded.device)
    return from_uint8(pixels)
