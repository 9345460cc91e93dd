"""Draws the batches of a training: which images come when, changed as the configuration says, on the device."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo.batch import Batch, SharedGenerator, alike
from ganzoo.config.units import Size
from ganzoo.data.crop import cropped
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import fitted
from ganzoo.data.order import Order, balanced
from ganzoo.data.training import TrainingData, unseen
from ganzoo.engine.processes import Processes
from ganzoo.model import GAN, Augmentation, NoAugmentation


class Batches:
    """The batches of one training, of which each of several processes draws its own part.

    All randomness comes from `rng` and from the seed of the orders, so that the batch at a position is always the same.
    With `crop`, images are crops of that size, taken at random scales before they are augmented.
    """

    def __init__(
        self,
        gan: GAN,
        data: TrainingData,
        device: torch.device,
        *,
        size: int,
        seed: int,
        augment: Augmentation | None,
        processes: Processes,
        crop: Size | None = None,
    ) -> None:
        self.data = data
        self.device = device
        self.size = size
        self.augment = None if augment is None or isinstance(augment, NoAugmentation) else augment.to(device)
        self.crop = crop
        self._processes = processes
        self._local = processes.local_slice(size)
        self._layout = gan.layout(device)
        self._paired = gan.paired
        self._numbers = balanced(data.numbers, data.images.labels) if gan.balanced else data.numbers
        self.order = Order(len(self._numbers), seed)
        self.source_order = Order(len(data.source_numbers), seed + 1)
        self.rng = SharedGenerator(processes.world_size, processes.rank, self._local.stop - self._local.start)
        self.rng.manual_seed(seed)

    def draw(self, position: int, *, progress: float, number: int) -> Batch:
        """The batch after `position` images of the endless sequence, for the round of that number."""
        chosen = self._numbers[self.order.indices(position, self.size)[self._local]]
        pixels, labels = self.data.images.take(chosen)
        photos = self._sources(chosen, position)
        source: Tensor | None = None
        if photos is not None and self._paired:
            source, target = alike(self._augmented, (photos, pixels), self.rng)
        else:
            if photos is not None:
                source = self._augmented(photos, self.rng)
            target = self._augmented(pixels, self.rng)
        return Batch(
            target,
            self.rng,
            source=source,
            label=labels.to(self.device) if labels.shape[1] else None,
            progress=progress,
            number=number,
            global_size=self.size,
            local_slice=self._local,
            all_reduce_mean=self._processes.all_reduce_mean if self._processes.world_size > 1 else None,
        )

    def unseen_sources(self, most: int, size: Size) -> Tensor | None:
        """At most so many photos that the training never sees (any, where none are held out), B 3 H W in [-1, 1].

        They have that `size` and are whole, without the margin of an augmentation.
        """
        data = self.data
        if data.sources is None:
            return None
        pixels, _ = data.sources.take(unseen(data.sources, data.source_numbers, most))
        return self._images(fitted(pixels, size)).contiguous(memory_format=self._layout)

    def _sources(self, chosen: NDArray[np.int64], position: int) -> Tensor | None:
        """The photos of a batch, uint8 B 3 H W; those of the `chosen` paintings where they are pairs."""
        data = self.data
        if data.sources is None:
            return None
        if self._paired:
            numbers = data.partners[chosen]
        else:
            numbers = data.source_numbers[self.source_order.indices(position, self.size)[self._local]]
        return data.sources.take(numbers)[0]

    def _augmented(self, pixels: Tensor, rng: torch.Generator) -> Tensor:
        images = self._images(pixels if self.crop is None else cropped(pixels, self.crop, rng))
        if self.augment is not None:
            with torch.no_grad():
                images = self.augment(images, rng).clamp(-1, 1)
        return images.contiguous(memory_format=self._layout)

    def _images(self, pixels: Tensor) -> Tensor:
        """uint8 B 3 H W -> float32 in [-1, 1] on the device."""
        if self.device.type == "cuda":
            pixels = pixels.pin_memory()
        return from_uint8(pixels.to(self.device, non_blocking=True))
