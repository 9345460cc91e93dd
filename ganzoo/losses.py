"""Adversarial losses and penalties as pure functions of scores, written as their papers write them.

Scores may have any shape; every function gives the mean over all of them as a scalar.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganzoo.model import Discriminator


def cross_entropy_real(scores: Tensor) -> Tensor:
    """-log D(x) for scores that are logits (arXiv 1406.2661, eq. 1)."""
    return F.softplus(-scores).mean()


def cross_entropy_fake(scores: Tensor) -> Tensor:
    """-log(1 - D(x)) for scores that are logits (arXiv 1406.2661, eq. 1)."""
    return F.softplus(scores).mean()


def least_squares(scores: Tensor, target: float) -> Tensor:
    """(D(x) - target)² / 2 (arXiv 1611.04076, eq. 2)."""
    return 0.5 * (scores - target).square().mean()


def hinge_real(scores: Tensor) -> Tensor:
    """max(0, 1 - D(x)) (arXiv 1705.02894)."""
    return F.relu(1 - scores).mean()


def hinge_fake(scores: Tensor) -> Tensor:
    """max(0, 1 + D(x)) (arXiv 1705.02894)."""
    return F.relu(1 + scores).mean()


def gradient_penalty(
    discriminator: Discriminator, real: Tensor, fake: Tensor, mix: Tensor, label: Tensor | None = None
) -> Tensor:
    """(‖∇D(x̂)‖₂ - 1)² at x̂ = mix·real + (1 - mix)·fake (arXiv 1704.00028, eq. 3).

    `real` and `fake` are B C H W, `mix` is B 1 1 1 in [0, 1]; gradients flow into the discriminator only. Computed
    without autocast: the norm of a gradient overflows in half precision.
    """
    with torch.autocast(real.device.type, enabled=False):
        point = torch.lerp(fake.detach().float(), real.float(), mix).requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(point, label).sum(), point, create_graph=True)
        penalty: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        return penalty
