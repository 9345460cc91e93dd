"""Makes the scorer and the encoder that a configuration names."""

import torch

from ganzoo.configuration import Configuration
from ganzoo.data.cache import Images
from ganzoo.encoders import Encoder
from ganzoo.parts import Parts
from ganzoo.scoring.scorer import Scorer


def build_encoder(configuration: Configuration) -> Encoder:
    """The encoder with its weights; raises UsageError when these are missing."""
    encoder: Encoder = Parts(configuration.parts).build("encoder")
    return encoder


def build_scorer(configuration: Configuration, images: Images, device: torch.device) -> Scorer:
    """The scorer for these images. Raises UsageError without weights, DataError when nothing is held out."""
    settings = configuration.settings
    encoder = build_encoder(configuration)
    return Scorer(encoder, images, share=settings.held_out, n_fake=settings.score_images, device=device)
