"""Any image model of timm as an encoder (https://github.com/huggingface/pytorch-image-models)."""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import timm
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn.functional import pad

from ganzoo import UsageError
from ganzoo.encoders import Encoder, Resize
from ganzoo_plugins.encoders.weights import fit, read

if TYPE_CHECKING:
    from ganzoo_plugins.encoders import Lite0Options, TimmOptions


class TimmEncoder(Encoder):
    """A timm network without its classifier; the maps are the stages that timm lists in `feature_info`."""

    network: Any  # a network of timm, whose methods nn.Module lacks

    def __init__(self, network: Any, *, name: str, architecture: str, resize: Resize) -> None:
        settings: Mapping[str, Any] = network.pretrained_cfg
        stages = list(network.feature_info) if callable(getattr(network, "forward_intermediates", None)) else []
        super().__init__(
            network,
            name=name,
            architecture=architecture,
            dimension=network.head_hidden_size,
            strides=[stage["reduction"] for stage in stages],
            channels=[stage["num_chs"] for stage in stages],
            resize=resize,
            mean=settings["mean"],
            std=settings["std"],
        )

    def prepare(self, network: nn.Module) -> nn.Module:
        """Channels last in memory, which is faster for convolutions on a CPU; sizes that exports can simplify."""
        for module in network.modules():
            if type(module) is Conv2dSame:
                module.__class__ = WholeNumbersConv2dSame  # keeps the weights, and draws no random numbers for others
        return network.to(memory_format=torch.channels_last)

    def pooled(self, inputs: Tensor) -> Tensor:
        """The features that timm's classifier would receive."""
        features: Tensor = self.network(inputs)
        return features

    def pyramid(self, inputs: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        """The output of each stage, or of the first `depth` only; later stages are not computed then.

        Raises UsageError for a model whose stages timm does not give away.
        """
        if not self.strides:
            raise UsageError(f"encoder '{self.name}' has no feature maps: choose another model, such as 'resnet50'")
        wanted = None if depth is None else list(range(depth))
        network = self.network.forward_intermediates
        return tuple(network(inputs, indices=wanted, intermediates_only=True, stop_early=depth is not None))


class WholeNumbersConv2dSame(Conv2dSame):
    """timm's convolution with the padding of TensorFlow, computed in whole numbers.

    timm rounds a quotient up. An export with free sizes can't simplify that, and takes minutes over the sizes of all
    later layers. A remainder is gone as soon as the stride divides the size.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """What timm's layer gives, bit for bit."""
        height, width = (_both_sides(*one) for one in self._sizes(inputs))
        result: Tensor = self._conv_forward(pad(inputs, (*width, *height)), self.weight, self.bias)
        return result

    def _sizes(self, inputs: Tensor) -> Iterator[tuple[int, int, int, int]]:
        return zip(inputs.shape[-2:], self.kernel_size, self.stride, self.dilation, strict=True)


def _both_sides(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Pixels before and after, so that the output has a pixel for each stride that starts within the input."""
    both = max(dilation * (kernel - 1) + 1 - stride + -size % stride, 0)
    return both // 2, both - both // 2


def from_options(options: "TimmOptions") -> TimmEncoder:
    """The part `timm`. Raises UsageError for an unknown model and when there are no weights for it."""
    network = from_file(options.model, options.weights) if options.weights else downloaded(options.model)
    network.reset_classifier(0)
    resize = resize_for(network, options.model, options)
    return TimmEncoder(network, name=options.model, architecture=f"timm {options.model}", resize=resize)


def check_name(model: str) -> None:
    """Raises UsageError, naming similar models, for a name that timm does not know."""
    if not timm.is_model(model):
        close = ", ".join(get_close_matches(model, timm.list_models())) or "see timm.list_models()"
        raise UsageError(f"timm has no model '{model}'; close to it: {close}")


def untrained(model: str, **pretrained: Any) -> Any:
    """The network of a timm model before weights are loaded; the global random state stays the same."""
    check_name(model)
    with torch.random.fork_rng(devices=[]):
        return timm.create_model(model, **pretrained)


def from_file(model: str, weights: str) -> Any:
    """A timm model with the weights of a safetensors file, whose classifier may be missing or different."""
    network = untrained(model)
    classifier = network.pretrained_cfg.get("classifier") or ()
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    network.reset_classifier(0)
    fit(
        network,
        read(Path(os.path.expanduser(weights))),
        f"weights '{weights}'",
        ignored=tuple(f"{head}." for head in heads),
    )
    return network


def downloaded(model: str) -> Any:
    """A timm model with timm's own weights. Raises UsageError for every failure."""
    check_name(model)
    if not timm.is_model_pretrained(model):
        raise UsageError(
            f"timm publishes no weights for '{model}': choose another model, or give weights=FILE.safetensors"
        )
    try:
        # With the published number of classes timm loads strictly; otherwise it leaves missing weights random.
        return untrained(model, pretrained=True)
    except Exception as error:  # the hub, the network, the disk and timm raise dozens of types
        raise UsageError(
            f"no weights for timm's '{model}' ({type(error).__name__}): connect to the network,"
            " or give weights=FILE.safetensors"
        ) from error


def resize_for(network: Any, name: str, options: "Lite0Options") -> Resize:
    """The resize for a model. Raises UsageError for a size that its network can't take."""
    settings: Mapping[str, Any] = network.pretrained_cfg
    if not settings.get("fixed_input_size"):
        return Resize(side=options.size, least=options.least)
    fixed = settings["input_size"][-1]
    if options.size not in (0, fixed):
        raise UsageError(f"size={options.size}: encoder '{name}' takes {fixed} only; leave size at 0")
    return Resize(side=fixed, square=True)
