"""The ways in which a network can compute, and the fastest on this machine: measured once, then remembered."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganzoo.engine.device import hardware
from ganzoo.io.files import cache_folder, write_atomically
from ganzoo.io.untrusted import read_json

AUTO, FP32, BF16 = "auto", "fp32", "bf16"
PRECISIONS = (AUTO, FP32, BF16)
MOST_ERROR = 1.0
"""Levels of 255 by which pictures in bf16 may differ from those in fp32, in the mean, for `auto` to take it."""
_SIDE = 256
"""Side of the picture that is painted to measure."""
_ROUNDS = 2
_VERSION = 1
"""Changes when measurements of before no longer hold."""
_FOLDER = "painting"


@dataclass(frozen=True, kw_only=True)
class Way:
    """How to compute: the precision of convolutions, and whether channels come last in memory."""

    precision: str
    channels_last: bool

    @property
    def layout(self) -> torch.memory_format:
        """The memory order of images."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


Compute = Callable[[Tensor, Way], Tensor]
"""Images B 3 H W in [-1, 1] -> the same translated in that way, on the CPU."""
_LAST, _FIRST = Way(precision=FP32, channels_last=True), Way(precision=FP32, channels_last=False)
_SHORT = Way(precision=BF16, channels_last=True)


def way_for(precision: str, compute: Compute, weights: Mapping[str, Tensor], device: torch.device) -> Way:
    """The fastest way with that precision; `auto` takes bf16 where it is faster and the model holds it.

    Measured once for each machine and model, as the cache remembers: so pictures come out the same from then on.
    """
    if precision == BF16:
        return _SHORT
    allowed = [_LAST] if device.type != "cpu" else [_FIRST, _LAST]
    allowed += [_SHORT] if precision == AUTO else []
    if len(allowed) == 1:
        return allowed[0]
    return _remembered(_key(allowed, weights, device), allowed) or _measured(allowed, compute, weights, device)


def hash_of(tensors: Mapping[str, Tensor]) -> str:
    """A hash of names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _measured(allowed: Sequence[Way], compute: Compute, weights: Mapping[str, Tensor], device: torch.device) -> Way:
    """Paints a made-up picture in each way in turn. The first is the standard that others must come near."""
    images = _example()
    seconds: dict[Way, float] = {}
    standard = compute(images, allowed[0])
    for way in allowed:
        with suppress(RuntimeError):  # what a network can't compute in this way
            if (compute(images, way) - standard).abs().mean() * 127.5 <= MOST_ERROR:
                seconds[way] = float("inf")
    for _ in range(_ROUNDS):
        for way in seconds:
            started = time.perf_counter()
            compute(images, way)
            seconds[way] = min(seconds[way], time.perf_counter() - started)
    # None is left of a network that paints another picture each time.
    fastest = min(seconds, key=lambda way: seconds[way], default=allowed[0])
    path = cache_folder() / _FOLDER / f"{_key(allowed, weights, device)}.json"
    with suppress(OSError):  # a cache that can't be written is measured again
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(fastest)))
    return fastest


def _remembered(key: str, allowed: Sequence[Way]) -> Way | None:
    try:
        content = read_json(cache_folder() / _FOLDER / f"{key}.json")
    except (OSError, ValueError):
        return None
    return next((way for way in allowed if asdict(way) == content), None)


def _key(allowed: Sequence[Way], weights: Mapping[str, Tensor], device: torch.device) -> str:
    facts = [_VERSION, torch.__version__, torch.get_num_threads(), hardware(device), hash_of(weights), str(allowed)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _example() -> Tensor:
    """A picture with shapes of all sizes, always the same: 1 3 H W in [-1, 1]."""
    rng = np.random.default_rng(0)
    total = np.zeros((_SIDE, _SIDE, 3), np.float32)
    for side in (4, 16, 64, _SIDE):
        layer = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        total += np.asarray(layer.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), np.float32) / side
    total = (total - total.min()) / (total.max() - total.min())
    return torch.from_numpy(total * 2 - 1).permute(2, 0, 1)[None]
