"""Which members of a tar file are pictures, and which belong together.

Members that share a name up to the first dot are a sample, as in `webdataset`. A tar file of a plain folder has no
samples, but names such as IMG_1.edit.jpg look like them: there each picture stands for itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PICTURES = frozenset(
    (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "bmp", "tif", "tiff", "gif"),
        *("avif", "heic", "heif", "ppm", "pgm", "jp2"),
    )
)
"""The endings of pictures in folders. Here those that `data.image` does not name are skipped, and it is said."""
LEFT_OUT = "further pictures of their sample are left out; data.image says which one is taken"
APART = "several pictures share a name up to its first dot, and each is read; data.image says which one to take instead"
_MOST_MEMBERS = 32
"""The members that are looked at together; a folder whose names begin alike would fill the memory."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file: its name, what stands before and after its first dot (in small letters), and its content if needed."""

    name: str
    key: str
    ending: str
    data: bytes | None


class Endings:
    """The endings of pictures that are wanted, the best first, and that of labels, which may be empty."""

    def __init__(self, images: Sequence[str], label: str) -> None:
        self.images = images
        self.label = label

    def takes(self, ending: str) -> bool:
        """Whether a member of that ending is a picture that is wanted: IMG_1.edit.jpg is one where IMG_1.jpg is."""
        return ending in self.images or _last(ending) in self.images

    def needs(self, ending: str) -> bool:
        """Whether the content of a member is needed."""
        return self.takes(ending) or (bool(self.label) and ending == self.label)

    def is_picture(self, ending: str) -> bool:
        """Whether a member is a picture, wanted or not."""
        return self.takes(ending) or _last(ending) in PICTURES

    def best(self, sample: Sequence[Member]) -> Member | None:
        """The picture of a sample."""
        taken = [member for member in sample if self.takes(member.ending)]
        return min(taken, key=self._rank, default=None)

    def is_sample(self, members: Sequence[Member]) -> bool:
        """Whether the members describe one picture: there are labels, or files that are no pictures."""
        return bool(self.label) or not all(self.is_picture(member.ending) for member in members)

    def _rank(self, member: Member) -> int:
        return self.images.index(member.ending) if member.ending in self.images else len(self.images)


def grouped(members: Iterable[Member]) -> Iterator[list[Member]]:
    """Members of the same key that follow each other."""
    group: list[Member] = []
    for member in members:
        if group and (member.key != group[0].key or len(group) == _MOST_MEMBERS):
            yield group
            group = []
        group.append(member)
    if group:
        yield group


def _last(ending: str) -> str:
    return ending.rpartition(".")[2]
