"""Finds the files that users name by path, folder or pattern, and the place of each result."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo.data import decode
from ganzoo.errors import UsageError
from ganzoo.stylize import video
from ganzoo.stylize.writing import ENDINGS

VIDEO, PICTURE = "video", "picture"


@dataclass(frozen=True)
class Job:
    """One file to translate."""

    source: Path
    target: Path
    kind: str


def jobs_of(inputs: Sequence[str], out: Path) -> list[Job]:
    """The jobs for files, all files in folders, and patterns such as `trip/*.jpg`. Subfolders are kept below `out`.

    Raises UsageError for an input that does not exist, for two files that would get the same name, and for a file that
    would be overwritten by its own translation.
    """
    jobs = [_job(source, base, out) for text in inputs for source, base in _files(text)]
    if not jobs:
        raise UsageError(f"there is no picture or video in {', '.join(inputs)}")
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.source.resolve() == job.target.resolve():
            raise UsageError(f"'{job.source}' would be overwritten: give another --out")
        if (other := taken.setdefault(job.target, job.source)).resolve() != job.source.resolve():
            raise UsageError(
                f"'{other}' and '{job.source}' would both become '{job.target}': translate them one by one"
            )
    return list({job.target: job for job in jobs}.values())


def _files(text: str) -> Iterator[tuple[Path, Path]]:
    """Each file, with the folder to which its path below `out` is relative."""
    path = Path(text).expanduser()
    if path.is_dir():
        yield from ((file, path) for file in sorted(path.rglob("*")) if file.is_file() and _kind(file))
    elif path.is_file():
        if not _kind(path):
            raise UsageError(f"'{text}': its ending is not that of a picture or video")
        yield path, path.parent
    else:
        found = sorted(glob.glob(str(path), recursive=True))
        if not found:
            raise UsageError(f"'{text}': there is no such file or folder")
        for one in found:
            if Path(one).is_dir() or _kind(Path(one)):
                yield from _files(one)


def _kind(path: Path) -> str:
    ending = path.suffix.lower()
    if path.name.startswith("."):
        return ""
    if ending in video.ENDINGS:
        return VIDEO
    return PICTURE if ending in decode.ENDINGS else ""


def _job(source: Path, base: Path, out: Path) -> Job:
    kind = _kind(source)
    target = out / source.relative_to(base)
    if kind == PICTURE and target.suffix.lower() not in ENDINGS:
        target = target.with_suffix(".png")
    if kind == VIDEO:
        target = target.with_suffix(video.ending_of(source))
    return Job(source, target, kind)
