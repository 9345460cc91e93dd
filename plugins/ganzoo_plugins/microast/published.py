"""The weights that the authors of MicroAST published, as `ganzoo import-weights` reads them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from ganzoo import Recognised, UsageError, weights

PARTS = ("content_encoder", "style_encoder", "modulator", "decoder")
"""How the names of the four files begin, which are also the names of the generator's modules."""


def of_microast(files: Mapping[str, Mapping[str, Tensor]]) -> Recognised:
    """The four files together."""
    taken = {f"{part}.{_own(name)}": one for part in PARTS for name, one in files[part].items()}
    width = taken["content_encoder.enc1.0.weight"].shape[0]
    settings = {"size": "256", "crop": True, "load_size": 512}
    return Recognised(options={"width": width, "unbiased": True}, weights=taken, settings=settings)


def published(folder: str, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the four files in the folder, by their names in the generator.

    `wanted` are the generator's own tensors. Raises UsageError for missing or ambiguous files, and unless there is a
    tensor of the same shape for each tensor of the four modules.
    """
    found = {f"{part}.{name}": value for part in PARTS for name, value in _tensors(_file(folder, part))}
    own = {name: value for name, value in wanted.items() if name.partition(".")[0] in PARTS}
    wrong = sorted(
        {name for name in own if name not in found or found[name].shape != own[name].shape} | found.keys() - own.keys()
    )
    if wrong:
        raise UsageError(
            f"generator.weights '{folder}' does not fit the network with generator.width at its default:"
            f" {wrong[0]}, {len(wrong) - 1} more such problems"
        )
    return found


def _file(folder: str, part: str) -> Path:
    files = sorted(Path(folder).expanduser().glob(f"{part}*.safetensors"))
    if len(files) != 1:
        raise UsageError(
            f"generator.weights '{folder}' has {len(files)} files {part}*.safetensors instead of one: convert the four"
            f" published files by ganzoo import-weights FILE {folder}"
        )
    return files[0]


def _tensors(file: Path) -> Iterator[tuple[str, Tensor]]:
    for name, value in weights.read(file).items():
        yield _own(name), value


def _own(name: str) -> str:
    """The name of a published tensor in our modules."""
    return re.sub(r"\bconv_layer\.", "", name)
