"""The processes that train one run together, each with its share of every batch."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Processes:
    """The number of this process, how many there are, and the `group` of torch.distributed in which several talk.

    Gradients are averaged by hand and not by DistributedDataParallel, which synchronises penalties and two-player
    losses wrongly without a word.
    """

    rank: int = 0
    count: int = 1
    group: torch.distributed.ProcessGroup | None = None

    def share(self, batch: int) -> slice:
        """The places of a batch that are this process's. Raises ValueError when it can't be divided evenly."""
        if batch % self.count:
            raise ValueError(f"a batch of {batch} can't be shared by {self.count} processes: give a multiple of it")
        size = batch // self.count
        return slice(self.rank * size, (self.rank + 1) * size)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replaces each gradient by the mean over the processes, in one exchange of one flat tensor."""
        if self.group is None:
            return
        # A parameter without gradient on one process may have one on another, so that all must send all.
        gradients = [_gradient(parameter) for parameter in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        self.group.allreduce([flat]).wait()
        flat /= self.count
        means = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
