"""How often a picture drawn in a style is most similar to real pictures of that style, by first and second moments.

`python -m tests.benchmarks.styles RUN DATA`, where DATA is the folder of folders on which RUN was trained.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

import ganzoo
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.images import from_uint8
from ganzoo.encoders import Encoder
from ganzoo.scoring.build import build_encoder

DRAWN, REAL, STAGES = 100, 200, 4


@torch.no_grad()
def codes(images: Tensor, encoder: Encoder) -> Tensor:
    """The mean and deviation of each channel at each stage, which AdaIN calls style."""
    parts = [
        torch.cat([moment for one in encoder.maps(part, depth=STAGES) for moment in moments(one)], dim=1)
        for part in images.split(50)
    ]
    return torch.cat(parts)


def moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    return maps.mean((2, 3)), maps.std((2, 3))


def real(folder: Path, size: tuple[int, int]) -> Tensor:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg", ".png"))[:REAL]
    pictures = [np.array(ImageOps.fit(Image.open(file).convert("RGB"), size)) for file in files]
    return from_uint8(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2))


def main(run: Path, data: Path) -> None:
    gan = ganzoo.load(run, device="cpu")
    encoder = build_encoder(configure_run("dcgan", open_catalog(third_party=False)))
    (names,) = gan.shape.attributes.values()
    size = (gan.shape.width, gan.shape.height)
    known = [codes(real(data / name, size), encoder) for name in names]
    spread = torch.cat(known).std(0) + 1e-6
    centres = torch.stack([own.mean(0) for own in known])

    def nearest(own: Tensor, centres: Tensor) -> int:
        return int(((own - centres) / spread).square().mean(1).argmin())

    def without(number: int, place: int) -> Tensor:
        """The centres, with picture `place` left out of style `number`, so that no picture is compared with itself."""
        count, left = len(known[number]), centres.clone()
        left[number] = (count * centres[number] - known[number][place]) / max(count - 1, 1)
        return left

    for number, name in enumerate(names):
        drawn = codes(gan.sample(DRAWN, style=name, seed=1), encoder)
        own = [nearest(one, centres) == number for one in drawn]
        photo = [nearest(one, without(number, place)) == number for place, one in enumerate(known[number])]
        print(f"{name}: {sum(own) / len(own):.2f} of drawn pictures, {sum(photo) / len(photo):.2f} of real ones")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
