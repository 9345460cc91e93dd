"""Loads a finished run for use: `ganzoo.load(...)` gives an object that samples."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ganzoo import images
from ganzoo.api import open_catalog, recorded_configuration
from ganzoo.batch import Batch, Draw, draw_normal
from ganzoo.catalog import Catalog
from ganzoo.engine import checkpoint
from ganzoo.engine.device import choose_device
from ganzoo.engine.launch import build_gan
from ganzoo.errors import StorageError, one_line
from ganzoo.model import GAN
from ganzoo.runs import read_run_file
from ganzoo.specs import ImageShape
from ganzoo.walk import loop_noise

_BATCH = 64


class LoadedGAN:
    """A trained model with its averaged weights, in evaluation mode; `step` is the training step they are from."""

    def __init__(self, gan: GAN, shape: ImageShape, step: int, device: torch.device) -> None:
        self.gan = gan.to(device=device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.shape = shape
        self.step = step
        self.device = device

    def sample(self, count: int = 64, *, seed: int = 0) -> Tensor:
        """Images count 3 H W in [-1, 1]; the same seed gives the same images, however many more are drawn."""
        rng = torch.Generator().manual_seed(seed)
        return torch.cat([self._draw(n, rng, draw_normal) for n in _pieces(count)])

    def walk(self, frames: int = 60, *, seed: int = 0) -> Tensor:
        """Images frames 3 H W in [-1, 1] on a smooth closed loop through latent space."""
        if frames < 1:
            return torch.empty(0, 3, self.shape.height, self.shape.width)
        done = 0

        def piece_of_loop(size: Sequence[int], rng: torch.Generator) -> Tensor:
            loop = loop_noise((frames, *size[1:]), rng.manual_seed(seed))
            return loop[done : done + size[0]]

        drawn = []
        for count in _pieces(frames):
            drawn.append(self._draw(count, torch.Generator(), piece_of_loop))
            done += count
        return torch.cat(drawn)

    @staticmethod
    def to_pil(tensor: Tensor) -> list[Image.Image]:
        """Images B 3 H W in [-1, 1] as PIL images."""
        return images.to_pil(tensor)

    @torch.no_grad()
    def _draw(self, count: int, rng: torch.Generator, draw: Draw) -> Tensor:
        shape = self.shape
        blank = torch.zeros((), device=self.device).expand(count, shape.channels, shape.height, shape.width)
        drawn: Tensor = self.gan(Batch(blank, rng, label=self._labels(count), progress=1.0, draw=draw))
        return drawn.float().cpu()

    def _labels(self, count: int) -> Tensor | None:
        """Each value of each attribute in turn."""
        if not self.shape.attributes:
            return None
        columns = [torch.arange(count) % len(values) for values in self.shape.attributes.values()]
        return torch.stack(columns, dim=1).to(self.device)


def load(
    folder: str | Path,
    *,
    which: str | int = checkpoint.LATEST,
    device: str = "auto",
    catalog: Catalog | None = None,
) -> LoadedGAN:
    """The model of a run folder; `which` is "LATEST" or a step that has a checkpoint.

    Raises UsageError when the folder is no run's, StorageError when it has no good checkpoint, PluginError when the
    plugin it was trained with is missing.
    """
    folder = Path(folder)
    content = read_run_file(folder)
    configuration = recorded_configuration(content, catalog or open_catalog())
    attributes = {name: tuple(values) for name, values in content["data"]["attributes"].items()}
    gan = build_gan(configuration, attributes)
    step, saved, _ = checkpoint.load(folder / "checkpoints", ("weights", "ema"), str(which))
    try:
        gan.load_state_dict(dict(saved.tensors["weights"]))
        if "ema" in saved.tensors:
            gan.averaged.load_state_dict(dict(saved.tensors["ema"]))
    except (KeyError, RuntimeError) as error:
        raise StorageError(f"the checkpoint of '{folder}' does not fit its model: {one_line(error)}") from error
    size = configuration.settings.size
    shape = ImageShape(height=size.height, width=size.width, attributes=attributes)
    return LoadedGAN(gan, shape, step, choose_device(device))


def _pieces(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, _BATCH)
        count -= _BATCH
