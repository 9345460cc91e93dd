"""Translators without training: small networks whose results can be told."""

import torch
from torch import Tensor, nn

from ganzoo.options import TranslatorOptions
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape
from ganzoo.translator import ImageGenerator, Translator

CPU = torch.device("cpu")


class Network(ImageGenerator):
    """Two halvings and back with instance norms, as translators are built, with fixed random weights."""

    size_multiple = 4

    def __init__(self, norm: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)

        def layer(before: int, after: int, stride: int = 1) -> nn.Module:
            convolution = nn.Conv2d(before, after, 3, stride, 1, padding_mode="reflect")
            return nn.Sequential(convolution, nn.InstanceNorm2d(after) if norm else nn.Identity(), nn.ReLU())

        self.layers = nn.Sequential(
            layer(3, 8), layer(8, 8, 2), layer(8, 8, 2), layer(8, 8), nn.Upsample(scale_factor=2), layer(8, 8),
            nn.Upsample(scale_factor=2), layer(8, 8), nn.Conv2d(8, 3, 3, padding=1, padding_mode="reflect"),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        return (images + 0.5 * self.layers(images)).tanh()


class Small(Translator):
    """A translator around a network."""

    def __init__(self, network: nn.Module) -> None:
        options = TranslatorOptions.model_construct()
        super().__init__(options, shape=ImageShape(height=16, width=16), parts=Parts({}))
        self.generator = network
        self.eval()

    def steps(self):
        return ()

    def optimiser(self, step):
        raise NotImplementedError


class Negative(ImageGenerator):
    """Each pixel by itself: the negative."""

    def forward(self, images: Tensor) -> Tensor:
        return -images
