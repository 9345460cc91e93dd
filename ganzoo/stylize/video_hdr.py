"""High dynamic range to standard range: what a network that has seen photos can be given of an HDR video.

Light is computed as ITU-R BT.2100 says, highlights are rolled off by the curve of ITU-R BT.2390 (5.4.1).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PQ, HLG = 16, 18
"""FFmpeg's numbers of the two HDR transfers."""
NAMES = {PQ: "PQ", HLG: "HLG"}
_WHITE = 203.0
"""Candela per square metre of white paper in HDR (BT.2408). It becomes nearly the white of standard range."""
_PEAK = 1000.0
"""The brightest light that keeps its detail: that of the displays which most HDR video is made on."""
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)
_TO_BT709 = {
    9: [[1.6605, -0.5876, -0.0729], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    12: [[1.2249, -0.2247, -0.0002], [-0.0420, 1.0419, 0.0001], [-0.0197, -0.0786, 1.0983]],
}
"""From the primaries of BT.2020 and of Display P3, in linear light."""


def standard_range(pixels: NDArray[np.uint16], transfer: int, primaries: int) -> NDArray[np.uint8]:
    """RGB H W 3 of 16 bits, coded by PQ or HLG -> the same in BT.709 for a display of standard range."""
    light = _light(transfer)[pixels]
    if transfer == HLG:
        light = light * (_PEAK * np.maximum(light @ _LUMA, 1e-6) ** 0.2)[..., None]
    brightest = np.maximum(light.max(axis=-1), 1e-6)
    seen, shown = _roll_off()
    light *= (np.interp(brightest, seen, shown) / brightest / _WHITE)[..., None]
    if primaries in _TO_BT709:
        light = light @ np.array(_TO_BT709[primaries], np.float32).T
    coded: NDArray[np.float32] = np.clip(light, 0, 1) ** (1 / 2.4) * 255 + 0.5
    return coded.astype(np.uint8)


@lru_cache(2)
def _light(transfer: int) -> NDArray[np.float32]:
    """What each 16-bit code means: for PQ the light of the display, for HLG that of the scene up to 1."""
    code = np.arange(65536) / 65535
    if transfer == PQ:
        return _from_pq(code).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)


def _from_pq(code: NDArray[np.float64]) -> NDArray[np.float64]:
    power = code ** (1 / 78.84375)
    light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return np.asarray(10_000 * light ** (1 / 0.1593017578125))


def _to_pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    power = (light / 10_000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


@lru_cache(1)
def _roll_off() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Light as it is, and as it is shown: the same up to a knee, then less and less, up to white."""
    peak, white = _to_pq(np.array([_PEAK, _WHITE]))
    seen = np.linspace(0, 1, 2048)
    most = white / peak
    knee = 1.5 * most - 0.5
    t = np.maximum(seen - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return _from_pq(seen * peak), _from_pq(np.where(seen < knee, seen, bent) * peak)
