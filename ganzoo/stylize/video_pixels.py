"""Frames as a network sees them: upright, in RGB by the matrix and range of the video; and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.errors import DataError
from ganzoo.stylize import video_hdr

UNSAID = 2
"""FFmpeg's number for a colour tag that the file does not have."""
_MATRICES = frozenset((0, UNSAID, 3, 1, 4, 5, 6, 7, 9))
"""The matrices, by FFmpeg's numbers, that are converted from and to RGB."""
_BT709, _BT601 = 1, 5
_LIMITED, _FULL = 1, 2
_QUARTER = 0.02
"""How far, of its length, an axis of a display matrix may lie beside the screen's axis."""


@dataclass(frozen=True, kw_only=True)
class Colors:
    """The colour tags that a painted video gets, FFmpeg's numbers, and the matrix and range that convert it.

    They differ where the video has no tags: players then take BT.709 for large pictures and BT.601 for small ones.
    """

    primaries: int
    transfer: int
    matrix: int
    range: int
    used_matrix: int
    used_range: int


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How the frames of a source are to be read: its matrix and range, and the transfer and primaries of HDR."""

    matrix: int
    range: int
    hdr: int = 0
    primaries: int = UNSAID


STANDARD = Colors(primaries=1, transfer=1, matrix=1, range=_LIMITED, used_matrix=_BT709, used_range=_LIMITED)
"""BT.709 in the usual range: what most video of today is."""


def colors_of(frame: Any, stream: Any) -> tuple[Coding, Colors]:
    """What a frame says about its colours, or else its stream. Raises DataError for matrices that are not converted."""
    primaries = _said(frame.color_primaries, stream.color_primaries)
    transfer = _said(frame.color_trc, stream.color_trc)
    matrix = _said(frame.colorspace, stream.colorspace)
    if transfer == UNSAID and side_data_of(frame).keys() & {"DOVI_METADATA", "DOVI_RPU_BUFFER"}:
        raise DataError("its colours are those of Dolby Vision alone (profile 5), which can't be converted")
    if matrix not in _MATRICES:
        raise DataError(
            f"its colours are coded by matrix {matrix} of ITU-T H.273, which can't be converted: convert it to BT.709"
        )
    usual = _BT709 if frame.height >= 720 or frame.width >= 1280 else _BT601
    used = usual if matrix in (0, 2, 3) else _BT601 if matrix == 6 else matrix
    spread = _FULL if frame.format.name.startswith("yuvj") else frame.color_range or stream.color_range
    if transfer in video_hdr.NAMES:
        return Coding(matrix=used, range=spread or _LIMITED, hdr=transfer, primaries=primaries), STANDARD
    if frame.format.is_rgb:
        used, matrix, spread = usual, usual, _LIMITED
    colors = Colors(
        primaries=primaries,
        transfer=transfer,
        matrix=UNSAID if matrix in (0, 3) else matrix,
        range=spread,
        used_matrix=used,
        used_range=spread or _LIMITED,
    )
    return Coding(matrix=used, range=colors.used_range), colors


def _said(frame: int, stream: int) -> int:
    return stream if frame in (0, UNSAID) and stream not in (0, UNSAID) else frame


@dataclass(frozen=True)
class Turn:
    """How players turn a picture: first across the diagonal, if at all, then left to right, then top to bottom."""

    diagonal: bool = False
    mirrored: bool = False
    upside_down: bool = False


def side_data_of(frame: Any) -> dict[str, Any]:
    """What a frame carries beside its picture, by FFmpeg's names; empty where PyAV does not know one of its kinds."""
    try:
        return {side.type.name: side for side in frame.side_data}
    except ValueError:
        return {}


_BY_ROTATION = {
    90: Turn(diagonal=True, upside_down=True),
    180: Turn(mirrored=True, upside_down=True),
    270: Turn(diagonal=True, mirrored=True),
}


def turn_of(frame: Any) -> Turn | None:
    """The turn that the frame's display matrix asks for, or None where it is not one of quarters and flips."""
    found = side_data_of(frame).get("DISPLAYMATRIX")
    if found is None:
        return _BY_ROTATION.get(frame.rotation % 360, Turn())
    # Row vectors are multiplied from the left: x' = a x + c y, y' = b x + d y, with y running down.
    (a, b), (c, d) = np.frombuffer(bytes(found), np.int32, 9).reshape(3, 3)[:2, :2] / 65536
    if max(abs(b), abs(c)) <= _QUARTER * min(abs(a), abs(d)):
        return Turn(mirrored=bool(a < 0), upside_down=bool(d < 0))
    if max(abs(a), abs(d)) <= _QUARTER * min(abs(b), abs(c)):
        return Turn(diagonal=True, mirrored=bool(c < 0), upside_down=bool(b < 0))
    return None


class FrameReader:
    """Turns frames into upright RGB pixels, all of them as the first one says."""

    def __init__(self, library: Any, first: Any, coding: Coding) -> None:
        self.convert = _exact(library)
        self.size = first.width, first.height
        self.coding = coding
        self.turn = turn_of(first) or Turn()

    def pixels(self, frame: Any) -> NDArray[np.uint8]:
        """The pixels H W 3 that players show. Transparency lies over black."""
        clear = any(part.is_alpha for part in frame.format.components)
        coding = self.coding
        said = {} if frame.format.is_rgb else {"src_colorspace": coding.matrix, "src_color_range": coding.range}
        kind = "rgb48le" if coding.hdr else "rgba" if clear else "rgb24"
        pixels = self.convert(frame, *self.size, kind, **said).to_ndarray()
        if coding.hdr:
            pixels = video_hdr.standard_range(pixels, coding.hdr, coding.primaries)
        elif clear:
            pixels = _over_black(pixels)
        return _upright(pixels, self.turn)


def _exact(library: Any) -> Callable[..., Any]:
    """Converts frames between pixel formats. FFmpeg's quick way makes them darker by 1 of 255 each time."""
    module = library.video.reformatter
    kind = module.Interpolation
    exact = kind.BICUBIC | kind.ACCURATE_RND | kind.FULL_CHR_H_INT | kind.FULL_CHR_H_INP
    return partial(module.VideoReformatter().reformat, interpolation=exact)


def _over_black(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H W 4 -> H W 3."""
    if pixels[..., 3].min() == 255:
        return pixels[..., :3]
    return (pixels[..., :3].astype(np.uint16) * pixels[..., 3:] // 255).astype(np.uint8)


def _upright(pixels: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    if turn.diagonal:
        pixels = pixels.swapaxes(0, 1)
    rows, columns = slice(None, None, -1 if turn.upside_down else 1), slice(None, None, -1 if turn.mirrored else 1)
    return np.ascontiguousarray(pixels[rows, columns])


def tag(context: Any, colors: Colors) -> None:
    """Gives an encoder the colour tags of its video."""
    context.color_primaries, context.color_trc = colors.primaries, colors.transfer
    context.colorspace, context.color_range = colors.matrix, colors.range


class FrameWriter:
    """Turns RGB frames into the pixel format of an encoder, by the matrix and range of the source."""

    def __init__(self, library: Any, pixel_format: str, colors: Colors) -> None:
        self.convert = _exact(library)
        self.pixel_format = pixel_format
        self.colors = colors

    def converted(self, frame: Any) -> Any:
        """The frame in the encoder's format."""
        if not self.pixel_format.startswith("yuv"):
            return self.convert(frame, format=self.pixel_format)
        return self.convert(
            frame,
            format=self.pixel_format,
            dst_colorspace=self.colors.used_matrix,
            dst_color_range=self.colors.used_range,
        )
