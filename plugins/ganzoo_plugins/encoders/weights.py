"""Reading weight files and fitting them to networks. Whatever is missing or does not fit is an error."""

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ganzoo import UsageError

COUNTER = "num_batches_tracked"
"""Ending of the names of counters that only training uses; not every file has them."""


def read(file: Path, endings: Sequence[str] = (".safetensors",)) -> dict[str, Tensor]:
    """The tensors of a file. Raises UsageError for a missing, damaged or foreign one; no code in it is run."""
    if file.suffix not in endings:
        raise UsageError(f"weights '{file}': the ending must be {' or '.join(endings)}")
    if not file.is_file():
        raise UsageError(f"weights '{file}': no such file; give the path of a weights file")
    try:
        content = load_file(file) if file.suffix == ".safetensors" else torch.load(file, "cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, SafetensorError, pickle.UnpicklingError) as error:
        raise UsageError(f"weights '{file}': damaged, or not a file of tensors only") from error
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise UsageError(f"weights '{file}': holds something else than named tensors")
    return content


def sha256(file: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
