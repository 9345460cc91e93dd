"""Paints videos of all kinds at strength 0: how much comes back, and what users read.

`python -m tests.stylize.video_round_trip` prints a table of every codec, container and pixel format that PyAV
writes and ganzoo reads.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from ganzoo.errors import GanzooError
from ganzoo.stylize.video import ENDINGS, ending_of, stylize_video
from tests.stylize.clips import difference, facts, make_clip

_ONLY_HARDWARE = ("_amf", "_nvenc", "_qsv", "_v4l2m2m", "_vaapi")
KEPT = ("shape", "primaries", "transfer", "matrix", "range", "chapters", "languages", "titles", "title")
_UNSAID = {"primaries": (2,), "transfer": (2,), "matrix": (0, 2), "range": (0, 1), "languages": ([],)}
"""What says nothing: tags that are not set, RGB, and the limited range, which is the usual one."""
_LOSSY = {"libx264": {"crf": "8"}, "libx265": {"crf": "8"}, "libsvtav1": {"crf": "12"}, "libvpx-vp9": {"crf": "8"}}
_SIZES = {"h261": (176, 144), "h263": (176, 144), "dvvideo": (720, 576), "roqvideo": (128, 64), "dnxhd": (256, 128)}


@dataclass(frozen=True)
class Row:
    """One video that was painted at strength 0."""

    name: str
    largest: float
    mean: float
    lost: tuple[str, ...]
    told: tuple[str, ...]


def round_trip(source: Path, folder: Path) -> Row:
    """Paints a video unchanged. Raises GanzooError where it is refused."""
    target = folder / f"out{ending_of(source)}"
    told: list[str] = []
    stylize_video(source, target, lambda pixels: pixels, lambda done, total: None, notice=told.append)
    before, after = facts(source), facts(target)
    if before["matrix"] == 0:  # RGB becomes luma and chroma of the usual range
        before["range"] = 0
    lost = tuple(key for key in KEPT if before[key] not in _UNSAID.get(key, ()) and before[key] != after[key])
    return Row(source.name, *difference(source, target), lost, tuple(told))


def kinds() -> Iterator[tuple[str, str, str]]:
    """Every ending, codec and pixel format that can be tried."""
    for ending in sorted(ENDINGS - {".gif"}):
        for name in sorted(av.codecs_available):
            if name.endswith(_ONLY_HARDWARE):
                continue
            try:
                codec = av.Codec(name, "w")
            except (ValueError, av.error.FFmpegError):
                continue
            if codec.type == "video" and not name.startswith(("a64", "vnull", "wrapped")):
                formats = [one.name for one in codec.video_formats or ()] or ["yuv420p"]
                for pixel_format in formats if ending in (".mkv", ".mov") else formats[:1]:
                    yield ending, name, pixel_format


def tried(ending: str, codec: str, pixel_format: str, folder: Path) -> Row | str | None:
    """The row of a kind of video; a sentence where ganzoo refuses it, None where PyAV can't write or read it."""
    source = folder / f"{codec}-{pixel_format}{ending}"
    try:
        make_clip(source, codec, pixel_format, options=_LOSSY.get(codec), size=_SIZES.get(codec, (96, 64)), frames=4)
        with av.open(str(source)) as opened:
            if not list(opened.decode(video=0)):
                return None
    except (ValueError, OSError, IndexError, av.error.FFmpegError, NotImplementedError):
        return None
    try:
        return round_trip(source, folder)
    except GanzooError as error:
        return f"{source.name}: {error}"


def main() -> None:
    """Prints the table."""
    count = refused = 0
    print("| video | largest | mean | not kept | told |\n|---|---|---|---|---|")
    for ending, codec, pixel_format in kinds():
        with tempfile.TemporaryDirectory() as name:
            row = tried(ending, codec, pixel_format, Path(name))
        if isinstance(row, Row):
            count += 1
            told = "; ".join(text.partition("': ")[2] for text in row.told)
            print(f"| {row.name} | {row.largest:.0f} | {row.mean:.2f} | {', '.join(row.lost)} | {told} |", flush=True)
        elif row:
            refused += 1
            print(f"| {row} | | | | |", flush=True)
    print(f"\n{count} kinds painted, {refused} refused", file=sys.stderr)


if __name__ == "__main__":
    main()
