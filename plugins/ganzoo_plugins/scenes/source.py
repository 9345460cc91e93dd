"""The drawn landscapes as a data set part."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo import ImageSource, Picture, Size
from ganzoo_plugins.scenes.draw import SEASONS, TIMES, draw, labels
from ganzoo_plugins.scenes.paint import paint

if TYPE_CHECKING:
    from ganzoo_plugins.scenes import ScenesOptions


class Scenes(ImageSource):
    """`count` landscapes of one seed in one rendition."""

    def __init__(self, options: "ScenesOptions") -> None:
        self.options = options
        self.attributes = {"season": SEASONS, "time": TIMES}

    def __len__(self) -> int:
        return self.options.count

    def fingerprint(self) -> str:
        """The options and the drawing code itself, so that a changed brush never meets an old cache."""
        digest = hashlib.sha256(self.options.model_dump_json().encode())
        for file in sorted(Path(__file__).parent.glob("*.py")):
            digest.update(file.read_bytes())
        return f"scenes:{digest.hexdigest()[:32]}"

    def read(self, indices: Sequence[int], size: Size) -> Iterator[Picture]:
        """Drawn all at once, B 3 H W, then given one by one."""
        options = self.options
        images = draw(options.seed, indices, (size.height, size.width))
        if options.rendition != "plain":
            images = paint(images, options.rendition, options.seed, indices)
        for pixels, label in zip(images.permute(0, 2, 3, 1).numpy(), labels(options.seed, indices), strict=True):
            yield Picture(pixels=pixels, labels=tuple(label.tolist()))
