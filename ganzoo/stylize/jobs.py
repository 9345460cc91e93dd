"""From inputs as users name them to files in a folder: which there are, where each goes, and painting them."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo.data import decode
from ganzoo.errors import UsageError
from ganzoo.stylize import pictures, video

VIDEO, PICTURE = "video", "picture"


@dataclass(frozen=True)
class Job:
    """One file to paint."""

    source: Path
    target: Path
    kind: str


def jobs_of(inputs: Sequence[str], out: Path) -> list[Job]:
    """Files, everything in folders, and patterns such as `trip/*.jpg`; below `out` folders keep their shape.

    Raises UsageError for an input that is nothing, and where two files would have one name, or lie in `out` already.
    """
    jobs = [_job(source, base, out) for text in inputs for source, base in _files(text)]
    if not jobs:
        raise UsageError(f"there is no picture or video in {', '.join(inputs)}")
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.source.resolve() == job.target.resolve():
            raise UsageError(f"'{job.source}' would be painted over: give another --out")
        if (other := taken.setdefault(job.target, job.source)).resolve() != job.source.resolve():
            raise UsageError(f"'{other}' and '{job.source}' would both become '{job.target}': paint them one by one")
    return list({job.target: job for job in jobs}.values())


def _files(text: str) -> Iterator[tuple[Path, Path]]:
    """Each file with the folder that its place below `out` is measured from."""
    path = Path(text).expanduser()
    if path.is_dir():
        yield from ((file, path) for file in sorted(path.rglob("*")) if file.is_file() and _kind(file))
    elif path.is_file():
        if not _kind(path):
            raise UsageError(f"'{text}' is neither a picture nor a video by its ending")
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
    if kind == PICTURE and target.suffix.lower() not in pictures.ENDINGS:
        target = target.with_suffix(".png")
    return Job(source, target, kind)
