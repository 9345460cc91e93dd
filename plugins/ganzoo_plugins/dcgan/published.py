"""The generator of PyTorch's example of DCGAN, whose layers are those of ours."""

import re
from collections.abc import Mapping

from torch import Tensor

from ganzoo import Recognised, UsageError


def of_dcgan(files: Mapping[str, Mapping[str, Tensor]]) -> Recognised:
    """The same layers under another name; their number tells the size of the pictures."""
    tensors = files["generator"]
    layers = [one for name, one in tensors.items() if re.fullmatch(r"main\.\d+\.weight", name) and one.dim() == 4]
    first, last = layers[0], layers[-1]
    if last.shape[1] != 3:
        raise UsageError(f"its pictures have {last.shape[1]} channels, and those here have 3")
    return Recognised(
        options={"width": last.shape[0], "latent": first.shape[0], "norm": "batch"},
        weights={re.sub(r"^main\.", "layers.", name): one for name, one in tensors.items()},
        settings={"size": str(first.shape[-1] << (len(layers) - 1)), "crop": False, "load_size": "auto"},
        notes=("the example draws with the statistics of each batch, a run with those of its training",),
    )
