"""The networks of Zhu et al., arXiv 1703.10593, and what Park et al., arXiv 2007.15651, changed in them."""

from typing import TYPE_CHECKING, Literal

from timm.layers.blur_pool import BlurPool2d
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import ImageShape
from ganzoo.layers import norm2d
from ganzoo.model import Discriminator
from ganzoo.translator import ImageGenerator, within_range

if TYPE_CHECKING:
    from ganzoo_plugins.cyclegan import PatchOptions, ResnetOptions

_Edges = Literal["reflect", "zeros"]
_LARGE = 256
_LAST_MAP = 5
"""The residual block whose output is the last of the maps, as in CUT."""


class Resnet(ImageGenerator):
    """Images B 3 H W -> B 3 H W; 64 channels and 9 blocks are the published network."""

    size_multiple = 4

    def __init__(self, options: "ResnetOptions", *, shape: ImageShape) -> None:
        super().__init__()
        width, norm, kernel = options.width, options.norm, options.kernel
        count = options.blocks or (9 if min(shape.height, shape.width) >= _LARGE else 6)
        self.residual, self.clamped = options.residual, options.end == "clamp"
        self.begin = _convolution(shape.channels, width, kernel, norm)
        self.down = nn.ModuleList(_down(width << i, options.down, norm, options.edges) for i in range(2))
        self.blocks = nn.ModuleList(_Block(4 * width, norm) for _ in range(count))
        self.up = nn.Sequential(*(_up(width << i, options.up, norm, options.edges) for i in (2, 1)))
        self.end = nn.Conv2d(width, shape.channels, kernel, padding=kernel // 2, padding_mode="reflect")
        _initialise(self, options.init)
        if self.residual:  # changes hardly show at first
            nn.init.normal_(self.end.weight, 0.0, 1e-3)

    def forward(self, images: Tensor) -> Tensor:
        """The translated images."""
        values = self.begin(images)
        for layer in (*self.down, *self.blocks):
            values = layer(values)
        change: Tensor = self.end(self.up(values))
        if self.residual:
            return within_range(images + change)
        return within_range(change) if self.clamped else change.tanh()

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """The pixels, both halvings, the first residual block and the fifth (or the last)."""
        first = self.down[0](self.begin(images))
        second = self.down[1](first)
        values, found = second, []
        for number, block in enumerate(self.blocks[:_LAST_MAP], 1):
            values = block(values)
            if number in (1, min(_LAST_MAP, len(self.blocks))):
                found.append(values)
        return (images, first, second, *found)


class Patch(Discriminator):
    """Images B C H W -> scores B 1 h w, each of one patch."""

    def __init__(self, options: "PatchOptions", *, shape: ImageShape) -> None:
        super().__init__()
        width, blur = options.width, options.blur
        norm = "none" if options.norm == "spectral" else options.norm
        layers = [*_halving(shape.channels, width, "none", blur)]
        channels = width
        side = min(shape.height, shape.width)
        halvings = max(1, min(options.layers, side.bit_length() - 3))
        for number in range(1, halvings):
            before, channels = channels, width * min(2**number, 8)
            layers += _halving(before, channels, norm, blur)
        before, channels = channels, width * min(2**halvings, 8)
        layers += [nn.Conv2d(before, channels, 4, 1, 1), norm2d(norm, channels), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, 1, 1, bias=False))
        _initialise(self, "normal")
        if options.norm == "spectral":
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d):
                    spectral_norm(layer)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Scores; the label is not used."""
        scores: Tensor = self.layers(images)
        return scores


class _Block(nn.Module):
    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(channels, channels, 3, norm),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            norm2d(norm, channels),
        )

    def forward(self, values: Tensor) -> Tensor:
        changed: Tensor = values + self.layers(values)
        return changed


def _convolution(before: int, after: int, kernel: int, norm: str, edges: _Edges = "reflect") -> nn.Module:
    convolution = nn.Conv2d(before, after, kernel, padding=kernel // 2, padding_mode=edges)
    return nn.Sequential(convolution, norm2d(norm, after), nn.ReLU(True))


def _down(channels: int, kind: str, norm: str, edges: _Edges | Literal["auto"]) -> nn.Module:
    if kind == "blur":
        return nn.Sequential(
            _convolution(channels, 2 * channels, 3, norm, _beyond(edges, "reflect")), BlurPool2d(2 * channels)
        )
    convolution = nn.Conv2d(channels, 2 * channels, 3, 2, 1, padding_mode=_beyond(edges, "zeros"))
    return nn.Sequential(convolution, norm2d(norm, 2 * channels), nn.ReLU(True))


def _up(channels: int, kind: str, norm: str, edges: _Edges | Literal["auto"]) -> nn.Module:
    half = channels // 2
    if kind == "deconv":
        convolution = nn.ConvTranspose2d(channels, half, 3, 2, 1, output_padding=1)
        return nn.Sequential(convolution, norm2d(norm, half), nn.ReLU(True))
    # Bilinear doubling is a blur with the kernel 1 3 3 1.
    enlarge = nn.Upsample(scale_factor=2, mode="bilinear" if kind == "blur" else "nearest")
    return nn.Sequential(enlarge, _convolution(channels, half, 3, norm, _beyond(edges, "reflect")))


def _beyond(edges: _Edges | Literal["auto"], usual: _Edges) -> _Edges:
    return usual if edges == "auto" else edges


def _halving(before: int, after: int, norm: str, blur: bool) -> list[nn.Module]:
    stride = 1 if blur else 2
    rest = [norm2d(norm, after), nn.LeakyReLU(0.2)]
    blurred = [BlurPool2d(after)] if blur else []
    return [nn.Conv2d(before, after, 4, stride, 1), *rest, *blurred]


def _initialise(network: nn.Module, kind: str) -> None:
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            if kind == "xavier":
                nn.init.xavier_normal_(module.weight, gain=0.02)
            else:
                nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
