"""The exponential moving average of the weights, which draws the samples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_RAMP = 0.05
"""The half-life is at most this part of the images seen, so that early weights soon lose influence (StyleGAN2-ADA)."""


class Average:
    """The averaged copy of a network, with a half-life in images. Buffers are copied without averaging."""

    def __init__(self, network: nn.Module, half_life: float) -> None:
        self._network = network
        self._half_life = half_life
        self._decay = 0.0
        self._model = AveragedModel(network, multi_avg_fn=self._lerp)
        self._model.requires_grad_(False)
        self._model.eval()

    @property
    def network(self) -> nn.Module:
        """The averaged network, in evaluation mode."""
        module: Any = self._model.module
        return module if isinstance(module, nn.Module) else self._network

    def update(self, images_seen: int, batch: int) -> None:
        """Moves the average towards the network after a round with `batch` images."""
        half_life = min(self._half_life, _RAMP * images_seen)
        self._decay = 0.5 ** (batch / half_life) if half_life else 0.0
        self._model.update_parameters(self._network)

    def _lerp(self, averaged: Sequence[Tensor], current: Sequence[Tensor], _: Tensor | int) -> None:
        torch._foreach_lerp_(list(averaged), list(current), 1 - self._decay)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Swaps the weights of the network and its average while the block runs."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        pairs = zip(_tensors(self._network), _tensors(self.network), strict=True)
        for current, averaged in pairs:
            current.data, averaged.data = averaged.data, current.data

    def state(self) -> dict[str, Tensor]:
        """The averaged weights by name."""
        return self.network.state_dict()

    def restore(self, state: dict[str, Tensor], updates: int) -> None:
        """Restores an average that was saved after that many updates."""
        self.network.load_state_dict(state)
        self._model.n_averaged.fill_(updates)  # with 0 updates, the next one would copy the weights


def _tensors(network: nn.Module) -> Iterator[Tensor]:
    return chain(network.parameters(), network.buffers())
