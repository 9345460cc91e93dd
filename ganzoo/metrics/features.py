"""Feature matrices as metrics need them: N x D, finite, float64; and seeded subsets of their rows."""

import torch
from torch import Tensor


def as_features(features: Tensor, name: str, least: int = 1) -> Tensor:
    """N x D of any float type -> float64, without gradient, on the same device where that computes in float64.

    Raises ValueError unless there are two dimensions, at least `least` rows, one column, and finite numbers only.
    """
    if features.ndim != 2:
        # A flattened matrix would otherwise score as almost perfect, without a complaint.
        raise ValueError(f"{name} features have shape {tuple(features.shape)}; give a matrix, one row an image")
    if not features.is_floating_point():
        raise ValueError(f"{name} features are {features.dtype}; give floating-point numbers")
    if len(features) < least or features.shape[1] < 1:
        raise ValueError(f"{name} features are {len(features)} x {features.shape[1]}; give at least {least} x 1")
    if not features.isfinite().all():
        raise ValueError(f"{name} features hold NaN or infinity; leave out the images that they come from")
    device = "cpu" if features.device.type == "mps" else features.device
    return features.detach().to(device, torch.float64)


def as_feature_sets(real: Tensor, fake: Tensor, least: int = 1) -> tuple[Tensor, Tensor]:
    """Two sets with as many columns, N x D and M x D -> both float64. Raises ValueError as `as_features` does."""
    real, fake = as_features(real, "real", least), as_features(fake, "fake", least)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"real features have {real.shape[1]} columns, fake {fake.shape[1]}; use one encoder for both")
    return real, fake


def subset(features: Tensor, limit: int, rng: torch.Generator) -> Tensor:
    """At most `limit` rows, drawn without replacement by a generator of the CPU and left in their order."""
    if len(features) <= limit:
        return features
    rows = torch.randperm(len(features), generator=rng)[:limit].sort().values
    return features[rows.to(features.device)]
