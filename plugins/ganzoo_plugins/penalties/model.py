"""Relatives of the gradient penalty: one-sided (arXiv 1709.08894), divergence (1712.01026), DRAGAN (1705.07215)."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from torch import Tensor

from ganzoo.losses import (
    cross_entropy_fake,
    cross_entropy_real,
    gradient_norms,
    mixed,
    wasserstein_fake,
    wasserstein_real,
)
from ganzoo.model import AdversarialLoss, Batch, Discriminator, Terms

if TYPE_CHECKING:
    from ganzoo_plugins.penalties import DivergenceOptions, DRAGANOptions, LipschitzOptions


class _Wasserstein(AdversarialLoss):
    """E[f(G(z))] - E[f(x)] for the critic f, -E[f(G(z))] for the generator, and a penalty between real and fake."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """E[f(G(z))] - E[f(x)]."""
        return {"real": wasserstein_real(real), "fake": wasserstein_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-E[f(G(z))]."""
        return {"fake": wasserstein_real(fake)}

    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        """From the gradient at mixtures of real and generated images."""
        between = mixed(batch.target, fake, batch.uniform(1, 1, 1))
        return {"penalty": self._of(gradient_norms(discriminator, between, batch.label))}

    @abstractmethod
    def _of(self, norms: Tensor) -> Tensor:
        """The weighted penalty, from the norm of the gradient of each image."""


class LipschitzWasserstein(_Wasserstein):
    """λ max(0, ‖∇f(x̂)‖ - 1)² (arXiv 1709.08894, eq. 8)."""

    def __init__(self, options: "LipschitzOptions") -> None:
        self.weight = options.weight

    def _of(self, norms: Tensor) -> Tensor:
        return self.weight * (norms - 1).relu().square().mean()


class WassersteinDivergence(_Wasserstein):
    """k ‖∇f(x̂)‖^p (arXiv 1712.01026, eq. 8)."""

    def __init__(self, options: "DivergenceOptions") -> None:
        self.weight, self.power = options.weight, options.power

    def _of(self, norms: Tensor) -> Tensor:
        return self.weight * norms.pow(self.power).mean()


class DRAGAN(AdversarialLoss):
    """Cross-entropy and λ (‖∇D(x + δ)‖ - 1)², δ uniform within a part of the images' spread (arXiv 1705.07215)."""

    scores_are_logits = True

    def __init__(self, options: "DRAGANOptions") -> None:
        self.weight, self.reach = options.weight, options.reach

    def discriminator(self, real: Tensor, fake: Tensor) -> Terms:
        """-log D(x) - log(1 - D(G(z)))."""
        return {"real": cross_entropy_real(real), "fake": cross_entropy_fake(fake)}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        """-log D(G(z))."""
        return {"fake": cross_entropy_real(fake)}

    def penalty(self, discriminator: Discriminator, batch: Batch, fake: Tensor) -> Terms:
        """Around real images, clamped to the values that images have."""
        real = batch.target
        away = self.reach * _spread(batch) * batch.uniform(*real.shape[1:])
        norms = gradient_norms(discriminator, (real + away).clamp(-1, 1), batch.label)
        return {"penalty": self.weight * (norms - 1).square().mean()}


def _spread(batch: Batch) -> Tensor:
    """The standard deviation of the values of the real images, those of other processes included."""
    real = batch.target.flatten(1)
    if batch.global_size == len(batch):
        return real.std()  # the bits of runs in one process stay as they were
    return batch.mean((real - batch.mean(real).mean()).square()).mean().sqrt()
