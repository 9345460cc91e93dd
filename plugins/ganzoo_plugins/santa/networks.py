"""The generator of SANTA: an encoder of photos, and a decoder that receives the strength of the style."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from ganzoo import ImageShape
from ganzoo.translator import ImageGenerator, softened, within_range

if TYPE_CHECKING:
    from ganzoo_plugins.santa import SANTAGeneratorOptions

_LARGE = 256
_STRENGTH = 64
"""Length of the vector that encodes a strength."""


class SANTAGenerator(ImageGenerator):
    """Images B 3 H W -> B 3 H W at a strength B: half of the residual blocks encode, half decode."""

    size_multiple = 4

    def __init__(self, options: "SANTAGeneratorOptions", *, shape: ImageShape) -> None:
        super().__init__()
        width = options.width
        count = options.blocks or (9 if min(shape.height, shape.width) >= _LARGE else 6)
        self.residual, self.soften = options.residual, options.soften
        self.strength = nn.Sequential(nn.Linear(1, _STRENGTH), nn.ReLU(), nn.Linear(_STRENGTH, _STRENGTH), nn.ReLU())
        self.encoder = nn.Sequential(
            _layer(shape.channels, width, options.kernel),
            _layer(width, 2 * width, 3, stride=2),
            _layer(2 * width, 4 * width, 3, stride=2),
            *(_Block(4 * width) for _ in range(count // 2)),
        )
        self.blocks = nn.ModuleList(_ModulatedBlock(4 * width) for _ in range(count - count // 2))
        self.up = nn.ModuleList(
            [_Modulated(4 * width, 2 * width, enlarge=True), _Modulated(2 * width, width, enlarge=True)]
        )
        self.end = nn.Conv2d(width, shape.channels, options.kernel, padding=options.kernel // 2, padding_mode="reflect")
        _initialise(self)
        if self.residual:
            nn.init.normal_(self.end.weight, 0.0, 1e-3)

    def forward(self, images: Tensor, strength: Tensor | None = None) -> Tensor:
        """The images translated at that strength, 1 by default."""
        if strength is None:
            strength = images.new_ones(images.shape[0])  # len() would fix the batch in an export
        translated, _ = self.decode(self.encoder(images), images, strength)
        return translated

    def encode(self, images: Tensor) -> Tensor:
        """Images -> codes B C H/4 W/4."""
        code: Tensor = self.encoder(images)
        return code

    def decode(self, code: Tensor, images: Tensor, strength: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Codes, with their images, at strengths B -> images, and the maps on the way."""
        encoded = self.strength(strength[:, None])
        maps = []
        for layer in (*self.blocks, *self.up):
            code = layer(code, encoded)
            maps.append(code)
        change = self.end(code)
        if self.residual:
            if self.soften:
                change = change + (softened(images, self.soften) - images)
            return within_range(images + strength[:, None, None, None] * change), maps
        return change.tanh(), maps


class _Modulated(nn.Module):
    """A convolution whose norm is scaled and shifted by the strength."""

    def __init__(self, before: int, after: int, *, enlarge: bool = False, relu: bool = True) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2) if enlarge else nn.Identity()
        self.convolution = nn.Conv2d(before, after, 3, padding=1, padding_mode="reflect")
        self.norm = nn.InstanceNorm2d(after)
        self.scale, self.shift = nn.Linear(_STRENGTH, after), nn.Linear(_STRENGTH, after)
        self.relu = nn.ReLU() if relu else nn.Identity()

    def forward(self, values: Tensor, encoded: Tensor) -> Tensor:
        values = self.norm(self.convolution(self.enlarge(values)))
        scale, shift = (layer(encoded)[:, :, None, None] for layer in (self.scale, self.shift))
        changed: Tensor = self.relu(values * (1 + scale) + shift)
        return changed


class _ModulatedBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _Modulated(channels, channels), _Modulated(channels, channels, relu=False)

    def forward(self, values: Tensor, encoded: Tensor) -> Tensor:
        changed: Tensor = values + self.second(self.first(values, encoded), encoded)
        return changed


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(_layer(channels, channels, 3), _layer(channels, channels, 3)[:2])

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = values + self.layers(values)
        return changed


def _layer(before: int, after: int, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, padding_mode="reflect")
    return nn.Sequential(convolution, nn.InstanceNorm2d(after, affine=True), nn.ReLU(True))


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_normal_(module.weight, gain=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        if isinstance(module, _Modulated):
            for layer in (module.scale, module.shift):
                nn.init.normal_(layer.weight, 0.0, 0.02)
                nn.init.zeros_(layer.bias)
