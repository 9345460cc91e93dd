"""The speed of `encode` with the encoder lite0, for 2,000 images at 64 px, and what its two optimisations gain."""

import time

import numpy as np
import torch
from ganzoo_plugins.encoders import Lite0Options
from ganzoo_plugins.encoders.backbone import TimmEncoder
from ganzoo_plugins.encoders.lite0 import MODEL, lite0, load, weights_file
from torch import nn

from ganzoo.encoders import encode
from tests.benchmarks.pairing import paired, ratio

IMAGES, SIZE, ROUNDS = 2000, 64, 7


class Plain(TimmEncoder):
    """The network as timm builds it: batch norms are not fused, and channels come first."""

    def prepare(self, network: nn.Module) -> nn.Module:
        return network


def main() -> None:
    """Prints images per second, the paired ratio to the plain network, and the largest difference of features."""
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    encoder = lite0(Lite0Options())
    network = load(weights_file())
    network.reset_classifier(0)
    plain = Plain(network, name="plain", architecture=f"timm {MODEL}", resize=encoder.resize)
    few = images[:64]
    seconds = paired({"plain": lambda: encode(plain, few), "lite0": lambda: encode(encoder, few)}, ROUNDS)
    expected = encode(plain, few)
    difference = float((encode(encoder, few) - expected).abs().max() / expected.abs().max())
    started = time.perf_counter()
    encode(encoder, images)
    rate = IMAGES / (time.perf_counter() - started)
    print(f"encoders: {IMAGES} images at {SIZE} px, {torch.get_num_threads()} threads: {rate:.0f} images/s")
    gain = ratio(seconds["plain"], seconds["lite0"])
    print(f"encoders: plain takes {gain:.2f} times as long; features differ by {difference:.1e} of the largest")
