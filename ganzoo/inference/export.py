"""Trained models as ONNX files that give what torch gives, proven on several sizes before the file is handed out."""

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo.errors import GanzooError, StorageError, UsageError, one_line
from ganzoo.inference.loaded import LoadedGAN
from ganzoo.model import AdversarialGAN
from ganzoo.translator import Translator

TOLERANCE = 1e-4
"""Largest difference to torch, of values in [-1, 1], with which a file is handed out."""
_CHECKED = ((1, 16, 24), (2, 32, 16), (1, 40, 56))
"""Batch, height and width of the checked inputs, in units of the model (a latent has the first only)."""


class _Paints(nn.Module):
    """A translator as a network with one input."""

    def __init__(self, gan: Translator) -> None:
        super().__init__()
        self.gan = gan

    def forward(self, image: Tensor) -> Tensor:
        return self.gan.translate(image).clamp(-1, 1)


class _Draws(nn.Module):
    """A generator as a network with one input."""

    def __init__(self, gan: AdversarialGAN) -> None:
        super().__init__()
        self.generator = gan.generator

    def forward(self, latent: Tensor) -> Tensor:
        images: Tensor = self.generator(latent)
        return images


def export_onnx(gan: LoadedGAN, file: Path) -> list[tuple[str, float]]:
    """Writes the model; gives the largest difference to torch for each checked input.

    A translator takes "image" B 3 H W, H and W multiples of the metadata's "unit", and gives "painted"; a generator
    takes "latent" B D and gives "images", all in [-1, 1]. Raises UsageError without the packages or for a model of
    another kind, GanzooError when the difference is above `TOLERANCE`, which leaves no file.
    """
    runtime = _runtime()
    network, inputs, names, dynamic, unit = _described(gan)
    draft = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(network, inputs[0], names, dynamic, draft, {"unit": str(unit), "range": "[-1, 1]"})
        session = runtime.InferenceSession(str(draft), providers=["CPUExecutionProvider"])
        differences = [(_size(one), _difference(network, session, one, names[0])) for one in inputs]
        if (worst := max(difference for _, difference in differences)) > TOLERANCE:
            raise GanzooError(
                f"the exported network differs from torch by {worst:.2g}, more than {TOLERANCE:g}: no file"
            )
        draft.replace(file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    finally:
        draft.unlink(missing_ok=True)
    return differences


def _runtime() -> Any:
    try:
        for name in ("onnx", "onnxscript"):
            import_module(name)  # torch's exporter needs them
        return import_module("onnxruntime")
    except ImportError as error:
        raise UsageError(f"export needs {error.name}: pip install 'ganzoo-core[export]'") from None


def _described(gan: LoadedGAN) -> tuple[nn.Module, list[Tensor], tuple[str, str], dict[str, Any], int]:
    """The network, inputs to check it on, names of in- and output, which sizes are free, and their unit."""
    rng = torch.Generator().manual_seed(0)
    dim = torch.export.Dim
    if isinstance(gan.gan, Translator):
        unit = gan.gan.size_multiple
        sizes = [(b, 3, h * unit, w * unit) for b, h, w in _CHECKED]
        inputs = [torch.rand(size, generator=rng) * 2 - 1 for size in sizes]
        free = {0: dim("batch"), 2: unit * dim("h", min=4), 3: unit * dim("w", min=4)} if unit > 1 else {
            0: dim("batch"), 2: dim("h", min=16), 3: dim("w", min=16)}  # fmt: skip
        return _Paints(gan.gan).eval(), inputs, ("image", "painted"), {"image": free}, unit
    if isinstance(gan.gan, AdversarialGAN) and not gan.gan.conditional:
        inputs = [torch.randn(b * 2, gan.gan.generator.latent, generator=rng) for b, _, _ in _CHECKED]
        return _Draws(gan.gan).eval(), inputs, ("latent", "images"), {"latent": {0: dim("batch")}}, 1
    raise UsageError("only translators and generators without labels are exported so far")


def _write(
    network: nn.Module,
    example: Tensor,
    names: tuple[str, str],
    dynamic: dict[str, Any],
    file: Path,
    notes: dict[str, str],
) -> None:
    # Two of a batch, as a size of 1 would be taken for fixed.
    example = torch.cat([example, example])
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch's own, about its own
        program: Any = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=dynamic,
            input_names=[names[0]],
            output_names=[names[1]],
            verbose=False,
        )
        program.model.metadata_props.update(notes)
        program.save(str(file), external_data=False)


def _difference(network: nn.Module, session: Any, inputs: Tensor, name: str) -> float:
    with torch.no_grad():
        expected = network(inputs).numpy()
    (found,) = session.run(None, {name: inputs.numpy()})
    return float(np.abs(found - expected).max())


def _size(inputs: Tensor) -> str:
    return " x ".join(map(str, inputs.shape))
