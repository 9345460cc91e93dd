"""The Inception-v3 of the Fréchet Inception distance (Szegedy et al., arXiv 1512.00567), through torch-fidelity."""

import io
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ganzoo import StorageError, UsageError
from ganzoo.encoders import Encoder, Resize
from ganzoo.weights import import_weights, place
from ganzoo_plugins.encoders.weights import read

if TYPE_CHECKING:
    from ganzoo_plugins.encoders import InceptionOptions

EXTRACTOR = "torch_fidelity.feature_extractor_inceptionv3"
SIDE = 299
_HASH = 8
"""The file name ends in this many digits of the file's SHA-256."""
STAGES = {
    "conv": ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "MaxPool_1"),
    "narrow": ("Conv2d_3b_1x1", "Conv2d_4a_3x3", "MaxPool_2"),
    "mixed": ("Mixed_5b", "Mixed_5c", "Mixed_5d"),
    "mixed6": ("Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"),
    "mixed7": ("Mixed_7a", "Mixed_7b", "Mixed_7c"),
}
"""torch-fidelity's blocks in the order of its forward pass; each stage ends where a map is taken."""


class Inception(Encoder):
    """2048 features of the last pooling; the resize to 299 x 299 is antialiased, unlike TensorFlow's of 2015."""

    def __init__(self, extractor: nn.Module) -> None:
        stages = {name: nn.Sequential(*map(extractor.get_submodule, blocks)) for name, blocks in STAGES.items()}
        super().__init__(
            nn.ModuleDict(stages),
            name="inception",
            architecture="torch-fidelity inception-v3-compat 2048",
            dimension=2048,
            strides=(4, 8, 8, 16, 32),
            channels=(64, 192, 288, 768, 2048),
            resize=Resize(side=SIDE, square=True),
            mean=(128 / 255,) * 3,
            std=(128 / 255,) * 3,
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
        for stage in tuple(STAGES)[:depth]:
            inputs = self.network.get_submodule(stage)(inputs)
            maps.append(inputs)
        return tuple(maps)


def inception(options: "InceptionOptions") -> Inception:
    """The part `inception`. Raises UsageError when torch-fidelity or the weights are missing, or don't fit."""
    try:
        module = import_module(EXTRACTOR)
    except ImportError as error:
        raise UsageError("encoder 'inception' needs torch-fidelity: pip install 'ganzoo-core[metrics]'") from error
    weights = (
        read(Path(os.path.expanduser(options.weights))) if options.weights else downloaded(module.URL_INCEPTION_V3)
    )
    return Inception(extractor(module.FeatureExtractorInceptionV3, weights, options.weights or "download"))


def downloaded(url: str) -> dict[str, Tensor]:
    """torch-fidelity's weights, downloaded as a .pth file and kept as safetensors.

    Its hash must match its name. Raises UsageError when it can't be downloaded or imported.
    """
    kept = place(Path(url).stem)
    if not kept.is_file():
        draft = kept.with_suffix(f".{os.getpid()}.pth")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(draft), hash_prefix=Path(url).stem[-_HASH:], progress=False)
            import_weights(draft, kept, overwrite=True)
        except (OSError, RuntimeError, StorageError) as error:
            raise UsageError(
                f"no weights for encoder 'inception' ({type(error).__name__}): connect to the network, or fetch {url},"
                " make safetensors of it with `ganzoo import-weights` and give weights=FILE"
            ) from error
        finally:
            draft.unlink(missing_ok=True)
    return read(kept)


def extractor(kind: type[nn.Module], weights: dict[str, Tensor], source: str) -> nn.Module:
    """torch-fidelity's extractor with these weights.

    It needs a file, which it reads with an unpickler that runs code. So it receives a file of ours, in memory.
    """
    file = io.BytesIO()
    torch.save(weights, file)
    file.seek(0)
    try:
        with torch.random.fork_rng(devices=[]):
            return kind("inception-v3-compat", ["2048"], feature_extractor_weights_path=file)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"weights '{source}' do not fit Inception-v3: {reason}") from error
