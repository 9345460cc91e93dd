"""Finds pictures that are the same: exact copies by sha256, near and mirrored ones by perceptual hash and comparison.

Near copies are searched in three steps, each slower and more exact than the one before: hashes of 63 bits, thumbs
reduced to 8 x 8, and thumbs of 32 x 32 at several crops.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganzoo.data.inspect.measure import THUMB, brightness

Kind = Literal["exact", "near", "mirrored"]
KINDS: tuple[Kind, ...] = ("exact", "near", "mirrored")

MAX_BITS = 16
"""Pictures whose hashes differ in more of their 63 bits are not compared any further."""
MIN_SIMILARITY = 0.72
"""Two pictures with at least this `similarity` are the same."""
MAX_PARTNERS = 8
"""The most near pairs that are listed for one picture. A thousand frames of one film would have half a million."""
_BLOCK = 2048
"""Hashes are compared in blocks of this many by this many."""
_BATCH = 512
"""Thumbs are compared in batches of this many candidates."""
_COARSE = 8
_MIN_COARSE_SIMILARITY = 0.7
"""The threshold of the cheap comparison. It keeps 99 % of the copies that are cropped by up to 8 % on each side."""
_SHIFTS = (0.0, 0.04, 0.08)
"""Crops that are tried on each side, as a share of the picture."""
_FLAT = 2.0
"""Pictures with a smaller mean difference, in levels of 255, are the same even if they have no details to compare."""
_MOST_FLAT = 3 * 0.587 * _FLAT
"""The largest mean difference of their brightness, of which green, one of three channels, has a share of 0.587."""


@dataclass(frozen=True, kw_only=True, order=True)
class Pair:
    """Two pictures that show the same, by their numbers in the survey (`first` < `second`)."""

    first: int
    second: int
    kind: Kind
    similarity: float = 1.0


def find_pairs(digests: Sequence[str], hashes: Sequence[int], thumbs: NDArray[np.uint8]) -> list[Pair]:
    """All pairs among N pictures, given by their sha256, perceptual hashes and thumbs, uint8 N THUMB THUMB 3.

    Exact copies are paired with the first of them only, and only that one is compared with other pictures. So a folder
    that is given twice has N pairs, not N². Near pictures that are also mirrored are listed as near only.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for number, digest in enumerate(digests):
        groups[digest].append(number)
    exact = [Pair(first=group[0], second=other, kind="exact") for group in groups.values() for other in group[1:]]
    distinct = np.array(sorted(group[0] for group in groups.values()), dtype=np.int64)
    signs = _signs(hashes)[distinct]
    near = _compared(distinct, _candidates(signs, signs), thumbs, "near")
    mirrored = _compared(distinct, _candidates(signs, signs * _MIRROR), thumbs, "mirrored")
    known = {(pair.first, pair.second) for pair in near}
    return sorted([*exact, *near, *(pair for pair in mirrored if (pair.first, pair.second) not in known)])


def _signs(hashes: Sequence[int]) -> NDArray[np.float32]:
    """Hashes as N x 63 signs of -1 and 1, so that a matrix product counts equal bits."""
    raw = np.frombuffer(b"".join(value.to_bytes(8, "big") for value in hashes), np.uint8).reshape(-1, 8)
    signs: NDArray[np.float32] = np.unpackbits(raw, axis=1)[:, 1:].astype(np.float32) * 2 - 1
    return signs


_MIRROR = np.where(np.arange(64) % 2 == 1, -1, 1)[1:].astype(np.float32)
"""Mirroring a picture flips the sign of every odd horizontal frequency."""


def _candidates(one: NDArray[np.float32], other: NDArray[np.float32]) -> Iterator[NDArray[np.int64]]:
    """Pairs (i, j), i < j, as M x 2, whose hashes differ in at most MAX_BITS bits.

    They come block by block, so that memory stays constant.
    """
    for top in range(0, len(one), _BLOCK):
        for left in range(top, len(one), _BLOCK):
            equal = one[top : top + _BLOCK] @ other[left : left + _BLOCK].T
            close = np.flatnonzero(equal >= one.shape[1] - 2 * MAX_BITS)  # `nonzero` is much slower
            rows, columns = np.divmod(close, equal.shape[1])
            pairs = np.stack([rows + top, columns + left], axis=1)
            yield pairs[pairs[:, 0] < pairs[:, 1]]


def _compared(
    numbers: NDArray[np.int64], candidates: Iterator[NDArray[np.int64]], thumbs: NDArray[np.uint8], kind: Kind
) -> list[Pair]:
    """The candidates that show the same picture. `numbers` maps their indices to those of `thumbs`."""
    found: list[Pair] = []
    coarse = _coarse(thumbs)
    partners = np.zeros(len(thumbs), np.int64)
    for block in candidates:
        for start in range(0, len(block), _BATCH):
            ones, others = numbers[block[start : start + _BATCH]].T
            free = np.maximum(partners[ones], partners[others]) < MAX_PARTNERS
            for pair in _similar(ones[free], others[free], thumbs, coarse, kind):
                # `free` is not enough: pictures find partners within a batch, too.
                if max(partners[pair.first], partners[pair.second]) < MAX_PARTNERS:
                    partners[[pair.first, pair.second]] += 1
                    found.append(pair)
    return found


def _similar(
    ones: NDArray[np.int64],
    others: NDArray[np.int64],
    thumbs: NDArray[np.uint8],
    coarse: NDArray[np.float32],
    kind: Kind,
) -> Iterator[Pair]:
    """Those of the pairs (ones[i], others[i]) that show the same picture: a cheap comparison, then a thorough one."""
    step = -1 if kind == "mirrored" else 1
    close = _may_be_similar(coarse[ones], coarse[others][:, :, ::step])
    ones, others = ones[close], others[close]
    values = similarity(thumbs[ones], thumbs[others][:, :, ::step])
    for first, second, value in zip(ones.tolist(), others.tolist(), values.tolist(), strict=True):
        if value >= MIN_SIMILARITY:
            yield Pair(first=first, second=second, kind=kind, similarity=round(min(value, 1.0), 3))


def _coarse(thumbs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mean brightness of the squares of each thumb, which a small crop hardly moves; N 8 8."""
    step = THUMB // _COARSE
    blocks = (thumbs[start : start + _BLOCK] for start in range(0, len(thumbs), _BLOCK))
    means = [brightness(some).reshape(-1, _COARSE, step, _COARSE, step).mean(axis=(2, 4)) for some in blocks]
    return np.concatenate(means) if means else np.empty((0, _COARSE, _COARSE), np.float32)


def _may_be_similar(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """A cheap look at pairs of `_coarse` pictures: False for those that `similarity` would take for different."""
    alike = _correlation(_details(ones, _SMOOTH_COARSE), _details(others, _SMOOTH_COARSE)) >= _MIN_COARSE_SIMILARITY
    flat = np.abs(ones - others).mean(axis=(1, 2)) <= _MOST_FLAT
    return np.asarray(alike | flat)


def similarity(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How similar pictures are: uint8 B THUMB THUMB 3 each -> B in [-1, 1].

    The similarity is the correlation of their details, at the best of several crops of either picture. Details are the
    brightness without its lowest frequencies, which all landscapes share (bright above, dark below). Pictures of almost
    equal pixels, which may have no details, are compared by their mean difference.
    """
    one, other = brightness(ones), brightness(others)
    best = np.maximum(_best_crop(one, _details(other)), _best_crop(other, _details(one)))
    difference = _mean_difference(ones, others)
    return np.where(difference <= _FLAT, np.maximum(best, 1 - difference / 10), best)


def _best_crop(whole: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest correlation of `wanted`, B, with a crop of `whole`. First the rows are cropped, then the columns."""
    rows = _best(np.stack([crop @ whole for crop in _CROPS]), wanted)[1]
    return _best(np.stack([rows @ crop.T for crop in _CROPS]), wanted)[0]


def _best(
    versions: NDArray[np.float32], wanted: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The version, of V B THUMB THUMB, that is most similar to `wanted`: its correlation, B, and the version itself."""
    values = np.stack([_correlation(_details(version), wanted) for version in versions])
    chosen = values.argmax(axis=0)
    return values.max(axis=0), versions[chosen, np.arange(len(wanted))]


def _mean_difference(ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mean absolute difference of pixels, in levels of 255; B."""
    difference: NDArray[np.float32] = np.abs(ones.astype(np.float32) - others).mean(axis=(1, 2, 3))
    return difference


def _correlation(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scalar products of pictures B H H. For details, which have length 1, these are correlations; B."""
    product: NDArray[np.float32] = np.einsum("bij,bij->b", ones, others)
    return product


def _smoothing(side: int, kept: int) -> NDArray[np.float32]:
    """The matrix, side side, that projects a line on its `kept` lowest frequencies of the DCT."""
    frequency, position = np.arange(kept)[:, None], np.arange(side)[None, :]
    rows = np.cos(np.pi * frequency * (2 * position + 1) / (2 * side)) * np.sqrt(2 / side)
    rows[0] /= np.sqrt(2)
    projection: NDArray[np.float32] = (rows.T @ rows).astype(np.float32)
    return projection


_SMOOTH = _smoothing(THUMB, 6)
_SMOOTH_COARSE = _smoothing(_COARSE, 2)


def _details(grey: NDArray[np.float32], smooth: NDArray[np.float32] = _SMOOTH) -> NDArray[np.float32]:
    """Pictures B H H without their lowest frequencies, scaled to length 1."""
    details = np.asarray(grey - smooth @ grey @ smooth, np.float32)
    length = np.sqrt(_correlation(details, details))
    return np.asarray(details / np.maximum(length, 1e-3)[:, None, None], np.float32)


def _crop(start: float, end: float) -> NDArray[np.float32]:
    """The matrix, THUMB THUMB, that stretches the part of a line from start to end, in [0, 1], over the whole line."""
    at = np.clip((start + (np.arange(THUMB) + 0.5) / THUMB * (end - start)) * THUMB - 0.5, 0, THUMB - 1)
    before = np.minimum(at.astype(np.int64), THUMB - 2)
    matrix = np.zeros((THUMB, THUMB), np.float32)
    matrix[np.arange(THUMB), before] = 1 - (at - before)
    matrix[np.arange(THUMB), before + 1] = at - before
    return matrix


_CROPS = tuple(_crop(start, 1 - end) for start in _SHIFTS for end in _SHIFTS)
