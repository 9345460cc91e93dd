"""What a step computes its loss from: images, randomness and the progress of the run."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo.deprecated import keep_old_names, warn

Draw = Callable[[Sequence[int], torch.Generator], Tensor]


def draw_normal(size: Sequence[int], rng: torch.Generator) -> Tensor:
    """Standard normal numbers of that shape, on the generator's device."""
    return torch.randn(*size, generator=rng, device=rng.device)


class SharedGenerator(torch.Generator):
    """A generator on the CPU. Each of `count` processes holds an equal copy of it, for its `own` images of a batch.

    `rows` draws for the images of all processes and returns those of process `rank`. So the numbers of an image do not
    depend on the number of processes, and all copies stay equal.
    """

    def __new__(cls, count: int, rank: int, own: int) -> Self:
        """Starts with torch's default seed, as any generator."""
        return super().__new__(cls, "cpu")  # type: ignore[call-arg]  # the stubs give it an __init__

    def __init__(self, count: int, rank: int, own: int) -> None:
        self.count = count
        self.rank = rank
        self.own = own

    def rows(self, number: int, draw: Callable[[int], Tensor]) -> Tensor:
        """The `number` rows of this process out of `draw(all rows)`; `number` may be a multiple of its own images."""
        if self.count == 1:
            return draw(number)
        stacked = number // self.own if number % self.own == 0 else 1
        drawn = draw(number * self.count)
        return drawn.view(stacked, self.count, number // stacked, *drawn.shape[1:])[:, self.rank].flatten(0, 1)


def rows_of(rng: torch.Generator, number: int, draw: Callable[[int], Tensor]) -> Tensor:
    """The `number` rows that `draw` draws from `rng` for this process; see `SharedGenerator.rows`."""
    return rng.rows(number, draw) if isinstance(rng, SharedGenerator) else draw(number)


def alike(
    change: Callable[[Tensor, torch.Generator], Tensor], pictures: Iterable[Tensor], rng: torch.Generator
) -> list[Tensor]:
    """Each of the `pictures` changed by the same random numbers, as a photo and its painting must be.

    `rng` advances as for one of them.
    """
    state = rng.get_state()
    changed = []
    for picture in pictures:
        rng.set_state(state)
        changed.append(change(picture, rng))
    return changed


def example_labels(count: int, attributes: Mapping[str, tuple[str, ...]], start: int = 0) -> Tensor | None:
    """Labels int64 count x A for sampling without data: all combinations of values in turn; None without attributes."""
    if not attributes:
        return None
    sizes = [len(values) for values in attributes.values()]
    combinations = (torch.arange(start, start + count) % math.prod(sizes)).numpy()
    return torch.stack([torch.as_tensor(column) for column in np.unravel_index(combinations, sizes)], dim=1)


@keep_old_names
class Batch:
    """One draw of the data, B C H W in [-1, 1], with everything else that a step may depend on.

    `target` are the images to learn from (when sampling, a blank of the wanted shape), `source` the images to
    translate, `label` int64 B A. `progress` is the part of the budget that is used up, in [0, 1]; `number` counts
    rounds from 0. All randomness comes from `noise` and `uniform`, which draw from `rng`. When several processes share
    a batch, each holds its `local_slice` of the `global_size` images, and the numbers drawn for these.
    """

    def __init__(
        self,
        target: Tensor,
        rng: torch.Generator,
        *,
        source: Tensor | None = None,
        label: Tensor | None = None,
        progress: float = 0.0,
        number: int = 0,
        draw: Draw = draw_normal,
        global_size: int | None = None,
        local_slice: slice | None = None,
        all_reduce_mean: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.target = target
        self.source = source
        self.label = label
        self.rng = rng
        self.progress = progress
        self.number = number
        self.keep_graph = False
        """Whether a later step may use what `shared` computes now; the engine sets it."""
        self.frozen: frozenset[nn.Parameter] = frozenset()
        """The parameters that the engine has frozen because other steps train them; a recipe may freeze more."""
        self.recorded: dict[str, Tensor] = {}
        """What `record` was given in this step, by name."""
        self._draw = draw
        self.global_size: int = len(target) if global_size is None else global_size
        self.local_slice: slice = local_slice or slice(None)
        self._all_reduce_mean = all_reduce_mean
        self._stashed: dict[str, Tensor] = {}
        self._shared: dict[str, tuple[nn.Module, Tensor]] = {}

    def __len__(self) -> int:
        """The images of this process."""
        return len(self.target)

    def noise(self, *size: int) -> Tensor:
        """Standard normal latents, B x size, on the device of the images."""
        return self._own(self._draw((self.global_size, *size), self.rng))

    def uniform(self, *size: int) -> Tensor:
        """Uniform numbers in [0, 1), B x size, on the device of the images."""
        return self._own(torch.rand(self.global_size, *size, generator=self.rng, device=self.rng.device))

    def _own(self, numbers: Tensor) -> Tensor:
        return numbers[self.local_slice].to(self.target.device, non_blocking=True)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of B x ... over the images of the whole batch, including other processes; gradients pass.

        Use it for a mean inside something that is not linear, such as a distance between statistics. A loss that is
        itself a mean over images does not need it: the engine averages over the processes. All processes must call it
        in the same order.
        """
        mean = values.mean(0)
        return mean if self._all_reduce_mean is None else self._all_reduce_mean(mean)

    def record(self, name: str, value: Tensor) -> None:
        """Passes a scalar to the logs and the live view; it takes no part in the loss."""
        self.recorded[name] = value.detach()

    def with_target(self, target: Tensor, label: Tensor | None) -> "Batch":
        """The same draw with other images, and their labels, in place of the target; logs and stashes are shared."""
        other = copy(self)
        other.target, other.label = target, label
        return other

    def showing(self, target: Tensor) -> "Batch":
        """Old name of `with_target`; the label stays that of this batch."""
        warn("Batch.showing(target)", "Batch.with_target(target, label)")
        return self.with_target(target, self.label)

    def stash(self, **values: Tensor) -> None:
        """Keeps values, detached, for later steps of the round; they stay the same whatever is trained in between."""
        self._stashed |= {name: value.detach() for name, value in values.items()}

    def unstash(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """The value that an earlier step of the round has stashed, else `compute()`; detached either way."""
        if name in self._stashed:
            return self._stashed[name]
        with torch.no_grad():
            return compute()

    def shared(self, name: str, module: nn.Module, compute: Callable[[], Tensor]) -> Tensor:
        """`compute()`, a forward pass of `module`, run once for all steps between which `module` is not trained.

        Gradients reach `module` through the result in the step that trains it; any other step uses `.detach()`.
        """
        if name not in self._shared:
            frozen = [parameter for parameter in module.parameters() if parameter in self.frozen]
            with _graph_of(frozen, self.keep_graph):
                self._shared[name] = (module, compute())
        return self._shared[name][1]

    def forget(self, trained: nn.Module) -> None:
        """Drops the shared results of a module that has been trained since; the engine calls it."""
        changed = set(trained.parameters())
        self._shared = {
            name: entry for name, entry in self._shared.items() if changed.isdisjoint(entry[0].parameters())
        }


@contextmanager
def _graph_of(frozen: Sequence[nn.Parameter], keep: bool) -> Iterator[None]:
    """Records the graph of parameters that the engine has frozen for the step of another module, if it is kept."""
    if frozen and not keep:
        with torch.no_grad():
            yield
        return
    for parameter in frozen:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
