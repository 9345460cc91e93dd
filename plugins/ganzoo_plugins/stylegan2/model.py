"""The recipe of StyleGAN2 (Karras et al., arXiv 1912.04958): lazy regularisers and path length."""

import math
from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import Tensor

from ganzoo import ImageShape, UsageError
from ganzoo.model import AdversarialGAN, Batch, Regulariser, Terms
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.stylegan2 import StyleGAN2Options

_MEAN_RATE = 0.01
_PENALTIES = {"r1", "r2"}
"""Regularisers that may be lazy; others keep averages over every round."""


class _Styled(Protocol):
    latent: int

    def mapping(self, latent: Tensor, label: Tensor | None = None) -> Tensor: ...

    def unbounded(self, style: Tensor) -> Tensor: ...


class StyleGAN2(AdversarialGAN):
    """The adversarial recipe with lazy regularisers, and path length regularisation of the generator if asked for."""

    mean_length: Tensor

    def __init__(self, options: "StyleGAN2Options", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        if options.path_length and not self.generator.styled:
            raise UsageError("path_length: this generator has no style vectors; choose generator=stylegan2")
        self.weight, self.path_every = options.path_length, options.path_every
        for name in _PENALTIES & set(self.regularisers):
            penalty = cast("Regulariser", self.regularisers[name])
            penalty.every = options.lazy if penalty.every == 1 else penalty.every
        self.register_buffer("mean_length", torch.zeros(()))

    def generator_loss(self, batch: Batch) -> Terms:
        """The adversarial loss, and every `path_every` rounds the path penalty."""
        terms = super().generator_loss(batch)
        if not self.weight or batch.number % self.path_every:
            return terms
        return {**terms, "path_length": self.weight * self.path_every * self.path_penalty(batch)}

    def path_penalty(self, batch: Batch) -> Tensor:
        """How unevenly images change with style vectors (eq. 4), at the styles of half a batch as in appendix B."""
        generator = cast("_Styled", self.generator)
        half = slice((len(batch) + 1) // 2)
        label = None if batch.label is None else batch.label[half]
        style = generator.mapping(batch.noise(generator.latent)[half], label)
        images = generator.unbounded(style)
        height, width = images.shape[2:]
        noise = batch.noise(*images.shape[1:])[half] / math.sqrt(height * width)
        (gradient,) = torch.autograd.grad((images * noise).sum(), style, create_graph=True)
        lengths = gradient.square().sum(1).sqrt()
        with torch.no_grad():
            self.mean_length.lerp_(lengths.mean().to(self.mean_length.dtype), _MEAN_RATE)
        return (lengths - self.mean_length.clone()).square().mean()
