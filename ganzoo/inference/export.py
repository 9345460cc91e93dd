"""Exports trained models as ONNX files, and checks each file against torch on several sizes before keeping it."""

import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo.errors import GanzooError, StorageError, UsageError, one_line
from ganzoo.inference.loaded import LoadedGAN, LoadedTranslator, Style
from ganzoo.io.files import replacing
from ganzoo.model import AdversarialGAN
from ganzoo.translator import Translator

TOLERANCE = 1e-4
"""The largest difference to torch, for values in [-1, 1], with which a file is kept."""
_PROVIDER = "CPUExecutionProvider"
_CHECKED = ((1, 16, 24), (2, 32, 16), (1, 40, 56))
"""Batch, height and width of the checked inputs, in multiples of what the model takes. Latents use the batch only."""
_CHECKED_IF_COARSE = ((1, 2, 3), (2, 1, 2), (1, 3, 1))
_COARSE = 32
"""From this multiple on a few of them make a large picture."""


class _TranslatorNetwork(nn.Module):
    """A translator as a network with one input. `style` M is what it paints in, None for what it has learnt."""

    style: Tensor | None

    def __init__(self, gan: Translator, style: Tensor | None) -> None:
        super().__init__()
        self.gan = gan
        self.register_buffer("style", style)

    def forward(self, image: Tensor) -> Tensor:
        style = None if self.style is None else self.style.expand(image.shape[0], -1)
        return self.gan.translate(image, style=style).clamp(-1, 1)


class _GeneratorNetwork(nn.Module):
    """A generator without labels as a network with one input."""

    def __init__(self, gan: AdversarialGAN) -> None:
        super().__init__()
        self.generator = gan.generator

    def forward(self, latent: Tensor) -> Tensor:
        images: Tensor = self.generator(latent)
        return images


@dataclass(frozen=True, kw_only=True)
class _Exported:
    """What to write: the network, inputs to check it on, the names of its input and output, and which sizes vary."""

    network: nn.Module
    inputs: list[Tensor]
    names: tuple[str, str]
    dynamic: dict[str, Any]
    size_multiple: int = 1


def export_onnx(gan: LoadedGAN, file: Path, *, style: Style | None = None) -> list[tuple[str, float]]:
    """Writes the model, and returns the largest difference to torch for each checked input by its size.

    A translator's file takes "image" B 3 H W and returns "painted" B 3 H W; H and W are multiples of "unit" in the
    file's metadata. It paints in `style`, which is as in `LoadedTranslator.stylize`. A generator's file takes "latent"
    B D and returns "images" B 3 H W. All images are in [-1, 1]. Raises UsageError without the packages, and for a model
    that can't be exported. Raises GanzooError, and leaves no file, when a difference is above `TOLERANCE`.
    """
    code = gan.stylizer(style=style).style if isinstance(gan, LoadedTranslator) and _paints(gan) else None
    if style is not None and code is None:
        raise UsageError("--style is for translators, and this model draws from noise: leave it out")
    runtime = _runtime()
    exported = _exported(gan, code)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as draft:
            _write(exported, draft)
            differences = _differences(exported, runtime.InferenceSession(str(draft), providers=[_PROVIDER]))
            if (worst := max(difference for _, difference in differences)) > TOLERANCE:
                raise GanzooError(
                    f"the exported network differs from torch by {worst:.2g}, more than {TOLERANCE:g}: no file was"
                    " written"
                )
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    return differences


def _runtime() -> Any:
    try:
        for name in ("onnx", "onnxscript"):
            import_module(name)  # torch's exporter needs them
        return import_module("onnxruntime")
    except ImportError as error:
        raise UsageError(f"export needs {error.name}: pip install 'ganzoo-core[export]'") from None


def _paints(gan: LoadedGAN) -> bool:
    return isinstance(gan.gan, Translator)


def _exported(gan: LoadedGAN, style: Tensor | None) -> _Exported:
    """Raises UsageError for a model that can't be exported."""
    if isinstance(gan.gan, Translator):
        return _exported_translator(gan.gan, style)
    if isinstance(gan.gan, AdversarialGAN) and not gan.gan.conditional:
        rng = torch.Generator().manual_seed(0)
        return _Exported(
            network=_GeneratorNetwork(gan.gan).eval(),
            inputs=[torch.randn(b * 2, gan.gan.generator.latent, generator=rng) for b, _, _ in _CHECKED],
            names=("latent", "images"),
            dynamic={"latent": {0: torch.export.Dim("batch")}},
        )
    raise UsageError("this model can't be exported: only translators and generators without labels can")


def _exported_translator(gan: Translator, style: Tensor | None) -> _Exported:
    rng, dim, multiple = torch.Generator().manual_seed(0), torch.export.Dim, gan.size_multiple
    coarse = multiple >= _COARSE
    checked, least = (_CHECKED_IF_COARSE, 1) if coarse else (_CHECKED, 4 if multiple > 1 else 16)
    sizes = [(b, 3, h * multiple, w * multiple) for b, h, w in checked]
    height, width = dim("h", min=least), dim("w", min=least)
    if multiple > 1:
        height, width = multiple * height, multiple * width
    return _Exported(
        network=_TranslatorNetwork(gan, style).eval(),
        inputs=[torch.rand(size, generator=rng) * 2 - 1 for size in sizes],
        names=("image", "painted"),
        dynamic={"image": {0: dim("batch"), 2: height, 3: width}},
        size_multiple=multiple,
    )


def _write(exported: _Exported, file: Path) -> None:
    # A batch of two: torch would take a batch of one for a fixed size.
    example = torch.cat([exported.inputs[0], exported.inputs[0]])
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # from torch about its own code
        program: Any = torch.onnx.export(
            exported.network,
            (example,),
            dynamo=True,
            dynamic_shapes=exported.dynamic,
            input_names=[exported.names[0]],
            output_names=[exported.names[1]],
            verbose=False,
        )
        program.model.metadata_props.update({"unit": str(exported.size_multiple), "range": "[-1, 1]"})
        program.save(str(file), external_data=False)


def _differences(exported: _Exported, session: Any) -> list[tuple[str, float]]:
    return [(_size(one), _difference(exported.network, session, one, exported.names[0])) for one in exported.inputs]


def _difference(network: nn.Module, session: Any, inputs: Tensor, name: str) -> float:
    with torch.no_grad():
        expected = network(inputs).numpy()
    (found,) = session.run(None, {name: inputs.numpy()})
    return float(np.abs(found - expected).max())


def _size(inputs: Tensor) -> str:
    return " x ".join(map(str, inputs.shape))
