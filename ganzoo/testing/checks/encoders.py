"""Checks of encoders. They skip an encoder whose weights would have to be downloaded."""

import numpy as np
import torch

from ganzoo.encoders import Encoder, encode
from ganzoo.testing.checks.parts import built, offline
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Declared

_SIDE = 32


def encoder_features(subject: Declared) -> None:
    """Features are B x dimension, float32, and the maps have the promised strides and channels."""
    encoder, images = _encoder(subject), torch.zeros(2, 3, _SIDE, _SIDE)
    features = encoder(images)
    if features.shape != (2, encoder.dimension) or features.dtype != torch.float32:
        fail(f"features are {features.dtype} {tuple(features.shape)}, expected float32 {(2, encoder.dimension)}")
    if (found := tuple(one.shape[1] for one in encoder.maps(images))) != encoder.channels:
        fail(f"the maps have {found} channels, `channels` says {encoder.channels}")


def encoder_frozen(subject: Declared) -> None:
    """Nothing in an encoder trains, changes in training mode or is saved with a model; gradients pass to the images."""
    encoder = _encoder(subject).train()
    if any(parameter.requires_grad for parameter in encoder.parameters()) or encoder.state_dict():
        fail("weights are parameters or are saved: pass the network to ganzoo.encoders.Encoder, which freezes it")
    if any(module.training for module in encoder.modules()):
        fail("some layer is in training mode")
    images = torch.zeros(1, 3, _SIDE, _SIDE, requires_grad=True)
    encoder(images).sum().backward()
    if images.grad is None:
        fail("no gradient passes to the images, which perceptual losses need")


def encoder_independent(subject: Declared) -> None:
    """An image has the same features whichever other images are in the batch."""
    encoder = _encoder(subject)
    pixels = np.random.Generator(np.random.Philox(1)).integers(0, 256, (3, _SIDE, _SIDE, 3), dtype=np.uint8)
    alone, together = encode(encoder, pixels[:1]), encode(encoder, pixels)
    if not torch.equal(alone[0], together[0]):
        fail("an image's features depend on the other images")


def encoder_fingerprint(subject: Declared) -> None:
    """Two encoders with the same options have the same fingerprint and name, which every score records."""
    one, other = _encoder(subject), _new(subject)
    if not one.name or len(one.fingerprint) != 64 or one.fingerprint != other.fingerprint:
        fail("`fingerprint` must be the SHA-256 of the weights, the same each time, and `name` must be set")


def _encoder(subject: Declared) -> Encoder:
    """The one that all checks look at."""
    if "encoder" not in subject.kept:
        subject.kept["encoder"] = _new(subject)
    encoder: Encoder = subject.kept["encoder"]
    return encoder


def _new(subject: Declared) -> Encoder:
    with offline():
        encoder = built(subject)
    if not isinstance(encoder, Encoder):
        fail(f"{subject.spec.target} gives no ganzoo.encoders.Encoder")
    return encoder
