"""Losses as pure functions, written as their papers write them.

Adversarial losses and penalties take scores of any shape and are the mean over all of them, a scalar.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.model import Discriminator

_LEAST = 1e-12


def cross_entropy_real(scores: Tensor) -> Tensor:
    """-log D(x) for scores that are logits (arXiv 1406.2661, eq. 1)."""
    return F.softplus(-scores).mean()


def cross_entropy_fake(scores: Tensor) -> Tensor:
    """-log(1 - D(x)) for scores that are logits (arXiv 1406.2661, eq. 1)."""
    return F.softplus(scores).mean()


def wasserstein_real(scores: Tensor) -> Tensor:
    """-E[f(x)] (arXiv 1701.07875, algorithm 1); of generated images this is the loss of the generator."""
    return -scores.mean()


def wasserstein_fake(scores: Tensor) -> Tensor:
    """E[f(G(z))] (arXiv 1701.07875, algorithm 1)."""
    return scores.mean()


def least_squares(scores: Tensor, target: float) -> Tensor:
    """(D(x) - target)² / 2 (arXiv 1611.04076, eq. 2)."""
    return 0.5 * (scores - target).square().mean()


def hinge_real(scores: Tensor, softness: float = 0.0) -> Tensor:
    """max(0, m - D(x)) (arXiv 1705.02894); m is 1, or the mean is taken over all m from 1 - softness to 1."""
    return _hinge(1 - scores, softness).mean()


def hinge_fake(scores: Tensor, softness: float = 0.0) -> Tensor:
    """max(0, m + D(x)), m as in `hinge_real`."""
    return _hinge(1 + scores, softness).mean()


def _hinge(missing: Tensor, softness: float) -> Tensor:
    """The mean of max(0, missing - s) over s from 0 to `softness`: a parabola there, a line beyond."""
    if not softness:
        return F.relu(missing)
    inside = missing.clamp(0, softness)
    return inside.square() / (2 * softness) + (missing - inside).relu()


def relative_real(higher: Tensor, lower: Tensor) -> Tensor:
    """-log sigmoid(higher - lower), in pairs or against a mean (arXiv 1807.00734, eq. 4)."""
    return F.softplus(lower - higher).mean()


def gradient_norms(discriminator: Discriminator, images: Tensor, label: Tensor | None = None) -> Tensor:
    """‖∇D(x)‖₂ for images B C H W -> B; gradients flow into the discriminator only.

    D(x) is the mean of an image's scores if it has several, as in every loss. Computed without autocast: the norm of a
    gradient overflows in half precision.
    """
    with torch.autocast(images.device.type, enabled=False):
        point = images.detach().float().requires_grad_()
        scores = discriminator(point, label).reshape(len(point), -1).mean(1)
        (gradient,) = torch.autograd.grad(scores.sum(), point, create_graph=True)
        # The slope of the norm at a gradient of exactly zero would be 0/0.
        norms: Tensor = (gradient.flatten(1).square().sum(1) + _LEAST).sqrt()
        return norms


def mixed(real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """mix·real + (1 - mix)·fake for images B C H W and `mix` B 1 1 1 in [0, 1], without gradients."""
    return torch.lerp(fake.detach().float(), real.float(), mix)


def gradient_penalty(
    discriminator: Discriminator, real: Tensor, fake: Tensor, mix: Tensor, label: Tensor | None = None
) -> Tensor:
    """(‖∇D(x̂)‖₂ - 1)² at x̂ = mix·real + (1 - mix)·fake (arXiv 1704.00028, eq. 3)."""
    return (gradient_norms(discriminator, mixed(real, fake, mix), label) - 1).square().mean()


def gram(maps: Tensor) -> Tensor:
    """Features B C H W -> products of channels B C C, the mean over places (Gatys et al., arXiv 1508.06576)."""
    flat = maps.flatten(2)
    product: Tensor = flat @ flat.transpose(1, 2) / flat.shape[2]
    return product
