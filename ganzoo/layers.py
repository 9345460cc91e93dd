"""Pieces that networks of several plugins share."""

from torch import nn

from ganzoo.errors import UsageError
from ganzoo.specs import ImageShape


def stages(shape: ImageShape, smallest: int = 4) -> tuple[int, int, int]:
    """How often the image halves until its shorter side is in [smallest, 2·smallest), and the height and width there.

    Raises UsageError for a size that does not halve that often without a remainder.
    """
    count = 0
    while min(shape.height, shape.width) >> (count + 1) >= smallest:
        count += 1
    unit = 1 << count
    if count == 0 or shape.height % unit or shape.width % unit:
        unit = max(unit, 2)
        near = [max(round(side / unit), smallest) * unit for side in (shape.height, shape.width)]
        raise UsageError(
            f"size {shape.height}x{shape.width}: both sides must be multiples of {unit}, and at least"
            f" {2 * smallest}; the nearest is {near[0]}x{near[1]}"
        )
    return count, shape.height >> count, shape.width >> count


def init_dcgan(network: nn.Module) -> None:
    """Initial weights of the DCGAN paper: N(0, 0.02), scales of norms N(1, 0.02), shifts 0 (arXiv 1511.06434, 4)."""
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
