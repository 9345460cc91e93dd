"""The colours of a scene: skies by time of day, grounds and foliage by season."""

import numpy as np
from numpy.typing import NDArray

SEASONS = ("spring", "summer", "autumn", "winter")
TIMES = ("dawn", "day", "dusk", "night")

Colours = NDArray[np.float64]


def rgb(*codes: str) -> Colours:
    """Colours in 0..1, N 3, from hexadecimal codes."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in codes])


# time, variant, (zenith, middle, horizon), rgb
SKIES: Colours = np.stack(
    [
        np.stack([rgb(*sky.split()) for sky in skies])
        for skies in (
            (
                "5b82bd c9b4d2 ffdcb4",
                "3d5f9f d89bb0 ffcf96",
                "86abcd ecd0c8 fbe8c8",
                "4a6fa8 8fb3d0 ffe0a8",
            ),
            (
                "2a69c0 7ab0e6 d6eaf5",
                "3f87c8 9ccbe6 e8f1ec",
                "7494b2 adc2d2 e0e7e8",
                "1c54a8 5f9bdc bddcf0",
            ),
            (
                "2b3c80 b5598c ff9c4e",
                "45468a e5785f ffc662",
                "28306e 86509a f77f7c",
                "28487a cf8f66 ffd680",
            ),
            (
                "0e1b48 1f3a72 4a6ea6",
                "151942 30377a 6868a6",
                "0b2344 1a4f78 4896a4",
                "121a3e 243a6a 5a7490",
            ),
        )
    ]
)

# By time: the light of the sky, of the sun or moon on what faces it, and the colour of its glow.
AMBIENT: Colours = rgb("7c82a8", "8496b2", "6c6790", "35497e")
SUNLIGHT: Colours = np.array([[0.66, 0.48, 0.35], [0.70, 0.64, 0.50], [0.70, 0.42, 0.24], [0.27, 0.33, 0.42]])
GLOW: Colours = rgb("ffe6b4", "fff6dc", "ffd488", "c8dcff")
CLOUD_LIT: Colours = rgb("ffe3cc", "ffffff", "ffb98a", "8fa3cc")
CLOUD_SHADE: Colours = rgb("a38fae", "9fb0c4", "6d4a78", "232f5c")

# season, variant, rgb
GRASS: Colours = np.stack(
    [
        rgb("8fbf4d", "6fae4a", "a9c85e"),
        rgb("7fa83f", "c9b45a", "5f9440"),
        rgb("c39a48", "b5793a", "a39a4a"),
        rgb("e9f0f7", "dfe8f2", "f0f3f5"),
    ]
)
PATCH: Colours = np.stack(
    [
        rgb("5f9a3e", "c8cf6a", "7fae58"),
        rgb("557f33", "a8a848", "d6bd62"),
        rgb("8a6a35", "d0a850", "96502c"),
        rgb("c3d2e4", "b9bfc4", "cfdbe8"),
    ]
)
FOREST: Colours = np.stack(
    [
        rgb("4f7f45", "63924a", "3f6f4a"),
        rgb("3c6a3a", "476f35", "2f5f3f"),
        rgb("a8662f", "8a7a38", "b07f35"),
        rgb("73859a", "8797a8", "66788c"),
    ]
)
# Broadleaf crowns, four tints a season; winter's are bare twigs.
LEAVES: Colours = np.stack(
    [
        rgb("8fc252", "b5d66a", "f3b8cc", "6fa848"),
        rgb("5f9440", "4a8038", "7aa84a", "557f3a"),
        rgb("e08a2c", "c8502a", "edb93e", "a3692c"),
        rgb("7a6a66", "8b7d78", "a39c9c", "6a5c58"),
    ]
)
NEEDLES: Colours = rgb("3a6b45", "31603f", "36583f", "4f6e6c")
ROCK: Colours = rgb("7f8290", "8d8478", "99867a", "6f7a8c")
SNOW: Colours = rgb("f6f8ff")[0]
WATER: Colours = rgb("4b7a90", "2f6f86", "3f6478", "5a7c90")
FLOWERS: Colours = rgb("f2d84a", "e88fb4", "b08fd8", "f4ecdc")
AURORA: Colours = rgb("5fe0a0", "58d8c8", "8ae07a")
