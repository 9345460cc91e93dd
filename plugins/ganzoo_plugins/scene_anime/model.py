"""The recipe of AnimeGANv2 (after Chen et al., doi 10.1007/978-981-15-5577-0_18), on any encoder's features."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import huber_loss, l1_loss

from ganzoo import ImageShape, UsageError
from ganzoo.encoders import Encoder
from ganzoo.losses import gram
from ganzoo.model import Batch, Terms, discriminator_loss_of
from ganzoo.parts import Parts
from ganzoo.translator import AdversarialTranslator, source_of
from ganzoo_plugins.scene_anime.pictures import grey, smooth_edges, yuv

if TYPE_CHECKING:
    from ganzoo_plugins.scene_anime import SceneAnimeOptions


class SceneAnime(AdversarialTranslator):
    """The critic also learns to reject grey pictures and ones with blurred edges; colours come from the photo."""

    options: "SceneAnimeOptions"

    def __init__(self, options: "SceneAnimeOptions", *, shape: ImageShape, parts: Parts) -> None:
        super().__init__(options, shape=shape, parts=parts)
        self.features: Encoder = parts.build("features")
        if options.stage >= len(self.features.strides):
            raise UsageError(f"stage={options.stage}: encoder '{self.features.name}' has {len(self.features.strides)}")

    def rate(self, progress: float) -> float:
        """Faster while only content is trained."""
        return self.options.warm_up_rate if progress < self.options.warm_up else super().rate(progress)

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """Features and colours of the photo, texture of the pictures, and total variation."""
        options, photo = self.options, source_of(batch)
        with torch.no_grad():
            before, drawn = self._map(photo), batch.mean(gram(self._map(grey(batch.target))))
        now, texture = self._map(translated), batch.mean(gram(self._map(grey(translated))))
        terms = {
            "content": options.content_weight * l1_loss(now, before),
            "gram": options.gram * l1_loss(texture, drawn),
            "color": options.color_weight * color_distance(translated, photo),
            "variation": options.variation
            * (translated.diff(dim=3).square().mean() + translated.diff(dim=2).square().mean()),
        }
        return terms

    def generator_loss(self, batch: Batch) -> Terms:
        """Only content while it warms up, then all terms."""
        if batch.progress >= self.options.warm_up:
            return super().generator_loss(batch)
        translated = self.translated(batch)
        content = l1_loss(self._map(translated), self._map(source_of(batch)).detach())
        return {"content": self.options.content_weight * content}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The adversarial loss, and that of rejecting grey pictures and ones with blurred edges."""
        rejected = {"grey": grey(batch.target), "smooth": smooth_edges(batch.target)}
        weights = {"grey": self.options.grey, "smooth": self.options.smooth}
        real = self.run_discriminator(batch.target, None, batch).detach()
        extra = {
            name: weights[name]
            * discriminator_loss_of(self.loss, real, self.run_discriminator(images, None, batch), batch)["fake"]
            for name, images in rejected.items()
        }
        return {**super().discriminator_loss(batch), **extra}

    def _map(self, images: Tensor) -> Tensor:
        return self.features.maps(images, depth=self.options.stage + 1)[self.options.stage]


def color_distance(images: Tensor, photo: Tensor) -> Tensor:
    """Absolute difference in brightness, Huber loss in both colour differences of YUV."""
    y, u, v = yuv(images).unbind(1)
    photo_y, photo_u, photo_v = yuv(photo).unbind(1)
    return l1_loss(y, photo_y) + huber_loss(u, photo_u) + huber_loss(v, photo_v)
