"""How the painted score looks at pictures."""

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ganzoo.config.units import Size
from ganzoo.encoders import Encoder, Resize
from ganzoo.scoring.views import CROPS, looks

SIZE = Size(64, 64)


class Fineness(Encoder):
    """The feature is how much neighbouring pixels differ."""

    def __init__(self) -> None:
        super().__init__(
            nn.Identity(),
            name="fineness",
            architecture="fineness",
            dimension=1,
            strides=(),
            channels=(),
            resize=Resize(),
        )

    def pooled(self, inputs: Tensor) -> Tensor:
        return inputs.diff(dim=-1).abs().mean((1, 2, 3))[:, None]

    def pyramid(self, inputs: Tensor, depth: int | None = None) -> tuple[Tensor, ...]:
        return ()


def saved(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture as a photo from the web is: compressed."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_a_compressed_picture_looks_like_the_same_one_that_was_never_compressed() -> None:
    """Otherwise an encoder takes the artefacts of the paintings' files for a part of their style."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 40, (20, 8, 8, 3)).repeat(8, 1).repeat(8, 2)
    fresh = np.clip(128 + smooth + rng.normal(0, 12, (20, 64, 64, 3)), 0, 255).astype(np.uint8)
    files = np.stack([saved(one, 75) for one in fresh])
    seen, of_files = (
        looks(Fineness(), lambda some=some: some, 20, SIZE, torch.device("cpu")) for some in (fresh, files)
    )
    assert seen.shape == (20, 1 + CROPS, 1)
    assert torch.allclose(seen, of_files, rtol=0.05)
    raw = Fineness().pooled(torch.from_numpy(fresh).permute(0, 3, 1, 2) / 127.5 - 1)
    assert (raw > 1.2 * seen[:, 0]).all()  # the picture itself is finer, so the test can fail
