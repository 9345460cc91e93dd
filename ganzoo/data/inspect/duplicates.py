"""Which pictures of a survey are the same: exact copies by sha256, near and mirrored ones by hash and comparison."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganzoo.data.inspect.measure import THUMB, brightness

Kind = Literal["exact", "near", "mirrored"]

MOST_BITS = 16
"""Hashes that differ in more of their 63 bits are not compared further."""
LEAST_LIKENESS = 0.72
"""From this correlation of their details on, two pictures are the same; see `likeness`."""

MOST_PARTNERS = 8
"""Near pairs that are listed of one picture: a thousand frames of one film would have half a million."""

_BLOCK = 2048
_BATCH = 512
_COARSE = 8
_LEAST_COARSE = 0.7
"""What the cheap comparison lets through to the thorough one; it keeps 99 % of copies cropped by up to 8 % a side."""
_SHIFTS = (0.0, 0.04, 0.08)
_FLAT = 2.0


@dataclass(frozen=True, kw_only=True, order=True)
class Pair:
    """Two pictures, by their numbers in the survey (`first` < `second`), that show the same."""

    first: int
    second: int
    kind: Kind
    likeness: float = 1.0


def find_pairs(digests: Sequence[str], hashes: Sequence[int], thumbs: NDArray[np.uint8]) -> list[Pair]:
    """All pairs among N pictures; `thumbs` are uint8 N THUMB THUMB 3.

    Of exact copies, each is paired with the first one only, and only that one is compared with other pictures, so a
    folder given twice has N pairs and not N².
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for number, digest in enumerate(digests):
        groups[digest].append(number)
    exact = [Pair(first=group[0], second=other, kind="exact") for group in groups.values() for other in group[1:]]
    alone = np.array(sorted(group[0] for group in groups.values()), dtype=np.int64)
    bits = _signs(hashes)[alone]
    near = _compared(alone, _candidates(bits, bits), thumbs, "near")
    known = {(pair.first, pair.second) for pair in near}
    turned = _compared(alone, _candidates(bits, bits * _MIRROR), thumbs, "mirrored")
    return sorted([*exact, *near, *(pair for pair in turned if (pair.first, pair.second) not in known)])


def _signs(hashes: Sequence[int]) -> NDArray[np.float32]:
    """Hashes as N x 63 signs of -1 and 1, so that a product of matrices counts equal bits."""
    raw = np.frombuffer(b"".join(value.to_bytes(8, "big") for value in hashes), np.uint8).reshape(-1, 8)
    signs: NDArray[np.float32] = np.unpackbits(raw, axis=1)[:, 1:].astype(np.float32) * 2 - 1
    return signs


_MIRROR = np.where(np.arange(64) % 2 == 1, -1, 1)[1:].astype(np.float32)
"""Mirroring a picture turns the sign of every odd horizontal frequency."""


def _candidates(one: NDArray[np.float32], other: NDArray[np.float32]) -> Iterator[NDArray[np.int64]]:
    """Pairs (i, j), i < j, M x 2, whose hashes differ in at most MOST_BITS; block by block, so memory stays flat."""
    for top in range(0, len(one), _BLOCK):
        for left in range(top, len(one), _BLOCK):
            equal = one[top : top + _BLOCK] @ other[left : left + _BLOCK].T
            rows, columns = np.nonzero(equal >= one.shape[1] - 2 * MOST_BITS)
            pairs = np.stack([rows + top, columns + left], axis=1)
            yield pairs[pairs[:, 0] < pairs[:, 1]]


def _compared(
    numbers: NDArray[np.int64], candidates: Iterator[NDArray[np.int64]], thumbs: NDArray[np.uint8], kind: Kind
) -> list[Pair]:
    found: list[Pair] = []
    partners = np.zeros(len(thumbs), np.int64)
    turn = -1 if kind == "mirrored" else 1
    for block in candidates:
        for start in range(0, len(block), _BATCH):
            ones, others = numbers[block[start : start + _BATCH]].T
            open_ = np.maximum(partners[ones], partners[others]) < MOST_PARTNERS
            ones, others = ones[open_], others[open_]
            close = _coarse_likeness(thumbs[ones], thumbs[others][:, :, ::turn]) >= _LEAST_COARSE
            ones, others = ones[close], others[close]
            values = likeness(thumbs[ones], thumbs[others][:, :, ::turn])
            for first, second, value in zip(ones.tolist(), others.tolist(), values.tolist(), strict=True):
                if value >= LEAST_LIKENESS and max(partners[first], partners[second]) < MOST_PARTNERS:
                    partners[[first, second]] += 1
                    found.append(Pair(first=first, second=second, kind=kind, likeness=round(min(value, 1.0), 3)))
    return found


def _coarse_likeness(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The same on 8 x 8 means, where a small crop moves little; B."""
    step = THUMB // _COARSE
    one, other = (
        _details(brightness(thumbs).reshape(-1, _COARSE, step, _COARSE, step).mean(axis=(2, 4)), _SMOOTH_COARSE)
        for thumbs in (ones, others)
    )
    return np.where(_apart(ones, others) <= _FLAT, np.float32(1), _correlation(one, other))


def likeness(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How alike pictures are, uint8 B THUMB THUMB 3 each -> B in -1 … 1.

    The correlation of their details: brightness without its coarse distribution, which all landscapes share (bright
    above, dark below), at the best of some crops of either. Pictures without details are as like as their colours.
    """
    one, other = brightness(ones), brightness(others)
    best = np.maximum(_best_crop(one, _details(other)), _best_crop(other, _details(one)))
    apart = _apart(ones, others)
    return np.where(apart <= _FLAT, np.maximum(best, 1 - apart / 10), best)


def _best_crop(whole: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest correlation of a crop of `whole` with `wanted`; B. First the rows are fitted, then the columns."""
    upright = _best(np.stack([crop @ whole for crop in _CROPS]), wanted)[1]
    return _best(np.stack([upright @ crop.T for crop in _CROPS]), wanted)[0]


def _best(
    versions: NDArray[np.float32], wanted: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of V B THUMB THUMB the version that is most like `wanted`: its correlation, B, and itself."""
    values = np.stack([_correlation(_details(version), wanted) for version in versions])
    chosen = values.argmax(axis=0)
    return values.max(axis=0), versions[chosen, np.arange(len(wanted))]


def _apart(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    difference: NDArray[np.float32] = np.abs(ones.astype(np.float32) - others).mean(axis=(1, 2, 3))
    return difference


def _correlation(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    product: NDArray[np.float32] = np.einsum("bij,bij->b", ones, others)
    return product


def _smoothing(side: int, kept: int) -> NDArray[np.float32]:
    """Projection of a line on its `kept` lowest frequencies (DCT), side side."""
    frequency, position = np.arange(kept)[:, None], np.arange(side)[None, :]
    rows = np.cos(np.pi * frequency * (2 * position + 1) / (2 * side)) * np.sqrt(2 / side)
    rows[0] /= np.sqrt(2)
    projection: NDArray[np.float32] = (rows.T @ rows).astype(np.float32)
    return projection


_SMOOTH = _smoothing(THUMB, 6)
_SMOOTH_COARSE = _smoothing(_COARSE, 2)


def _details(grey: NDArray[np.float32], smooth: NDArray[np.float32] = _SMOOTH) -> NDArray[np.float32]:
    """What is left of pictures B H H without their lowest frequencies, of length 1."""
    details = np.asarray(grey - smooth @ grey @ smooth, np.float32)
    length = np.sqrt(_correlation(details, details))
    return np.asarray(details / np.maximum(length, 1e-3)[:, None, None], np.float32)


def _crop(start: float, end: float) -> NDArray[np.float32]:
    """Matrix that stretches the part start … end (of 0 … 1) of a line over all of it, THUMB THUMB."""
    at = np.clip((start + (np.arange(THUMB) + 0.5) / THUMB * (end - start)) * THUMB - 0.5, 0, THUMB - 1)
    before = np.minimum(at.astype(np.int64), THUMB - 2)
    matrix = np.zeros((THUMB, THUMB), np.float32)
    matrix[np.arange(THUMB), before] = 1 - (at - before)
    matrix[np.arange(THUMB), before + 1] = at - before
    return matrix


_CROPS = tuple(_crop(start, 1 - end) for start in _SHIFTS for end in _SHIFTS)
