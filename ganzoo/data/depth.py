"""The one rule for the brightness of pictures with more than 8 bits a channel, wherever ganzoo reads one.

Training, painting, masks, styles and pictures from Python all pass through `eight_bits`. docs/data.md has the rule.
"""

import io
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from ganzoo.data.chunks import png_chunks
from ganzoo.data.ranges import Note, Values, scaled

DEEP = "more than 8 bits a channel, scaled to 8"
_BITS, _PHOTOMETRIC, _MOST, _PLANES, _KIND, _SIGNED_MOST = 258, 262, 281, 284, 339, 341
"""Tags of TIFF."""
_WHITE_IS_ZERO = 0
_UNSIGNED = 1
_NATIVE = "L" if sys.byteorder == "little" else "B"
_OTHER_HALF = {"LA;16B": "RGBA"} | {
    f"{mode};16{one}": f"{mode};16{other}" for mode in ("RGB", "RGBA", "RGBX", *"RGBA") for one, other in ("BL", "LB")
}
"""How to unpack 16-bit colours, of which Pillow keeps the upper bytes, so that it keeps the lower ones.

Read as RGBA, grey with transparency keeps all four of its bytes.
"""


def eight_bits(image: Image.Image, note: Note) -> Image.Image:
    """Loads the picture and returns it with at most 8 bits a channel: itself if it has no more."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _grey(image, note)
    if isinstance(image, ImageFile.ImageFile):
        _correct_planes(image)
        if any(";16" in form for form in _forms(image)):
            return _colours(image, note)
    image.load()
    return image


def _grey(image: Image.Image, note: Note) -> Image.Image:
    declared = _declared(image)
    image.load()
    note(DEEP)
    values = _unsigned(image, np.asarray(image))
    if values.dtype == np.int32 and _tag(image, _BITS) == 16:
        values = values.astype(np.int16)
    pixels = scaled(values, declared, note)
    if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow turns these over at 8 bits only
        np.subtract(255, pixels, out=pixels)
    result = Image.fromarray(pixels)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        result.putalpha(Image.fromarray(_opaque(values != clear)))
    return result


def _unsigned(image: Image.Image, values: Values) -> Values:
    """Pillow reads 32 unsigned bits as signed."""
    whole = image.mode == "I" and _tag(image, _BITS) == 32 and (_tag(image, _KIND) or _UNSIGNED) == _UNSIGNED
    return values.view(np.uint32) if whole else values


def _colours(image: ImageFile.ImageFile, note: Note) -> Image.Image:
    """16-bit colours. Pillow keeps the upper bytes, which are nearly black when the values have fewer bits."""
    declared, forms, content = _declared(image), _forms(image), stored(image)
    image.load()
    note(DEEP)
    colours = np.asarray(image)[..., :3]
    clear = image.info.get("transparency")
    known = set(forms) <= _OTHER_HALF.keys()
    if not known or (min(declared, default=65535) == 65535 and clear is None and colours.max() >= 16):
        return _with_fewer_channels(image, forms)
    if _tag(image, _PLANES) == 2 and len(forms) == 1:  # libtiff gives Pillow the upper bytes only
        raise ValueError("compressed planes of 16 bits with values below 4,096 can't be read: save it uncompressed")
    again = Image.open(io.BytesIO(content), formats=[image.format or ""])
    return _all_bits(_values(image, again, forms), declared, clear, note)


def _all_bits(values: Values, declared: tuple[float, ...], clear: object, note: Note) -> Image.Image:
    """A picture L, LA, RGB or RGBA from H W C values of 16 bits."""
    colours = values.shape[2] - (values.shape[2] + 1) % 2
    parts = [scaled(values[..., :colours], declared, note)]
    if values.shape[2] > colours:
        parts.append(scaled(values[..., colours:], declared, _unnoted))
    elif isinstance(clear, tuple):
        parts.append(_opaque((values != np.array(clear)).any(axis=2, keepdims=True)))
    return Image.fromarray(np.concatenate(parts, axis=2))


def _unnoted(text: str) -> None:
    """The notes are about colours."""


def _values(image: Image.Image, again: ImageFile.ImageFile, forms: list[str]) -> Values:
    """H W C of 16 bits, from the upper bytes in `image` and the lower ones, which `again` reads."""
    again.tile = [_unpacked(tile, _OTHER_HALF[form]) for tile, form in zip(again.tile, forms, strict=True)]
    upper, lower = np.asarray(image), np.asarray(again)
    if forms[0] == "LA;16B":
        upper, lower = lower[..., 0::2], lower[..., 1::2]
    values: Values = (upper.astype(np.uint16) << 8) | lower
    return values


def _with_fewer_channels(image: Image.Image, forms: list[str]) -> Image.Image:
    """Pillow reads grey with transparency as colours."""
    if forms[0] != "LA;16B":
        return image
    return Image.merge("LA", (image.getchannel("R"), image.getchannel("A")))


def _opaque(where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return where.astype(np.uint8) * np.uint8(255)


def _forms(image: ImageFile.ImageFile) -> list[str]:
    """How each tile of a file that is not loaded is unpacked, such as "RGB;16B", in the order of its bytes."""
    return [form[:-1] + _NATIVE if form.endswith(";16N") else form for form in map(_form, image.tile)]


def _correct_planes(image: ImageFile.ImageFile) -> None:
    """Pillow takes the planes of a TIFF of 16-bit colours for 8 bits."""
    if isinstance(image, TiffImageFile) and _tag(image, _BITS) == 16 and _tag(image, _PLANES) == 2:
        order = "L" if image.tag_v2.prefix == b"II" else "B"
        image.tile = [
            _unpacked(tile, f"{_form(tile)};16{order}") if len(_form(tile)) == 1 else tile for tile in image.tile
        ]


def _form(tile: Any) -> str:
    form = tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args
    return form if isinstance(form, str) else ""


def _unpacked(tile: Any, form: str) -> Any:
    return tile._replace(args=(form, *tile.args[1:]) if isinstance(tile.args, tuple) else form)


def stored(image: ImageFile.ImageFile) -> bytes:
    """The file's content. The place at which Pillow will read on stays."""
    file = image.fp
    if file is None:
        return b""
    place = file.seek(0, io.SEEK_CUR)
    file.seek(0)
    try:
        return file.read()
    finally:
        file.seek(place)


def _declared(image: Image.Image) -> tuple[float, ...]:
    """The largest values that a picture which is not loaded may have by what its file says, the likeliest first."""
    if image.format in ("PPM", "JPEG2000") and image.mode != "F":  # Pillow has brought their values to 16 bits
        return (65535,)
    if image.format == "PNG" and isinstance(image, ImageFile.ImageFile):
        return _significant(stored(image))
    if _tag(image, _BITS) == 12:
        return (4095,)
    # The largest value in use says nothing. That of a number of bits does.
    said = (_tag(image, _MOST), _tag(image, _SIGNED_MOST))
    return tuple(most for most in said if most in {1.0, *(2.0**bits - 1 for bits in range(8, 17))})


def _significant(data: bytes) -> tuple[float, ...]:
    """By the chunk sBIT. Its values should stand at the upper end of the 16 bits, but may stand at the lower."""
    for name, content in png_chunks(data, until=b"IDAT"):
        if name == b"sBIT" and content and 8 <= max(content) <= 16:
            return tuple(sorted({2.0 ** max(content) - 1, 65535.0}))
    return ()


def _tag(image: Image.Image, number: int) -> float | None:
    """The largest number in an entry of a TIFF's directory."""
    value = image.tag_v2.get(number) if isinstance(image, TiffImageFile) else None
    numbers = [one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, int | float)]
    return max(numbers, default=None)
