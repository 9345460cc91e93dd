"""Between images in [-1, 1], their uint8 pixels and pictures."""

import math
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor, nn, uint8

from ganzoo.io.files import replacing

_MARGIN = 2
_WHITE = 255


def from_uint8(pixels: Tensor) -> Tensor:
    """uint8 pixels of any shape -> float32 in [-1, 1]."""
    assert pixels.dtype == uint8, "a float32 tensor would be changed in place"
    return pixels.float().div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """B C H W in [-1, 1] -> uint8 on the CPU, rounded to the nearest value."""
    return images.detach().float().add(1).mul(127.5).round().clamp(0, 255).to(uint8).cpu()


def to_pil(images: Tensor) -> list[Image.Image]:
    """B 3 H W in [-1, 1] -> PIL images."""
    return [Image.fromarray(image.numpy()) for image in to_uint8(images).permute(0, 2, 3, 1).contiguous()]


def grid(images: Tensor, columns: int | None = None) -> Image.Image:
    """B 3 H W in [-1, 1] -> one picture with the images in rows, nearly square unless `columns` is given."""
    from torchvision.utils import make_grid  # here, since torchvision takes about a second to import

    count, _, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(count * height / width))
    sheet: Tensor = make_grid(to_uint8(images), columns, padding=_MARGIN, pad_value=_WHITE)
    if count == 1:  # make_grid gives a single image without a margin
        sheet = nn.functional.pad(sheet, [_MARGIN] * 4, value=_WHITE)
    return Image.fromarray(sheet.permute(1, 2, 0).contiguous().numpy())


def save_picture(picture: Image.Image, file: Path, **options: Any) -> None:
    """Writes a picture in the format of the file's ending, whole and never through a link. Raises OSError."""
    with replacing(file) as draft:
        picture.save(draft, **options)


def pair_columns(images: Tensor) -> int:
    """Columns of a grid in which photos and paintings alternate: an even number, so that pairs stay together."""
    count, _, height, width = images.shape
    return 2 * math.ceil(math.sqrt(count / 2 * height / (2 * width)))
