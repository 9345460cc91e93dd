"""Faster forms of the layers that translators are made of, which stand in for them while a picture is painted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode


@contextmanager
def replaced(module: nn.Module, name: str, method: Callable[..., Any]) -> Iterator[None]:
    """Replaces a method of one module while the block runs. The replacement receives the module first."""
    setattr(module, name, partial(method, module))
    try:
        yield
    finally:
        delattr(module, name)


class QuickPadding(TorchFunctionMode):
    """While the block runs, reflection padding copies rows and columns; torch's takes longer with channels last."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Every function of torch that is called in the block."""
        given = kwargs or {}
        if func is functional.pad and given.get("mode", args[2] if len(args) > 2 else "") == "reflect":
            margins = given.get("pad", args[1] if len(args) > 1 else ())
            if args and args[0].dim() == len(margins) == 4 and min(margins) >= 0:
                return _mirrored(args[0], *margins)
        return func(*args, **given)


def convolutions_before(norms: Iterable[nn.Module], network: nn.Module) -> dict[nn.Module, nn.Conv2d]:
    """The plain convolution before each norm that follows one in a sequence, so that nothing else uses its result."""
    pairs = [
        (before, after)
        for module in network.modules()
        if type(module) is nn.Sequential
        for before, after in pairwise(module)
    ]
    befores, afters = (Counter(side) for side in zip(*pairs, strict=True)) if pairs else (Counter(), Counter())
    known = set(norms)
    return {
        after: before
        for before, after in pairs
        if isinstance(before, nn.Conv2d)
        and type(before).forward is nn.Conv2d.forward
        and after in known
        and befores[before] == afters[after] == 1
    }


def _mirrored(values: Tensor, left: int, right: int, top: int, bottom: int) -> Tensor:
    """B C H W with so many pixels more at each side, the mirror image of those inside."""
    batch, channels, height, width = values.shape
    size = (batch, channels, top + height + bottom, left + width + right)
    last = values.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if last else torch.contiguous_format
    result = torch.empty(size, dtype=values.dtype, device=values.device, memory_format=layout)
    inside = slice(left, left + width)
    result[:, :, top : top + height, inside] = values
    result[:, :, :top, inside] = values[:, :, 1 : top + 1].flip(2)
    result[:, :, top + height :, inside] = values[:, :, height - 1 - bottom : height - 1].flip(2)
    result[:, :, :, :left] = result[:, :, :, left + 1 : 2 * left + 1].flip(3)
    result[:, :, :, left + width :] = result[:, :, :, left + width - 1 - right : left + width - 1].flip(3)
    return result
