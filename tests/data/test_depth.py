"""One rule for more than 8 bits a channel, held against files that NumPy writes byte by byte."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from ganzoo.config.units import Size
from ganzoo.data import depth, ranges
from ganzoo.data.decode import decode
from ganzoo.data.depth import eight_bits
from tests.data.deep_files import chunk, png, tiff

RAMP = np.arange(64 * 64).reshape(64, 64)
"""0 to 4095."""
SLOPES = np.stack([RAMP, RAMP[::-1], RAMP.T], axis=2)


def read(data: bytes) -> tuple[np.ndarray, list[str], str]:
    notes: list[str] = []
    with Image.open(io.BytesIO(data)) as image:
        shallow = eight_bits(image, notes.append)
    return np.asarray(shallow).astype(int), notes, shallow.mode


def scaled(values: np.ndarray, white: float, black: float = 0) -> np.ndarray:
    return np.rint(((values.astype(float) - black) / (white - black)).clip(0, 1) * 255).astype(int)


def same(data: bytes, expected: np.ndarray, *more: str) -> None:
    pixels, notes, _ = read(data)
    assert pixels.shape == expected.shape and np.abs(pixels - expected).max() <= 1
    assert notes == [depth.DEEP, *more]


def taken(white: int) -> str:
    return ranges.TAKEN.format(white)


def sbit(*bits: int) -> bytes:
    return chunk(b"sBIT", bytes(bits))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("packed", [False, True])
def test_sixteen_bits_are_divided_by_65535_whatever_their_largest_value(order: str, packed: bool) -> None:
    for values in (RAMP * 16, RAMP * 4, np.full((64, 64), 32768)):  # 4 * RAMP is dark
        same(tiff(values.astype(order + "u2"), packed=packed), scaled(values, 65535))
        same(png(values), scaled(values, 65535))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bit_colours(order: str, packed: bool, planes: bool, channels: int) -> None:
    values = np.dstack([SLOPES, RAMP[:, ::-1]])[..., :channels]
    for factor, white, more in ((16, 65535, []), (1, 4095, [taken(4095)])):
        deep = (values * factor).astype(order + "u2")
        if planes and packed and factor == 1:
            with pytest.raises(ValueError, match="can't be read: save it uncompressed"):
                read(tiff(deep, packed=True, planes=True))
        else:
            same(tiff(deep, packed=packed, planes=planes), scaled(deep, white), *more)
        same(png(deep), scaled(deep, white), *more)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_twelve_bits_in_sixteen_are_not_black(channels: int) -> None:
    values = np.dstack([RAMP, RAMP[::-1], RAMP.T, RAMP[:, ::-1]])[..., :channels]
    data = png(values[..., 0] if channels == 1 else values)
    pixels, notes = decode(data, Size(64, 64))
    assert taken(4095) in notes and pixels.mean() > 110
    shallow, _, mode = read(data)
    assert mode == ["L", "LA", "RGB", "RGBA"][channels - 1]
    assert np.abs(shallow.reshape(64, 64, channels) - scaled(values, 4095)).max() <= 1


def test_opaque_alpha_of_sixteen_bits_beside_colours_of_twelve() -> None:
    values = np.dstack([SLOPES, np.full_like(RAMP, 65535)])
    same(png(values), np.dstack([scaled(SLOPES, 4095), np.full_like(RAMP, 255)]), taken(4095))


def test_what_the_file_declares_decides() -> None:
    dark = RAMP // 5  # up to 819: undeclared, 0 to 4095
    same(png(dark, sbit(10)), scaled(dark, 1023))
    same(png(dark, sbit(16)), scaled(dark, 65535))
    same(png(RAMP * 16, sbit(12)), scaled(RAMP * 16, 65535))  # as the standard wants them, at the upper end
    same(png(np.dstack([dark] * 3), sbit(10, 10, 10)), scaled(np.dstack([dark] * 3), 1023))
    same(tiff(dark.astype("<u2"), t281=1023), scaled(dark, 1023))
    same(tiff(np.dstack([dark] * 3).astype("<u2"), t281=1023), scaled(np.dstack([dark] * 3), 1023))
    same(tiff(dark.astype("<u2"), t281=819), scaled(dark, 4095), taken(4095))  # the largest in use is no depth
    same(tiff((RAMP * 8).astype("<u2"), t281=4095), scaled(RAMP * 8, 65535))  # a wrong one


def test_a_packed_tiff_of_twelve_bits_stays_dark_when_it_is() -> None:
    dark = RAMP // 16
    pairs = dark.reshape(-1, 2)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1)
    data = tiff(packed.astype(np.uint8).reshape(64, 96))
    for tag, before, after in ((256, 96, 64), (258, 8, 12)):
        form = "<HHII" if tag == 256 else "<HHIHxx"
        data = data.replace(
            struct.pack(form, tag, 4 if tag == 256 else 3, 1, before),
            struct.pack(form, tag, 4 if tag == 256 else 3, 1, after),
        )
    same(data, scaled(dark, 4095))


@pytest.mark.parametrize("most", [1023, 4095, 65535])
def test_portable_maps_say_their_largest_value(most: int) -> None:
    dark = RAMP % 800
    grey = f"P5 64 64 {most}\n".encode() + dark.astype(">u2").tobytes()
    same(grey, scaled(dark, most))
    colour = f"P6 64 64 {most}\n".encode() + np.dstack([dark] * 3).astype(">u2").tobytes()
    pixels, _, _ = read(colour)
    assert np.abs(pixels - scaled(np.dstack([dark] * 3), most)).max() <= 1


def test_jpeg_2000_says_its_depth() -> None:
    file = io.BytesIO()
    Image.fromarray((RAMP * 2).astype(np.uint16)).save(file, "JPEG2000")
    same(file.getvalue(), scaled(RAMP * 2, 65535))


@pytest.mark.parametrize("kind", ["u2", "u4", "i4", "f4"])
def test_eight_bits_in_more_are_eight(kind: str) -> None:
    values = RAMP // 16
    more = [] if kind == "f4" else [taken(255)]
    same(tiff(values.astype("<" + kind)), values, *more)


@pytest.mark.parametrize("order", "<>")
def test_signed_integers(order: str) -> None:
    same(tiff((RAMP * 8).astype(order + "i2")), scaled(RAMP * 8, 32767))
    same(tiff((RAMP - 2000).astype(order + "i2")), scaled(RAMP, 4095), ranges.STRETCHED)
    same(tiff((RAMP * 300 - 2000).astype(order + "i4")), scaled(RAMP, 4095), ranges.STRETCHED)
    same(tiff((RAMP * 16).astype(order + "i4")), scaled(RAMP * 16, 65535))
    same(tiff((RAMP * 100).astype(order + "i4")), scaled(RAMP, 4095), ranges.STRETCHED)
    same(tiff((RAMP * 100000).astype(order + "i4")), scaled(RAMP * 100000, 2**31 - 1))


def test_thirty_two_unsigned_bits_do_not_become_negative() -> None:
    same(tiff((RAMP * 1000000).astype("<u4")), scaled(RAMP * 1000000, 2**32 - 1))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("white", [1, 255, 4095, 65535])
def test_floats_are_taken_for_the_range_they_fit(order: str, white: int) -> None:
    same(tiff((RAMP / 4095 * white).astype(order + "f4")), scaled(RAMP, 4095))
    over = RAMP / 4095 * white * 1.05 - 0.02 * white
    same(tiff(over.astype(order + "f4")), scaled(over, white), ranges.CUT)


def test_other_floats() -> None:
    light = RAMP / 1000
    same(tiff(light.astype("<f4")), scaled(light, 1), ranges.CUT)  # highlights above white
    signed = RAMP / 2047.5 - 1
    same(tiff(signed.astype("<f4")), scaled(signed, 1, -1), ranges.STRETCHED)
    same(tiff((RAMP * 1e3).astype("<f4")), scaled(RAMP, 4095), ranges.STRETCHED)
    same(tiff((RAMP / 4095 * 200).astype("<f4"), t281=4095), scaled(RAMP / 4095 * 200, 4095))


def test_what_is_not_finite_is_black_and_infinity_white() -> None:
    values = (RAMP / 4095).astype("<f4")
    values[0, :3] = np.nan, np.inf, -np.inf
    pixels, notes, _ = read(tiff(values))
    assert pixels[0, :3].tolist() == [0, 255, 0] and notes == [depth.DEEP, ranges.NOT_FINITE]
    assert np.abs(pixels[1:] - scaled(values[1:], 1)).max() <= 1
    pixels, notes, _ = read(tiff(np.full((8, 8), np.nan, "<f4")))
    assert pixels.max() == 0


@pytest.mark.parametrize("packed", [False, True])
def test_white_may_be_zero(packed: bool) -> None:
    same(tiff((RAMP * 16).astype("<u2"), photometric=0, packed=packed), 255 - scaled(RAMP * 16, 65535))
    same(tiff((RAMP / 4095).astype("<f4"), photometric=0, packed=packed), 255 - scaled(RAMP, 4095))


def test_a_transparent_colour_of_sixteen_bits() -> None:
    """Pillow compares it with 8 bits."""
    grey = png(RAMP * 16, chunk(b"tRNS", struct.pack(">H", 160)))
    pixels, _, mode = read(grey)
    assert mode == "LA" and np.array_equal(pixels[..., 1] == 0, RAMP * 16 == 160)
    deep = SLOPES * 16
    pixels, _, mode = read(png(deep, chunk(b"tRNS", struct.pack(">HHH", *deep[3, 5].tolist()))))
    assert mode == "RGBA" and np.array_equal(pixels[..., 3] == 0, (deep == deep[3, 5]).all(axis=2))


@pytest.mark.parametrize("kind", ["u2", "i2", "i4", "f4"])
@pytest.mark.parametrize("level", [0, 1000, 40000])
def test_a_constant_picture_gives_a_constant(kind: str, level: int) -> None:
    values = np.full((16, 16), min(level, 32767) if kind == "i2" else level).astype("<" + kind)
    pixels, _, _ = read(tiff(values))
    assert np.ptp(pixels) == 0 and (pixels.max() == 0) == (level == 0)


def test_a_picture_of_eight_bits_is_left_alone() -> None:
    notes: list[str] = []
    image = Image.new("RGB", (4, 4))
    assert eight_bits(image, notes.append) is image and notes == []
