"""Compares a written video with its source, to tell what its kind of file could not keep."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from ganzoo.stylize.video_join import metadata_of
from ganzoo.stylize.video_pixels import UNSAID, Colors
from ganzoo.stylize.video_source import opened, video_of

_NEAR = 0.03
"""Seconds by which times may differ. Some containers round them to milliseconds or to frames."""
_FLAGS = {2: "dub", 4: "original", 8: "comment", 1 << 6: "forced", 1 << 7: "hearing impaired"}


def lost(library: Any, source: Path, target: Path, kept: set[int], colors: Colors, *, turned: bool) -> list[str]:
    """The names of what the source says and the target doesn't, apart from streams that are not `kept`."""
    with opened(library, source) as container:
        before = _facts(container, kept)
        shape = before.get("pixel aspect ratio")
        if turned and shape:
            before["pixel aspect ratio"] = 1 / shape
        before.update(_tags(colors.primaries, colors.transfer, colors.matrix, colors.range))
    with opened(library, target) as container:
        after = _facts(container, {stream.index for stream in container.streams})
        video = video_of(container)
        after.update(_tags(video.color_primaries, video.color_trc, video.colorspace, video.color_range))
    return [name for name, value in before.items() if value and not _same(value, after.get(name))]


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, float):
        return abs(before - (after or 0.0)) <= _NEAR
    if isinstance(before, list):
        pairs = zip(before, after or (), strict=False)
        return len(before) == len(after or ()) and all(_same(one, other) for one, other in pairs)
    return bool(before == after)


def _tags(primaries: int, transfer: int, matrix: int, spread: int) -> dict[str, Any]:
    said = {"colour primaries": primaries, "colour transfer": transfer, "colour matrix": matrix}
    return {**{name: tag for name, tag in said.items() if tag != UNSAID}, "full colour range": spread == 2}


def _facts(container: Any, kept: set[int]) -> dict[str, Any]:
    """All that is compared, by the name that the user reads."""
    video = video_of(container)
    facts: dict[str, Any] = {key.lower(): text for key, text in metadata_of(container).items()}
    shape = video.sample_aspect_ratio
    facts["pixel aspect ratio"] = shape if shape and shape != 1 else None
    chapters = container.chapters()
    facts["chapters"] = len(chapters)
    facts["titles of chapters"] = [chapter["metadata"].get("title", "") for chapter in chapters]
    facts["times of chapters"] = [float(chapter["start"] * chapter["time_base"]) for chapter in chapters]
    covers = [one for one in container.streams.video if one.disposition & 1 << 10 and one.index in kept]
    facts["cover picture"] = len(covers)
    start = _start(video)
    for kind, streams in (
        ("video", [video]),
        ("sound", container.streams.audio),
        ("subtitle", container.streams.subtitles),
    ):
        for number, stream in enumerate((one for one in streams if one.index in kept), 1):
            name = f"{kind} {number}" if kind != "video" else kind
            said = metadata_of(stream)
            facts[f"language of {name}"] = said.get("language", "und").replace("und", "")
            facts[f"title of {name}"] = said.get("title")
            for flag, word in _FLAGS.items():
                facts[f"mark '{word}' of {name}"] = bool(stream.disposition & flag)
            if kind == "sound" and start is not None and (begun := _start(stream)) is not None:
                facts[f"start of {name}"] = begun - start
    return facts


def _start(stream: Any) -> float | None:
    return None if stream.start_time is None else float(stream.start_time * Fraction(stream.time_base))
