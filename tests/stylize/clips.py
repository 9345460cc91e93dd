"""Small videos written by PyAV, and what PyAV says of a video: a reader that shares no code with ganzoo."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
WEIGHTS |= {9: (0.2627, 0.0593)}
"""The weights of red and blue in luma, by H.273's numbers of matrices."""


def pattern(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Smooth slopes with saturated corners and a bar that wanders: colours H W 3 that matrices treat differently."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = x / max(width - 1, 1), y / max(height - 1, 1)
    pixels = np.stack([red, green, (1 - red) * (1 - green)], axis=-1) * 200 + 25
    pixels[height // 4 : height // 2, width // 2 + number : width // 2 + number + 6] = (230, 30, 30)
    return np.asarray(pixels.round(), np.uint8)


Change = Callable[[Any, Any], None]


def make_clip(
    path: Path,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    *,
    size: tuple[int, int] = (96, 64),
    frames: int = 8,
    rate: int | Fraction = 25,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    tags: dict[str, int] | None = None,
    sound: bool = False,
    setup: Change = lambda output, video: None,
) -> Path:
    """Writes a clip of `pattern`. `setup` changes the output and its video stream before the first frame."""
    import av

    tags = tags or {}
    with av.open(str(path), "w", options=container or {}) as output:
        video = output.add_stream(codec, rate=rate, options=options or {})
        video.width, video.height = size
        video.pix_fmt = pixel_format
        for name, value in tags.items():
            setattr(video.codec_context, name, value)
        tones = [output.add_stream("aac", rate=44100)] if sound else []
        setup(output, video)
        tones = [stream for stream in output.streams if stream.type == "audio"] or tones
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(pattern(number, *size), format="rgb24")
            matrix = tags.get("colorspace", 5)
            converted = frame.reformat(
                format=pixel_format,
                dst_colorspace=matrix if matrix in (1, 4, 5, 7, 9) else 5,
                dst_color_range=tags.get("color_range") or None,
            )
            converted.pts = number
            converted.time_base = 1 / Fraction(rate)
            output.mux(video.encode(converted))
        output.mux(video.encode(None))
        for tone in tones:
            _beep(output, tone, frames / rate)
    return path


def _beep(output: Any, stream: Any, seconds: float) -> None:
    import av

    for start in range(0, int(44100 * seconds), 1024):
        block = np.sin(np.arange(start, start + 1024) * 0.06).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([block, block]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 44100, start, Fraction(1, 44100)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def rgb_frames(path: Path) -> Iterator[NDArray[np.float64]]:
    """The frames as RGB H W 3, 0 to 255, computed by the formulas of H.273 from the tags that PyAV reads."""
    import av

    with av.open(str(path)) as opened:
        video = opened.streams.video[0]
        for frame in opened.decode(video):
            yield _rgb(frame, video)


def _rgb(frame: Any, stream: Any) -> NDArray[np.float64]:
    name = frame.format.name
    plain = name.startswith(("yuv4", "yuvj4", "yuva4")) and not name.endswith("be")
    if not plain or min(plane.line_size for plane in frame.planes) < 0:
        return np.asarray(frame.to_ndarray(format="rgb24"), np.float64)
    bits = frame.format.components[0].bits
    height, width = frame.height, frame.width
    planes = [_plane(plane, bits) for plane in frame.planes[:3]]
    luma, blue, red = (_enlarged(plane, height, width) for plane in planes)
    full = name.startswith("yuvj") or 2 in (frame.color_range, stream.color_range)
    scale = 2 ** (bits - 8)
    luma, blue, red = luma / scale, blue / scale - 128, red / scale - 128
    if full:
        luma, blue, red = luma / 255, blue / 255, red / 255
    else:
        luma, blue, red = (luma - 16) / 219, blue / 224, red / 224
    large = height >= 720 or width >= 1280
    matrix = next((one for one in (frame.colorspace, stream.colorspace) if one in WEIGHTS), 1 if large else 5)
    of_red, of_blue = WEIGHTS[matrix]
    r, b = luma + 2 * (1 - of_red) * red, luma + 2 * (1 - of_blue) * blue
    g = (luma - of_red * r - of_blue * b) / (1 - of_red - of_blue)
    return np.clip(np.stack([r, g, b], axis=-1) * 255, 0, 255)


def _plane(plane: Any, bits: int) -> NDArray[np.float64]:
    kind = np.uint8 if bits == 8 else np.dtype("<u2")
    rows = np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)
    return np.asarray(rows[:, : plane.width], np.float64)


def _enlarged(plane: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    down, right = -(-height // plane.shape[0]), -(-width // plane.shape[1])
    return plane.repeat(down, axis=0).repeat(right, axis=1)[:height, :width]


def facts(path: Path) -> dict[str, Any]:
    """What a video says of itself, as PyAV reads it."""
    import av

    with av.open(str(path)) as opened:
        video = opened.streams.video[0]
        matrix = _matrix(path)
        found: dict[str, Any] = {
            "shape": video.sample_aspect_ratio or Fraction(1),
            "primaries": video.color_primaries,
            "transfer": video.color_trc,
            "matrix": video.colorspace,
            "range": video.color_range,
            "turn": matrix,
            "rate": video.average_rate,
            "chapters": [
                (float(one["start"] * one["time_base"]), one["metadata"].get("title")) for one in opened.chapters()
            ],
            "languages": [stream.metadata.get("language", "und") for stream in opened.streams.audio],
            "titles": [stream.metadata.get("title") or stream.metadata.get("name") for stream in opened.streams.audio],
            "title": opened.metadata.get("title"),
            "kinds": sorted(stream.type for stream in opened.streams),
        }
        starts = [
            stream.start_time * stream.time_base for stream in opened.streams.audio if stream.start_time is not None
        ]
        begin = (video.start_time or 0) * video.time_base
        found["offset"] = float(starts[0] - begin) if starts else 0.0
        found["start"] = float(begin)
    return found


def _matrix(path: Path) -> tuple[int, ...]:
    """The display matrix of the first frame without the last column; empty for none."""
    import av

    with av.open(str(path)) as opened:
        frame = next(opened.decode(video=0))
        try:
            sides = [side for side in frame.side_data if side.type.name == "DISPLAYMATRIX"]
        except ValueError:  # a kind of data that PyAV does not know
            return ()
        return tuple(np.frombuffer(bytes(sides[0]), np.int32, 9)) if sides else ()


def difference(source: Path, target: Path) -> tuple[float, float]:
    """The largest and the mean difference, of 255, between all frames of two videos."""
    largest, means = 0.0, []
    for one, other in zip(rgb_frames(source), rgb_frames(target), strict=True):
        apart = np.abs(one - other)
        largest = max(largest, float(apart.max()))
        means.append(float(apart.mean()))
    return largest, float(np.mean(means))
