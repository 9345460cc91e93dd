"""Decodes a stream of encoded pictures, several at once."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from ganzoo import Picture, Size, decode

_AHEAD = 32


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A picture as it is stored: `read` gives the file's content or raises OSError.

    `meaning` is what else the pixels and labels depend on; a `problem` says why the picture can't be used, a `note`
    what else the user should know.
    """

    name: str
    read: Callable[[], bytes]
    labels: tuple[int, ...] = ()
    meaning: str = ""
    problem: str = ""
    note: str = ""


def decoded(items: Iterable[Encoded], size: Size) -> Iterator[Picture]:
    """Decodes on several threads, in order and only a few ahead, so that memory stays flat."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        waiting: deque[Future[Picture]] = deque()
        for item in items:
            waiting.append(pool.submit(_picture, item, size))
            if len(waiting) == _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def limited(items: Iterator[Encoded], limit: int) -> Iterator[Encoded]:
    """At most `limit` of them, all when that is 0."""
    return islice(items, limit or None)


def _picture(item: Encoded, size: Size) -> Picture:
    digest = ""
    try:
        if item.problem:
            raise ValueError(item.problem)
        data = item.read()
        digest = hashlib.sha256(data + item.meaning.encode(errors="surrogateescape")).hexdigest()
        pixels, notes = decode(data, size)
    except (OSError, ValueError) as error:
        return Picture(pixels=None, labels=item.labels, name=item.name, problem=str(error), digest=digest)
    if item.note:
        notes = (*notes, item.note)
    return Picture(pixels=pixels, labels=item.labels, name=item.name, notes=notes, digest=digest)
