"""Tar files of pictures, streamed by `webdataset`: a few pictures are in memory at a time, none on disk."""

import glob
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ganzoo import DataError, Picture, PictureStream, Size, UsageError
from ganzoo.data.walk import walk
from ganzoo_plugins.streams.labels import Labels, split_values
from ganzoo_plugins.streams.members import APART, LEFT_OUT, Endings, Member, grouped
from ganzoo_plugins.streams.reading import Encoded, decoded, limited
from ganzoo_plugins.streams.share import chosen_share
from ganzoo_plugins.streams.tar import WholeTar, contents, opened

if TYPE_CHECKING:
    from ganzoo_plugins.streams import ShardsOptions

ENDINGS = (".tar", ".tar.gz", ".tgz")
_MAX_SHARDS = 1_000_000
_RANGE = re.compile(r"\{(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?\}")
_ENDINGS_NAMED = 8


class Shards(PictureStream):
    """The pictures of all shards, or this process's share: every so many-th shard, or picture if there are too few.

    Raises DataError when a local shard is missing, UsageError without the package `webdataset`.
    """

    def __init__(self, options: "ShardsOptions") -> None:
        self.options = options
        self.share = chosen_share(options.share, os.environ)
        places = [place for pattern in options.path.split("::") for place in expanded(pattern)]
        self._by_picture = len(places) < self.share.parts
        self.places = places if self._by_picture else list(self.share.of(places))
        images = [ending.strip().lower() for ending in options.image.split(";") if ending.strip()]
        self._endings = Endings(images, options.label.lower())
        self._labels = Labels(options.label.lower(), split_values(options.values), self.share)
        self.attributes: Mapping[str, tuple[str, ...]] = {}

    def fingerprint(self) -> str:
        """Hash of the options, and of the path, size, times and inode of each shard.

        Of a URL only the URL itself: what changes behind it goes unnoticed.
        """
        part = [self.share.number, self.share.parts] if self._by_picture else []
        key = [self.options.image, self.options.label, self.options.values, self.options.limit, part]
        digest = hashlib.sha256(json.dumps(key).encode())
        for place in self.places:
            digest.update(os.fsencode(place) + json.dumps(_stamp(place)).encode() + b"\0")
        return f"shards:{digest.hexdigest()[:32]}"

    def count(self) -> None:
        """Unknown until all shards are read."""
        return

    def pictures(self, size: Size) -> Iterator[Picture]:
        """In the order of the shards and of their members; raises DataError for a shard that can't be read whole."""
        self._labels = Labels(self.options.label.lower(), split_values(self.options.values), self.share)
        yield from decoded(limited(self._mine(), self.options.limit), size)
        self.attributes = self._labels.attributes()

    def _mine(self) -> Iterator[Encoded]:
        found = (item for place in self.places for item in self._read(place))
        return self.share.of(found) if self._by_picture else found

    def _read(self, place: str) -> Iterator[Encoded]:
        for members in samples(place, self._endings):
            yield from self._pictures(members, os.path.basename(place))

    def _pictures(self, members: Sequence[Member], shard: str) -> Iterator[Encoded]:
        """The picture of a sample; each picture where the members are no sample."""
        endings, best = self._endings, self._endings.best(members)
        pictures = [member for member in members if endings.is_picture(member.ending)]
        if endings.is_sample(members):
            label = next((member for member in members if member.ending == endings.label), None)
            if best or label or pictures:
                note = LEFT_OUT if best and len(pictures) > 1 else ""
                yield self._encoded(f"{shard}: {members[0].key}", best, label, note)
            return
        several = sum(endings.takes(member.ending) for member in pictures) > 1
        for member in pictures:
            name = member.key if member is best and member.ending in endings.images else member.name
            taken = member if endings.takes(member.ending) else None
            yield self._encoded(f"{shard}: {name}", taken, None, APART if several else "")

    def _encoded(self, name: str, picture: Member | None, label: Member | None, note: str) -> Encoded:
        try:
            if picture is None:
                raise ValueError(f"no member ends in {', '.join(self._endings.images)}")
            text = (label.data or b"").decode().strip() if label else ""
            labels = self._labels.numbers(text)
        except ValueError as error:
            return Encoded(name=name, read=bytes, problem=str(error))
        content = picture.data or b""
        return Encoded(name=name, read=lambda: content, labels=labels, meaning=self._labels.meaning(text), note=note)


def samples(place: str, endings: Endings) -> Iterator[list[Member]]:
    """The samples of one shard as `webdataset` groups them, with the content of the members that are needed.

    Raises DataError, naming the shard, when it can't be read to its end or when it has no picture that is wanted.
    """
    try:
        from webdataset.tariterators import base_plus_ext
    except ImportError:
        raise missing_package() from None
    others: dict[str, None] = {}

    def ending_of(name: str) -> str:
        return (base_plus_ext(name)[1] or "").lower()

    def found(stream: WholeTar) -> Iterator[Member]:
        for name, data in contents(stream, lambda name: endings.needs(ending_of(name))):
            key = base_plus_ext(name)[0]
            if data is None and len(others) < _ENDINGS_NAMED:
                others[ending_of(name)] = None
            if key is not None:
                yield Member(name=name, key=key, ending=ending_of(name), data=data)

    empty = True
    try:
        with opened(place) as stream:
            # webdataset only splits names. If it opened places itself, some names would make it start programs.
            for sample in grouped(found(stream)):
                empty = empty and all(member.data is None for member in sample)
                yield sample
            stream.check_end()
    # Readers raise many types for broken files (tarfile's, zlib.error, EOFError and lzma's among them).
    except Exception as error:
        raise DataError(f"shard '{place}' can't be read: {_reason(error)}") from None
    if empty and others:
        seen = ", ".join(ending or "none" for ending in others)
        wanted = filter(None, (*endings.images, endings.label))
        raise DataError(
            f"shard '{place}' has no member ending in {', '.join(sorted(wanted))}, but in {seen}: set data.image"
        )


def expanded(pattern: str) -> list[str]:
    """The shards that a path, folder, URL or pattern stands for; raises DataError when there is none."""
    if os.path.isdir(pattern):
        return sorted(_tar_files(pattern)) or _none(pattern, "there is no tar file in it")
    if os.path.exists(pattern):
        return [pattern]
    return [place for name in _names(pattern) for place in _matching(name)]


def _tar_files(folder: str) -> Iterator[str]:
    found = walk(folder, (".tar", ".gz", ".tgz")).files
    yield from (os.path.join(folder, name) for name, _, _ in found if name.lower().endswith(ENDINGS))


def _names(pattern: str) -> list[str]:
    """The names that a pattern such as part-{000..099}.tar stands for. Raises UsageError for too many."""
    try:
        from braceexpand import braceexpand
    except ImportError:
        raise missing_package() from None
    try:
        # braceexpand expands a whole range before it yields the first name.
        few = sum(map(_numbers_of, _RANGE.findall(pattern))) <= _MAX_SHARDS
        names = list(islice(braceexpand(pattern), _MAX_SHARDS + 1)) if few else []
    except ValueError as error:
        raise UsageError(f"data.path={pattern!r}: {error}") from None
    if not few or len(names) > _MAX_SHARDS:
        raise UsageError(f"data.path={pattern!r}: stands for more than {_MAX_SHARDS:,} shards")
    return names


def _numbers_of(ends: tuple[str, str, str]) -> int:
    """How many numbers {first..last..step} stands for; ValueError for those that are too long to be read."""
    first, last, step = (int(end or 1) for end in ends)
    return abs(last - first) // (abs(step) or 1) + 1


def missing_package() -> UsageError:
    """What to install."""
    return UsageError("data set 'shards' needs one more package: pip install 'ganzoo-core[shards]'")


def _matching(name: str) -> list[str]:
    if name.startswith(("http:", "https:")) or os.path.isfile(name):
        return [name]
    return sorted(glob.glob(name, recursive=True)) or _none(name, "there is no such file")


def _none(place: str, reason: str) -> list[str]:
    raise DataError(f"no shards at '{place}': {reason}")


def _stamp(place: str) -> tuple[int, ...]:
    if place.startswith(("http:", "https:")):
        return ()
    try:
        status = os.stat(place)
    except OSError:
        return ()
    # The modification time can be set; the time of change and the inode can't.
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _reason(error: Exception) -> str:
    """What happened, without the stream and the address that webdataset appends."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error.args[0] if error.args else "").partition(" @ ")[0].split())
    return text or type(error).__name__
