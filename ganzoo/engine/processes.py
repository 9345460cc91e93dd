"""The processes that train one run together, each with its share of every batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganzoo.errors import GanzooError, one_line

_LONGEST_WORD = 400
"""Bytes."""


class LostError(GanzooError):
    """Another process is gone, or no longer computes the same."""


@dataclass(frozen=True)
class Processes:
    """The number of this process, how many there are, and the `group` of torch.distributed in which several talk.

    Gradients are averaged by hand and not by DistributedDataParallel, which synchronises penalties and two-player
    losses wrongly without a word. Every method that talks must be called by all processes in the same order.
    """

    rank: int = 0
    count: int = 1
    group: distributed.ProcessGroup | None = None

    @property
    def first(self) -> bool:
        """Whether this is the process that writes, prints and scores."""
        return self.rank == 0

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
        with _naming_trouble():
            self.group.allreduce([flat]).wait()
        flat /= self.count
        means = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over the processes, through which gradients pass to all of them."""
        averaged: Tensor = _Mean.apply(values, self)
        return averaged

    def largest(self, values: Sequence[float]) -> list[float]:
        """Of each value the largest that a process has; for what all must decide alike."""
        if self.group is None:
            return list(values)
        numbers = torch.tensor(values, dtype=torch.float64)
        options = distributed.AllreduceOptions()
        options.reduceOp = distributed.ReduceOp.MAX
        with _naming_trouble():
            self.group.allreduce([numbers], options).wait()
        return numbers.tolist()

    def summed(self, values: Tensor) -> Tensor:
        """The sum of a tensor over the processes."""
        total = values.detach().to(torch.promote_types(values.dtype, torch.float32), copy=True).contiguous()
        if self.group is not None:
            with _naming_trouble():
                self.group.allreduce([total]).wait()
        return total.to(values.dtype)

    def means(self, values: Mapping[str, float]) -> dict[str, float]:
        """Of each value the mean over the processes, which each computed it of their own images."""
        if self.group is None:
            return dict(values)
        numbers = torch.tensor(list(values.values()), dtype=torch.float64)
        with _naming_trouble():
            self.group.allreduce([numbers]).wait()
        return dict(zip(values, (numbers / self.count).tolist(), strict=True))

    def any(self, value: bool) -> bool:
        """Whether it is so on any process."""
        return self.largest([float(value)])[0] > 0

    def word(self, own: str) -> str:
        """What the first process that has something to say says, on all."""
        if self.group is None:
            return own
        letters = torch.zeros(_LONGEST_WORD, dtype=torch.uint8)
        said = own.encode()[:_LONGEST_WORD]
        letters[: len(said)] = torch.tensor(list(said), dtype=torch.uint8)
        rows = [torch.empty_like(letters) for _ in range(self.count)]
        with _naming_trouble():
            self.group.allgather([rows], [letters]).wait()
        words = (bytes(row.tolist()).rstrip(b"\0").decode(errors="replace") for row in rows)
        return next(filter(None, words), "")

    def agree_on_buffers(self, network: nn.Module) -> None:
        """Makes what is not trained the same on all processes, as it is after a resume.

        Running statistics of batch norms become the mean of what each has seen; all else, such as a pool of pictures
        or a count, of which a mean would make no sense, that of the first process.
        """
        if self.group is None:
            return
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
        averaged = {buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()}
        for buffer in network.buffers():
            if buffer in averaged:
                buffer.copy_(self.summed(buffer) / self.count)
            else:
                with _naming_trouble():
                    self.group.broadcast([buffer], distributed.BroadcastOptions()).wait()

    def check_same(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Raises LostError, on all processes, naming the first tensor that is not the same on each, bit by bit."""
        if self.group is None:
            return
        own = torch.stack([_checksum(tensor) for tensor in tensors.values()])
        rows = [torch.empty_like(own) for _ in range(self.count)]
        with _naming_trouble():
            self.group.allgather([rows], [own]).wait()
        for place, name in enumerate(tensors):
            sums = [int(row[place]) for row in rows]
            if others := [rank for rank, one in enumerate(sums) if one != sums[0]]:
                ranks = ", ".join(map(str, others))
                raise LostError(
                    f"at step {step} '{name}' is not the same on process 0 and on {ranks}: the processes have drifted"
                    " apart; the last checkpoint is from before it"
                )


class _Mean(torch.autograd.Function):
    """A mean over processes whose losses are averaged in their turn: what reaches one of them is a mean as well."""

    @staticmethod
    def forward(context: Any, values: Tensor, processes: Processes) -> Tensor:
        context.processes = processes
        return processes.summed(values) / processes.count

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return context.processes.mean(gradients[0]), None  # itself to be differentiated, for penalties on gradients


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _checksum(tensor: Tensor) -> Tensor:
    """The sum of the bytes' words; on the CPU, since comparing is rare and the numbers are few."""
    words = tensor.detach().contiguous().flatten().view(torch.uint8)
    words = words.view(torch.int32) if words.numel() % 4 == 0 and words.numel() else words
    return words.sum(dtype=torch.int64).cpu()


@contextmanager
def _naming_trouble() -> Iterator[None]:
    """A connection that broke or went silent is a process that is gone."""
    try:
        yield
    except RuntimeError as error:
        raise LostError(f"another process is gone or silent: {one_line(error)}") from error
