"""Writes animations: looping GIF and WebP, and MP4 by PyAV."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.errors import UsageError
from ganzoo.io.files import replacing
from ganzoo.stylize.video_pixels import STANDARD, FrameWriter, tag

ANIMATIONS = (".gif", ".webp", ".mp4")
_FRAME_MS = 50
_QUALITY = "12"
"""x264's constant rate factor. It is low because small frames with few colours show every loss."""


def save_animation(frames: Sequence[Image.Image], file: Path) -> None:
    """Writes the frames as a GIF or WebP that loops, or once through as MP4; the file's ending says which.

    Raises UsageError for another ending, and for MP4 without PyAV.
    """
    ending = file.suffix.lower()
    if ending not in ANIMATIONS:
        raise UsageError(f"'{file}': an animation is written as {', '.join(ANIMATIONS[:-1])} or {ANIMATIONS[-1]}")
    with replacing(file) as draft:
        (_save_video if ending == ".mp4" else _save_loop)(frames, draft)


def _save_loop(frames: Sequence[Image.Image], file: Path) -> None:
    first, *rest = frames
    # Lossy WebP drops frames that hardly differ from the one before. The walk would lose its timing with them.
    first.save(file, save_all=True, append_images=rest, duration=_FRAME_MS, loop=0, lossless=True)


def _save_video(frames: Sequence[Image.Image], file: Path) -> None:
    try:
        import av
    except ImportError:
        raise UsageError("mp4 needs one more package: pip install 'ganzoo-core[video]'; gif and webp don't") from None
    width, height = frames[0].size
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=1000 // _FRAME_MS, options={"crf": _QUALITY})
        stream.pix_fmt = "yuv420p"  # every player takes this format; it needs even sides
        stream.width, stream.height = width + width % 2, height + height % 2
        tag(stream.codec_context, STANDARD)  # without tags, players guess the matrix from the size
        writer = FrameWriter(av, "yuv420p", STANDARD)
        for frame in frames:
            pixels = np.pad(np.asarray(frame), ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            container.mux(stream.encode(writer.converted(av.VideoFrame.from_ndarray(pixels, format="rgb24"))))
        container.mux(stream.encode())
