"""Normal features whose true kernel distance is known."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """N(mean, spread² I) in `dimension` dimensions, every coordinate with the same mean."""

    dimension: int
    mean: float = 0.0
    spread: float = 1.0

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        noise = torch.randn(count, self.dimension, generator=rng, dtype=torch.float64)
        return self.mean + self.spread * noise

    def moments(self) -> tuple[Tensor, Tensor, Tensor]:
        """E x, E x⊗x and E x⊗x⊗x."""
        mean = torch.full((self.dimension,), self.mean, dtype=torch.float64)
        variance = self.spread**2 * torch.eye(self.dimension, dtype=torch.float64)
        mixed = torch.einsum("i,jk->ijk", mean, variance)
        third = torch.einsum("i,j,k->ijk", mean, mean, mean)
        third = third + mixed + mixed.permute(1, 0, 2) + mixed.permute(1, 2, 0)
        return mean, mean[:, None] * mean + variance, third


def true_kid(real: Gaussian, fake: Gaussian) -> float:
    """Squared MMD under (x·y / D + 1)³ = 1 + 3u + 3u² + u³ with u = x·y / D: the E uⁿ are products of moments."""
    pairs = [(1.0, real, real), (1.0, fake, fake), (-2.0, real, fake)]
    return sum(
        sign * coefficient * float((a * b).sum()) / real.dimension**order
        for sign, x, y in pairs
        for order, (coefficient, a, b) in enumerate(
            zip((3.0, 3.0, 1.0), x.moments(), y.moments(), strict=True), start=1
        )
    )
