"""Compares a CycleGAN round at 128 px with a textbook loop of the same networks, and times stylizing."""

import copy
import itertools
import statistics
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.cache import Images
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.model import GAN
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from tests.benchmarks.pairing import paired, ratio
from tests.benchmarks.training_step import GLIBC_SETTLED, with_allocator

ROUNDS = 8
SIZE, WIDTH, BATCH = 128, 32, 1
SIDE = 1024


def main() -> None:
    """Prints the ratio textbook / ganzoo, and how fast a photo is painted."""
    options = {"generator.width": WIDTH, "discriminator.width": WIDTH, "batch": BATCH, "size": SIZE, "ema_kimg": 0}
    configuration = configure_run("cyclegan", open_catalog(), options=options)
    gan = build_gan(configuration, {})
    textbook = Textbook(copy.deepcopy(gan))
    photos, paintings = images(0), images(1)
    trainer = build_trainer(gan, configuration, split_images(configuration, paintings, photos), torch.device("cpu"))
    one, other = (from_uint8(side.take(np.arange(BATCH))[0]).contiguous() for side in (photos, paintings))
    contenders = {
        "textbook": with_allocator(GLIBC_SETTLED, lambda: textbook.step(one, other)),
        "ganzoo": lambda: trainer.round(0.0),
    }
    seconds = paired(contenders, ROUNDS, warmup=1)
    for name, times in seconds.items():
        print(f"cyclegan, {name:10} {statistics.median(times):.3f} s a step, {ratio(seconds['textbook'], times):.2f} x")
    painting("fastcut-laptop")


def painting(preset: str) -> None:
    """Prints the megapixels per second of an untrained network. Its weights do not change the time."""
    gan = build_gan(configure_run(preset, open_catalog()), {}).eval()
    stylizer = Stylizer(gan, torch.device("cpu"))  # type: ignore[arg-type]  # the preset is a translator's
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    for name, options in (("whole", StylizeOptions(memory=100_000)), ("in tiles of 512", StylizeOptions(tile=512))):
        stylizer.stylize(pixels[:256, :256], options)
        started = time.perf_counter()
        stylizer.stylize(pixels, options)
        print(
            f"stylize, {preset}, {name}: {SIDE * SIDE / 1e6 / (time.perf_counter() - started):.2f} megapixels a second"
        )


def images(seed: int) -> Images:
    """Random pixels. Their content does not change how long a step takes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (64, SIZE, SIZE, 3), dtype=np.uint8)
    labels = np.empty((64, 0), np.int64)
    return Images(pixels=pixels, labels=labels, attributes={}, fingerprint=str(seed), skipped=())


class Textbook:
    """The loop of tutorials: contiguous layout, plain Adam, and gradients even where they are not needed."""

    def __init__(self, gan: GAN) -> None:
        self.there, self.back = gan.generator.to(memory_format=torch.contiguous_format), gan.back
        self.back.to(memory_format=torch.contiguous_format)
        self.painting_critic, self.photo_critic = gan.discriminator, gan.photo_critic
        generators = itertools.chain(self.there.parameters(), self.back.parameters())
        critics = itertools.chain(self.painting_critic.parameters(), self.photo_critic.parameters())
        self.generators = torch.optim.Adam(generators, 2e-4, betas=(0.5, 0.999))
        self.critics = torch.optim.Adam(critics, 2e-4, betas=(0.5, 0.999))
        gan.requires_grad_(True)

    def step(self, photo: Tensor, painting: Tensor) -> None:
        """One round."""
        translated, photographed = self.there(photo), self.back(painting)
        loss = to_one(self.painting_critic(translated)) + to_one(self.photo_critic(photographed))
        loss = loss + 10 * (l1_loss(self.back(translated), photo) + l1_loss(self.there(photographed), painting))
        loss = loss + 5 * (l1_loss(self.there(painting), painting) + l1_loss(self.back(photo), photo))
        self.generators.zero_grad()
        loss.backward()
        self.generators.step()
        loss = to_one(self.painting_critic(painting)) + to_zero(self.painting_critic(translated.detach()))
        loss = loss + to_one(self.photo_critic(photo)) + to_zero(self.photo_critic(photographed.detach()))
        self.critics.zero_grad()
        (0.5 * loss).backward()
        self.critics.step()


def to_one(scores: Tensor) -> Tensor:
    """The squared distance of the scores to 1."""
    return mse_loss(scores, torch.ones_like(scores))


def to_zero(scores: Tensor) -> Tensor:
    """The squared distance of the scores to 0."""
    return mse_loss(scores, torch.zeros_like(scores))
