"""What both networks of FastGAN (Liu et al., arXiv 2101.04775) are made of."""

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


class Excitation(nn.Sequential):
    """A weight for each channel of a fine map from a coarse one, B C 1 1 (section 3.1)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(4),
            spectral(nn.Conv2d(before, after, 4, bias=False)),
            nn.SiLU(),
            spectral(nn.Conv2d(after, after, 1, bias=False)),
            nn.Sigmoid(),
        )


def spectral(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    """The layer with orthogonal weights at first and its largest singular value held at 1."""
    nn.init.orthogonal_(layer.weight)
    normed: nn.Module = spectral_norm(layer)
    return normed
