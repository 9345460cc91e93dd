"""Pictures for tests: landscapes with enough detail to be told apart."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def landscape(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A picture of that width and height: sky above, ground below, and coloured patches of all sizes."""
    rng = np.random.default_rng(seed)
    width, height = size
    total = np.zeros((240, 320, 3), np.float32)
    for cells in (2, 4, 8, 16, 32):
        patches = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), np.uint8))
        total += np.asarray(patches.resize((320, 240), Image.Resampling.BICUBIC), np.float32) / cells**0.5
    total += np.linspace(150, 0, 240, dtype=np.float32)[:, None, None]
    total = (total - total.min()) * (220 / (total.max() - total.min())) + 15
    return Image.fromarray(total.astype(np.uint8)).resize((width, height), Image.Resampling.LANCZOS)


def save(image: Image.Image, path: Path, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has next to no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
