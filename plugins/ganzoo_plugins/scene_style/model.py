"""The recipe of scene-style: projection of labels (arXiv 1802.05637), each style equally often."""

from typing import TYPE_CHECKING

from ganzoo import ImageShape
from ganzoo.model import AdversarialGAN
from ganzoo.parts import Parts

if TYPE_CHECKING:
    from ganzoo_plugins.scene_style import SceneStyleOptions


class SceneStyle(AdversarialGAN):
    """A conditional GAN whose labels are the styles. From data without labels it learns one style."""

    def __init__(self, options: "SceneStyleOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.balanced = options.balance
