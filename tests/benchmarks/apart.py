"""Measures what makes photos far from paintings besides style: files without JPEG, and other places.

GANZOO_PHOTO is a folder of photos, GANZOO_PHOTOS one of the photos of a training, GANZOO_PAINTINGS the paintings.
"""

import os
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from ganzoo_plugins.encoders import Lite0Options
from ganzoo_plugins.encoders.lite0 import lite0
from numpy.typing import NDArray
from PIL import Image

from ganzoo.data.chosen import compressed
from ganzoo.encoders import Encoder, encode
from ganzoo.metrics.kid import kid

VIEW = 256
MOST = 200


def main() -> None:
    """Prints the distances of the photos, from files as they are and compressed alike."""
    names = ("GANZOO_PHOTO", "GANZOO_PHOTOS", "GANZOO_PAINTINGS")
    if not all(map(os.environ.get, names)):
        print("apart: set", *names)
        return
    encoder = lite0(Lite0Options(size=0, least=0))
    sides = [pictures(Path(os.environ[name])) for name in names]
    for rule, change in (("as they are", np.asarray), ("compressed", compressed)):
        photos, training, paintings = (features(encoder, [change(one) for one in side]) for side in sides)
        for name, others in (("the paintings", paintings), ("the photos of the training", training)):
            whole, crops = (1000 * kid(*pair).value for pair in zip(photos, others, strict=True))
            print(f"{rule}: KID-lite0 x1000 from {name}: whole {whole:.0f}, crops {crops:.0f}")


def pictures(folder: Path) -> list[NDArray[np.uint8]]:
    """The middles of pictures, spread over the folder, at the whole view."""
    files = sorted(folder.glob("*.jpg"))
    return [middle(file) for file in islice(files, 0, None, max(1, len(files) // MOST))][:MOST]


def middle(file: Path) -> NDArray[np.uint8]:
    """The middle square of a picture, antialiased."""
    with Image.open(file) as image:
        side = min(image.size)
        left, top = ((length - side) // 2 for length in image.size)
        square = image.convert("RGB").crop((left, top, left + side, top + side))
        return np.asarray(square.resize((VIEW, VIEW), Image.Resampling.LANCZOS))


def features(encoder: Encoder, pixels: list[NDArray[np.uint8]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of the pictures whole, and of one crop each."""
    half = VIEW // 2
    rng = np.random.default_rng(0)
    places = rng.integers(0, half + 1, (len(pixels), 2))
    crops = [one[top : top + half, left : left + half] for one, (top, left) in zip(pixels, places, strict=True)]
    return encode(encoder, np.stack(pixels)), encode(encoder, np.stack(crops))
