"""Checks feature matrices, N x D and finite, converts them to float64, and draws seeded subsets of their rows."""

import torch
from torch import Tensor


def as_features(features: Tensor, name: str, least: int = 1) -> Tensor:
    """N x D of any float type -> float64, without gradient, on the same device if that computes in float64.

    Raises ValueError unless there are two dimensions, at least `least` rows, at least one column, and finite numbers
    only.
    """
    if features.ndim != 2:
        # Without this check a flattened matrix would score as almost perfect.
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
    """N x D and M x D -> both float64. Raises ValueError as `as_features` does, and for unequal numbers of columns."""
    real, fake = as_features(real, "real", least), as_features(fake, "fake", least)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"real features have {real.shape[1]} columns, fake {fake.shape[1]}; use one encoder for both")
    return real, fake


def subset(features: Tensor, limit: int, rng: torch.Generator) -> Tensor:
    """At most `limit` rows in their order, drawn without replacement by a generator on the CPU."""
    if len(features) <= limit:
        return features
    rows = torch.randperm(len(features), generator=rng)[:limit].sort().values
    return features[rows.to(features.device)]
