"""Networks of other repositories in small, from their published lists of layers: names and forward passes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

SMALL = 4
"""Channels at full size, where 32 or 64 were published."""


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with weights and statistics that are all different, in evaluation mode."""
    rng = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var") or (tensor.dim() == 1 and name.endswith("weight")):
            tensor.copy_(torch.rand(tensor.shape, generator=rng) + 0.5)
        elif tensor.is_floating_point() and not name.endswith("filt"):
            fan = tensor[0].numel() if tensor.dim() > 1 else 16
            tensor.copy_(torch.randn(tensor.shape, generator=rng) * fan**-0.5)
    return network.eval()


class Blurred(nn.Module):
    """CUT's halving and doubling: a binomial kernel in the buffer `filt`."""

    filt: Tensor

    def __init__(self, channels: int, row: tuple[float, ...]) -> None:
        super().__init__()
        self.up = len(row) == 4
        kernel = torch.outer(torch.tensor(row), torch.tensor(row))
        kernel = kernel / kernel.sum() * (4 if self.up else 1)
        self.register_buffer("filt", kernel.repeat(channels, 1, 1, 1))

    def forward(self, values: Tensor) -> Tensor:
        padded = functional.pad(values, (1, 1, 1, 1), mode="replicate" if self.up else "reflect")
        if not self.up:
            return functional.conv2d(padded, self.filt, stride=2, groups=values.shape[1])
        larger = functional.conv_transpose2d(padded, self.filt, stride=2, padding=2, groups=values.shape[1])
        return larger[:, :, 1:-1, 1:-1]


def norm_of(kind: str, channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.InstanceNorm2d(channels)


class ResidualBlock(nn.Module):
    def __init__(self, channels: int, norm: str, dropout: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=norm == "instance"),
            norm_of(norm, channels),
            nn.ReLU(),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=norm == "instance"),
            norm_of(norm, channels),
        )

    def forward(self, values: Tensor) -> Tensor:
        return values + self.conv_block(values)


class ResnetGenerator(nn.Module):
    """Of CycleGAN and CUT; `up` is deconv, blur, or what users put in place of the former."""

    def __init__(
        self,
        *,
        blocks: int = 6,
        norm: str = "instance",
        dropout: bool = False,
        down: str = "stride",
        up: str = "deconv",
    ) -> None:
        super().__init__()
        bias, width = norm == "instance", SMALL
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7, bias=bias), norm_of(norm, width), nn.ReLU()]
        for before in (width, 2 * width):
            after = 2 * before
            stride = 2 if down == "stride" else 1
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=bias), norm_of(norm, after), nn.ReLU()]
            layers += [Blurred(after, (1.0, 2.0, 1.0))] if down == "blur" else []
        layers += [ResidualBlock(4 * width, norm, dropout) for _ in range(blocks)]
        for before in (4 * width, 2 * width):
            after = before // 2
            doubling = {
                "deconv": [nn.ConvTranspose2d(before, after, 3, 2, 1, output_padding=1, bias=bias)],
                "blur": [Blurred(before, (1.0, 3.0, 3.0, 1.0)), nn.Conv2d(before, after, 3, 1, 1, bias=bias)],
                "bilinear": [
                    nn.Upsample(scale_factor=2, mode="bilinear"),
                    nn.ReflectionPad2d(1),
                    nn.Conv2d(before, after, 3, bias=bias),
                ],
                "nearest": [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(before, after, 3, bias=bias)],
                "zeros": [nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(before, after, 3, 1, 1, bias=bias)],
            }[up]
            layers += [*doubling, norm_of(norm, after), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, images: Tensor) -> Tensor:
        values: Tensor = self.model(images)
        return values


class Padded(nn.Module):
    def __init__(self, before: int, after: int, kernel: int, stride: int = 1, up: int = 1) -> None:
        super().__init__()
        self.layers = [nn.Upsample(scale_factor=up), nn.ReflectionPad2d(kernel // 2)]
        self.conv2d = nn.Conv2d(before, after, kernel, stride)

    def forward(self, values: Tensor) -> Tensor:
        for layer in self.layers:
            values = layer(values)
        convolved: Tensor = self.conv2d(values)
        return convolved


class JohnsonBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.in1 = Padded(channels, channels, 3), nn.InstanceNorm2d(channels, affine=True)
        self.conv2, self.in2 = Padded(channels, channels, 3), nn.InstanceNorm2d(channels, affine=True)

    def forward(self, values: Tensor) -> Tensor:
        inner = self.in1(self.conv1(values)).relu()
        changed: Tensor = values + self.in2(self.conv2(inner))
        return changed


class TransformerNet(nn.Module):
    """Of PyTorch's examples: pixels 0 to 255 -> pixels, not clamped."""

    def __init__(self) -> None:
        super().__init__()
        width = SMALL
        shapes = [(3, width, 9, 1), (width, 2 * width, 3, 2), (2 * width, 4 * width, 3, 2)]
        for number, (before, after, kernel, stride) in enumerate(shapes, 1):
            self.add_module(f"conv{number}", Padded(before, after, kernel, stride))
            self.add_module(f"in{number}", nn.InstanceNorm2d(after, affine=True))
        for number in range(1, 6):
            self.add_module(f"res{number}", JohnsonBlock(4 * width))
        for number, before in enumerate((4 * width, 2 * width), 1):
            self.add_module(f"deconv{number}", Padded(before, before // 2, 3, up=2))
            self.add_module(f"in{number + 3}", nn.InstanceNorm2d(before // 2, affine=True))
        self.deconv3 = Padded(width, 3, 9)

    def forward(self, pixels: Tensor) -> Tensor:
        values = pixels
        layer = self.get_submodule
        for number in (1, 2, 3):
            values = layer(f"in{number}")(layer(f"conv{number}")(values)).relu()
        for number in range(1, 6):
            values = layer(f"res{number}")(values)
        for number in (1, 2):
            values = layer(f"in{number + 3}")(layer(f"deconv{number}")(values)).relu()
        drawn: Tensor = self.deconv3(values)
        return drawn


class SkipBlock(nn.Module):
    """A level of pix2pix's U-Net; `inside` is the next one, or None for the innermost."""

    def __init__(
        self,
        outer: int,
        inner: int,
        inside: nn.Module | None,
        norm: str,
        *,
        outermost: bool = False,
        dropout: bool = False,
    ) -> None:
        super().__init__()
        self.outermost, bias = outermost, norm == "instance"
        first = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, bias=bias)
        before = inner if inside is None else 2 * inner
        if outermost:
            layers = [first, inside, nn.ReLU(), nn.ConvTranspose2d(before, outer, 4, 2, 1), nn.Tanh()]
        else:
            up = [nn.ReLU(), nn.ConvTranspose2d(before, outer, 4, 2, 1, bias=bias), norm_of(norm, outer)]
            down = [nn.LeakyReLU(0.2, True), first]
            middle = [] if inside is None else [norm_of(norm, inner), inside]
            layers = [*down, *middle, *up, *([nn.Dropout(0.5)] if dropout else [])]
        self.model = nn.Sequential(*layers)  # type: ignore[arg-type]  # the outermost level has one inside

    def forward(self, values: Tensor) -> Tensor:
        if self.outermost:
            drawn: Tensor = self.model(values)
            return drawn
        return torch.cat([values, self.model(values)], 1)


class UnetGenerator(nn.Module):
    """Of pix2pix; 8 halvings at 256 pixels."""

    def __init__(self, halvings: int, norm: str = "batch", *, dropout: bool = False) -> None:
        super().__init__()
        width = SMALL
        block = SkipBlock(8 * width, 8 * width, None, norm)
        for _ in range(halvings - 5):
            block = SkipBlock(8 * width, 8 * width, block, norm, dropout=dropout)
        for level in (4, 2, 1):
            block = SkipBlock(level * width, 2 * level * width, block, norm)
        self.model = SkipBlock(3, width, block, norm, outermost=True)

    def forward(self, images: Tensor) -> Tensor:
        drawn: Tensor = self.model(images)
        return drawn


class ExampleGenerator(nn.Module):
    """DCGAN of PyTorch's examples: latents B D 1 1 -> images of 64 pixels."""

    def __init__(self, latent: int = 10) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = latent
        for number, after in enumerate((8 * SMALL, 4 * SMALL, 2 * SMALL, SMALL)):
            stride, padding = (2, 1) if number else (1, 0)
            layers += [nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False), nn.BatchNorm2d(after)]
            layers += [nn.ReLU(True)]
            before = after
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(SMALL, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, latent: Tensor) -> Tensor:
        drawn: Tensor = self.main(latent)
        return drawn


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d((1, 1, 1, 1)), nn.Conv2d(before, after, (3, 3)), nn.ReLU()]


def adain_decoder() -> nn.Sequential:
    """Of naoto0804/pytorch-AdaIN, whose widths are 512, 256, 128 and 64."""
    w8, w4, w2, w = 8 * SMALL, 4 * SMALL, 2 * SMALL, SMALL
    return nn.Sequential(
        *_convolution(w8, w4),
        nn.UpsamplingNearest2d(scale_factor=2),
        *_convolution(w4, w4),
        *_convolution(w4, w4),
        *_convolution(w4, w4),
        *_convolution(w4, w2),
        nn.UpsamplingNearest2d(scale_factor=2),
        *_convolution(w2, w2),
        *_convolution(w2, w),
        nn.UpsamplingNearest2d(scale_factor=2),
        *_convolution(w, w),
        nn.ReflectionPad2d((1, 1, 1, 1)),
        nn.Conv2d(w, 3, (3, 3)),
    )


def adain_vgg() -> nn.Sequential:
    """The whole normalised VGG-19, of which 31 modules are used."""
    w8, w4, w2, w = 8 * SMALL, 4 * SMALL, 2 * SMALL, SMALL
    pool = nn.MaxPool2d((2, 2), (2, 2), (0, 0), ceil_mode=True)
    rest = [one for _ in range(3) for one in _convolution(w8, w8)]
    return nn.Sequential(
        nn.Conv2d(3, 3, (1, 1)),
        *(*_convolution(3, w), *_convolution(w, w), pool),
        *(*_convolution(w, w2), *_convolution(w2, w2), pool),
        *(*_convolution(w2, w4), *_convolution(w4, w4), *_convolution(w4, w4), *_convolution(w4, w4), pool),
        *(*_convolution(w4, w8), *rest, pool),
        *(*_convolution(w8, w8), *rest),
    )


def adain(vgg: nn.Sequential, decoder: nn.Sequential, photo: Tensor, style: Tensor, alpha: float) -> Tensor:
    """Photo and painting in [0, 1] -> the picture, not clamped."""
    content, wanted = vgg[:31](photo), vgg[:31](style)
    (own, own_spread), (mean, spread) = (
        (maps.mean((2, 3), keepdim=True), (maps.flatten(2).var(2)[:, :, None, None] + 1e-5).sqrt())
        for maps in (content, wanted)
    )
    mixed = alpha * ((content - own) / own_spread * spread + mean) + (1 - alpha) * content
    drawn: Tensor = decoder(mixed)
    return drawn
