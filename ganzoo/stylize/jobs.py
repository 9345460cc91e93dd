"""Finds the files that users name by path, folder or pattern, and the place of each result."""

import glob
import os
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ganzoo.data import decode
from ganzoo.data.walk import RUN_FILE, RUNS, Found, is_system, visible, walk
from ganzoo.errors import UsageError
from ganzoo.io.names import user_path
from ganzoo.stylize import video
from ganzoo.stylize.writing import ENDINGS

VIDEO, PICTURE = "video", "picture"
_SPECIAL = "pipes and devices"
_BEGINNING = 8192
"""Bytes in which a video has a zero: many packets of 188 bytes, each with padding, tables or numbers."""
_READ = frozenset(video.ENDINGS | decode.ENDINGS)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One file to translate."""

    source: Path
    target: Path
    kind: str


def jobs_of(inputs: Sequence[str], out: Path, tell: Tell = lambda _: None) -> list[Job]:
    """The jobs for files, all files in folders, and patterns such as `trip/*.jpg`. Subfolders are kept below `out`.

    What lies in `out` is no input, unless an input names it or lies in it. `tell` receives sentences about what was
    left out and about results under another name.

    Raises UsageError for an input that does not exist, for two inputs that would get the same name, and for a file that
    would be overwritten by its own translation.
    """
    found: dict[Path, Job] = {}
    for text in inputs:
        for source, base in _files(text, out, tell):
            found.setdefault(source, _job(source, base, out))
    if not found:
        raise UsageError(f"there is no picture or video in {', '.join(inputs)}")
    jobs = _with_own_names(list(found.values()), tell)
    taken: dict[Path, Path] = {}
    for job in jobs:
        if _real(job.source) == _real(job.target):
            raise UsageError(f"'{job.source}' would be overwritten: give another --out")
        if _real(other := taken.setdefault(job.target, job.source)) != _real(job.source):
            raise UsageError(
                f"'{other}' and '{job.source}' would both become '{job.target}': translate them one by one"
            )
    return list({job.target: job for job in jobs}.values())


def _files(text: str, out: Path, tell: Tell) -> Iterator[tuple[Path, Path]]:
    """Each file, with the folder to which its path below `out` is relative."""
    path = user_path(text)
    if os.path.exists(path):
        if _is_special(path):
            raise UsageError(f"'{text}' is not an ordinary file")
        if not os.path.isdir(path) and not _kind(path):
            text_file = path.suffix.lower() == ".ts"
            wrong = "it is text, not a video" if text_file else "its ending is not that of a picture or video"
            raise UsageError(f"'{text}': {wrong}")
        yield from _below(path, out, tell)
        return
    found = _matches(path)
    if not found:
        raise UsageError(f"'{text}': there is no such file or folder")
    for one in _of_pattern(path, found, out, tell):
        if os.path.isdir(one) or _kind(one):
            yield from _below(one, out, tell)


def _below(path: Path, out: Path, tell: Tell) -> Iterator[tuple[Path, Path]]:
    """A file, or the files in a folder."""
    if not os.path.isdir(path):
        yield path, path.parent
        return
    found = walk(str(path), _READ, str(out))
    names = sorted(name for name, _, _ in found.files)
    special = {name for name in names if _is_special(path / name)}
    found.left_out.update([_SPECIAL] * len(special))
    for remark in found.remarks(path):
        tell(remark)
    yield from ((path / name, path) for name in names if name not in special and _kind(path / name))


def _of_pattern(pattern: Path, found: Sequence[str], out: Path, tell: Tell) -> Iterator[Path]:
    """The matches of a pattern, without what it does not name: systems' folders, runs, and what lies in `out`."""
    start, left = _fixed(pattern), Found()
    beside = not _in(start, out)
    for one in map(Path, found):
        own = one.relative_to(start).parts
        # Patterns match no hidden names, unless they begin with a dot themselves.
        system = next((part for part in own if is_system(part) and part[0] != "." and part not in pattern.parts), "")
        if system or _is_special(one):
            left.left_out[system or _SPECIAL] += 1
        elif os.path.isfile(one / RUN_FILE):
            left.left_out[RUNS] += 1
        elif not (beside and _in(one, out)):
            yield one
    for remark in left.remarks(pattern):
        tell(remark)


def _matches(pattern: Path) -> list[str]:
    if not glob.has_magic(str(pattern)):
        return []
    start = _fixed(pattern)
    return sorted(glob.glob(os.path.join(glob.escape(str(start)), pattern.relative_to(start)), recursive=True))


def _fixed(pattern: Path) -> Path:
    """The folder in which a pattern begins to match. Brackets in the name of a folder that is there are no pattern."""
    start = Path()
    for part in pattern.parts:
        if glob.has_magic(part) and not os.path.isdir(start / part):
            break
        start /= part
    return start


def _in(path: Path, folder: Path) -> bool:
    """Whether the path is the folder or lies below it."""
    return Path(_real(path)).is_relative_to(_real(folder))


def _real(path: Path) -> str:
    return os.path.realpath(path)  # unlike Path.resolve, this takes a link to itself


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device, which may never end. A link that leads nowhere is none."""
    return os.path.exists(path) and not os.path.isdir(path) and not os.path.isfile(path)


def _kind(path: Path) -> str:
    ending = path.suffix.lower()
    if ending in video.ENDINGS:
        return "" if ending == ".ts" and _is_text(path) else VIDEO
    return PICTURE if ending in decode.ENDINGS else ""


def _is_text(path: Path) -> bool:
    """Whether a file begins as text does: `.ts` is also the ending of TypeScript. Videos have zeros early on."""
    try:
        with path.open("rb") as file:
            return b"\0" not in file.read(_BEGINNING)
    except OSError:  # told when it is read
        return False


def _job(source: Path, base: Path, out: Path) -> Job:
    kind = _kind(source)
    target = out / source.relative_to(base)
    if kind == PICTURE and target.suffix.lower() not in ENDINGS:
        target = target.with_suffix(".png")
    if kind == VIDEO:
        target = target.with_suffix(video.ending_of(source))
    return Job(source, target, kind)


def _with_own_names(jobs: Sequence[Job], tell: Tell) -> list[Job]:
    """The jobs; of those that would get the same name by a new ending, each keeps its old one before it."""
    wanted = Counter(job.target for job in jobs)
    done, renamed = [], []
    for job in jobs:
        if wanted[job.target] > 1 and job.target.name != job.source.name:
            job = replace(job, target=_free(job, wanted))
            wanted[job.target] += 1
            renamed.append(job)
        done.append(job)
    if renamed:
        source, target = visible(str(renamed[0].source)), visible(renamed[0].target.name)
        more = f" ({len(renamed) - 1} more likewise)" if len(renamed) > 1 else ""
        tell(f"'{source}' becomes '{target}', since another file would have the same name{more}")
    return done


def _free(job: Job, taken: Container[Path]) -> Path:
    name, ending = job.source.name, job.target.suffix
    target, number = job.target.with_name(f"{name}{ending}"), 2
    while target in taken:
        target, number = job.target.with_name(f"{name}-{number}{ending}"), number + 1
    return target
