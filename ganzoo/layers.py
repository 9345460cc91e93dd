"""Layers that the networks of several plugins share."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.adversarial import Labelled, LabelRows
from ganzoo.errors import UsageError
from ganzoo.specs import ImageShape


def stages(shape: ImageShape, smallest: int = 4) -> tuple[int, int, int]:
    """How often the image halves until its shorter side is in [smallest, 2·smallest), then the height and width there.

    Raises UsageError for a size that does not halve that often without a remainder.
    """
    count = 0
    while min(shape.height, shape.width) >> (count + 1) >= smallest:
        count += 1
    multiple = 1 << count
    if count == 0 or shape.height % multiple or shape.width % multiple:
        multiple = max(multiple, 2)
        near = [max(round(side / multiple), smallest) * multiple for side in (shape.height, shape.width)]
        raise UsageError(
            f"size {shape.height}x{shape.width}: both sides must be multiples of {multiple}, and at least"
            f" {2 * smallest}; the nearest is {near[0]}x{near[1]}"
        )
    return count, shape.height >> count, shape.width >> count


def init_dcgan(network: nn.Module) -> None:
    """Initial weights of DCGAN: N(0, 0.02); scales of norms N(1, 0.02), shifts 0 (arXiv 1511.06434, section 4)."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm)) and module.affine:
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


NORMS = ("batch", "instance", "layer", "none")


def norm2d(kind: str, channels: int) -> nn.Module:
    """A norm over B C H W by name: batch, instance, layer (over C, H and W of one image) or none."""
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    if kind == "layer":
        return nn.GroupNorm(1, channels)
    return nn.Identity()


class GatedChannels(nn.Module):
    """Maps B 2C H W -> B C H W: each of the first C channels is multiplied by the sigmoid of one of the last C.

    Gated linear units (Dauphin et al., arXiv 1612.08083). The gate works with channels last, so that gradients keep the
    memory order of the maps. Otherwise a batch normalisation before the gate takes twice as long on a CPU.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """The gated maps."""
        return functional.glu(maps.permute(0, 2, 3, 1), dim=-1).permute(0, 3, 1, 2)


class RandomMixture(nn.Module):
    """Maps B C H W -> B `after` H W: a 1 x 1 convolution with random weights, kept in a buffer, so no step trains them.

    A critic on pretrained features sees mixtures of all channels by it, and not a few channels only (Sauer et al.,
    arXiv 2111.01007, section 3.2).
    """

    weight: Tensor
    """The weights, `after` x `before` x 1 x 1."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randn(after, before, 1, 1) / math.sqrt(before))

    def forward(self, values: Tensor) -> Tensor:
        """The mixtures."""
        return functional.conv2d(values, self.weight.to(values.dtype))


class LabelTable(Labelled, nn.Module):
    """Labels int64 B A, or mixtures B V with a weight for each value of each attribute -> vectors B C.

    The vector of a label is the sum of the vectors of its values. Walks between labels use mixtures.
    """

    label_rows = {"table": LabelRows()}  # noqa: RUF012  # never changed
    offsets: Tensor
    """The row of each attribute's first value."""

    def __init__(self, attributes: Mapping[str, tuple[str, ...]], channels: int, *, spread: float = 0.1) -> None:
        super().__init__()
        sizes = [len(values) for values in attributes.values()]
        self.table = nn.Parameter(torch.randn(sum(sizes), channels) * spread)
        """A row C for each value of each attribute."""
        offsets = torch.tensor([0, *sizes[:-1]]).cumsum(0)
        self.register_buffer("offsets", offsets, persistent=False)

    def forward(self, label: Tensor) -> Tensor:
        """The vectors; the weights of a mixture need not add up to 1."""
        if label.is_floating_point():
            return label.to(self.table.dtype) @ self.table
        return self.table[label + self.offsets].sum(1)


class ConditionalNorm(nn.Module):
    """Batch normalisation of maps B C H W; labels change its scale and shift (Dumoulin et al., arXiv 1610.07629).

    Labels are those of a `LabelTable`. Without attributes, or without a label, it is plain batch normalisation.
    """

    def __init__(self, channels: int, attributes: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        """The plain norm."""
        self.table: LabelTable | None = LabelTable(attributes, 2 * channels) if attributes else None
        """Scales and shifts by label, 2C; None without attributes."""

    def forward(self, maps: Tensor, label: Tensor | None = None) -> Tensor:
        """The normalised maps."""
        normed: Tensor = self.norm(maps)
        if self.table is None or label is None:
            return normed
        scale, shift = self.table(label)[:, :, None, None].chunk(2, dim=1)
        changed: Tensor = normed * (1 + scale) + shift
        return changed
