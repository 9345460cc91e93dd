"""The processes that train one run together, each with its share of every batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganzoo.errors import GanzooError, one_line


class LostError(GanzooError):
    """Another process is gone, or no longer computes the same."""


@dataclass(frozen=True)
class Processes:
    """The `rank` of this process, the number of processes, and the `group` of torch.distributed that joins them.

    The engine averages gradients itself: DistributedDataParallel silently synchronises penalties and adversarial losses
    in the wrong way. Every process must call the collective methods, in the same order.
    """

    rank: int = 0
    world_size: int = 1
    group: distributed.ProcessGroup | None = None

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes, prints and scores."""
        return self.rank == 0

    def local_slice(self, batch: int) -> slice:
        """The part of a batch that this process computes. Raises ValueError when the batch can't be divided evenly."""
        if batch % self.world_size:
            count = self.world_size
            raise ValueError(f"a batch of {batch} can't be shared by {count} processes: give a multiple of {count}")
        size = batch // self.world_size
        return slice(self.rank * size, (self.rank + 1) * size)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replaces each gradient by its mean over the processes, in one exchange of one flat tensor."""
        if self.group is None:
            return
        # A parameter without a gradient on one process may have one on another, so every process sends all of them.
        gradients = [_gradient(parameter) for parameter in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with _lost_process():
            distributed.all_reduce(flat, group=self.group)
        flat /= self.world_size
        means = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def all_reduce_mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over the processes. Gradients pass through it to all of them."""
        averaged: Tensor = _Mean.apply(values, self)
        return averaged

    def all_reduce_max(self, values: Sequence[float]) -> list[float]:
        """The maximum of each value over the processes, for decisions that all must share."""
        if self.group is None:
            return list(values)
        numbers = torch.tensor(values, dtype=torch.float64)
        with _lost_process():
            distributed.all_reduce(numbers, distributed.ReduceOp.MAX, group=self.group)
        return numbers.tolist()

    def all_reduce_sum(self, values: Tensor) -> Tensor:
        """The sum of a tensor over the processes."""
        total = values.detach().to(torch.promote_types(values.dtype, torch.float32), copy=True).contiguous()
        if self.group is not None:
            with _lost_process():
                distributed.all_reduce(total, group=self.group)
        return total.to(values.dtype)

    def average_scalars(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean of each value over the processes, each of which computed it on its own images."""
        if self.group is None or not values:
            return dict(values)
        numbers = torch.tensor(list(values.values()), dtype=torch.float64)
        with _lost_process():
            distributed.all_reduce(numbers, group=self.group)
        return dict(zip(values, (numbers / self.world_size).tolist(), strict=True))

    def any(self, value: bool) -> bool:
        """Whether the value is true on any process."""
        return self.all_reduce_max([float(value)])[0] > 0

    def first_message(self, own: str) -> str:
        """The message of the lowest rank that has one; every process gives its own, which may be empty."""
        if self.group is None:
            return own
        messages = [""] * self.world_size
        with _lost_process():
            distributed.all_gather_object(messages, own, group=self.group)
        return next(filter(None, messages), "")

    def sync_buffers(self, network: nn.Module) -> None:
        """Makes the buffers of a network the same on all processes, as they are after a resume.

        Running statistics of batch norms become their mean over the processes. All other buffers, such as a pool of
        images or a count, become those of the main process: their mean would make no sense.
        """
        if self.group is None:
            return
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
        averaged = {buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()}
        for buffer in network.buffers():
            if buffer in averaged:
                buffer.copy_(self.all_reduce_sum(buffer) / self.world_size)
            else:
                with _lost_process():
                    distributed.broadcast(buffer, group=self.group, group_src=0)

    def check_same(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Raises LostError on all processes unless they have the same bits; it names the first tensor that differs."""
        if self.group is None:
            return
        own = torch.stack([_checksum(tensor) for tensor in tensors.values()])
        rows = [torch.empty_like(own) for _ in range(self.world_size)]
        with _lost_process():
            distributed.all_gather(rows, own, group=self.group)
        for place, name in enumerate(tensors):
            sums = [int(row[place]) for row in rows]
            if others := [rank for rank, one in enumerate(sums) if one != sums[0]]:
                ranks = ", ".join(map(str, others))
                raise LostError(
                    f"at step {step} '{name}' is not the same on process 0 and on {ranks}: the processes have drifted"
                    " apart; the last checkpoint was written before that"
                )


class _Mean(torch.autograd.Function):
    """A mean over processes whose losses are averaged too, so the gradient of each is a mean as well."""

    @staticmethod
    def forward(context: Any, values: Tensor, processes: Processes) -> Tensor:
        context.processes = processes
        return processes.all_reduce_sum(values) / processes.world_size

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        # Differentiable in its turn, for penalties on gradients.
        return context.processes.all_reduce_mean(gradients[0]), None


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _checksum(tensor: Tensor) -> Tensor:
    """The sum of the bytes as integers, on the CPU: comparisons are rare and the numbers are few."""
    words = tensor.detach().contiguous().flatten().view(torch.uint8)
    words = words.view(torch.int32) if words.numel() % 4 == 0 and words.numel() else words
    return words.sum(dtype=torch.int64).cpu()


@contextmanager
def _lost_process() -> Iterator[None]:
    """Turns a connection that broke or went silent into a LostError."""
    try:
        yield
    except RuntimeError as error:
        raise LostError(f"another process is gone or silent: {one_line(error)}") from error
