"""Compares the DCGAN step (batch 64, 64 px, 64 base channels) with a textbook loop on the same networks."""

import copy
import ctypes
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.cache import Images
from ganzoo.data.images import from_uint8
from ganzoo.data.inputs import split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.device import set_up
from ganzoo.engine.trainer import Trainer
from ganzoo.model import AdversarialGAN
from tests.benchmarks.pairing import paired, ratio

ROUNDS = 12
BATCH, SIZE, LATENT = 64, 64, 100


def main() -> None:
    """Prints the ratio textbook / ganzoo, what contributes to it, and the time of the convolutions alone."""
    images = fake_images()
    trainers = {"ganzoo": trainer(images), "ganzoo --compile": trainer(images, compile=True)}
    trainers["ganzoo --precision bf16"] = trainer(images, precision="bf16")
    textbook = Textbook(trainers["ganzoo"].gan)
    pixels, _ = images.take(trainers["ganzoo"].batches.order.indices(0, BATCH))
    real = from_uint8(pixels).contiguous()
    contenders: dict[str, Callable[[], object]] = {
        "textbook": with_allocator(GLIBC_SETTLED, lambda: textbook.step(real)),
        "textbook, our allocator": with_allocator(OURS, lambda: textbook.step(real)),
    }
    contenders |= {name: lambda t=t: t.round(0.0) for name, t in trainers.items()}
    contenders["convolutions alone"] = Convolutions(trainers["ganzoo"].gan).step
    seconds = paired(contenders, ROUNDS)
    for name, times in seconds.items():
        print(
            f"{name:24} {statistics.median(times):.3f} s a step, {ratio(seconds['textbook'], times):.2f} x the textbook"
        )
    print(f"allocator setting: {allocator_gain():.2f} x for a step of width 16")


GLIBC_SETTLED, OURS = (32 << 20, 64 << 20), (1 << 30, 1 << 30)
"""Thresholds of glibc for mapping and trimming memory: those it settles on with large tensors, and the engine's."""


def with_allocator(thresholds: tuple[int, int], action: Callable[[], None]) -> Callable[[], None]:
    """The action with these thresholds, which apply to the whole process. Afterwards the engine's are set again."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", lambda *_: 0)

    def act() -> None:
        for value, option in zip(thresholds, (-3, -1), strict=True):
            mallopt(option, value)
        action()
        for value, option in zip(OURS, (-3, -1), strict=True):
            mallopt(option, value)

    return act


def fake_images() -> Images:
    """Random pixels. Their content does not change how long a step takes."""
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (512, SIZE, SIZE, 3), generator=rng, dtype=torch.uint8).numpy()
    labels = torch.zeros(512, 0, dtype=torch.int64).numpy()
    return Images(pixels=pixels, labels=labels, attributes={}, fingerprint="", skipped=())


def trainer(images: Images, *, width: int = 64, batch: int = BATCH, **settings: object) -> Trainer:
    """A trainer of the built-in DCGAN, without the average of weights, which the textbook loop does not have."""
    options = {"generator.width": width, "discriminator.width": width, "ema_kimg": 0, "batch": batch, **settings}
    configuration = configure_run("dcgan", open_catalog(), options=options)
    return build_trainer(
        build_gan(configuration, {}), configuration, split_images(configuration, images), torch.device("cpu")
    )


class Textbook:
    """The loop of tutorials: contiguous layout, plain Adam, no frozen networks, and the same fakes for both steps."""

    def __init__(self, gan: AdversarialGAN) -> None:
        self.generator = copy.deepcopy(gan.generator).to(memory_format=torch.contiguous_format)
        self.discriminator = copy.deepcopy(gan.discriminator).to(memory_format=torch.contiguous_format)
        self.optimisers = [
            torch.optim.Adam(network.requires_grad_(True).parameters(), lr=2e-4, betas=(0.5, 0.999))
            for network in (self.generator, self.discriminator)
        ]
        self.loss = nn.BCEWithLogitsLoss()

    def step(self, real: Tensor) -> None:
        """One step of the discriminator and one of the generator."""
        update_generator, update_discriminator = self.optimisers
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        self.discriminator.zero_grad()
        self.loss(self.discriminator(real), ones).backward()
        fake = self.generator(torch.randn(len(real), LATENT))
        self.loss(self.discriminator(fake.detach()), zeros).backward()
        update_discriminator.step()
        self.generator.zero_grad()
        self.loss(self.discriminator(fake), ones).backward()
        update_generator.step()


class Convolutions:
    """Only the convolutions of a step, forward and the needed parts of backward. No loop can be faster than this."""

    def __init__(self, gan: AdversarialGAN) -> None:
        self.calls = [
            *self._record(gan.discriminator, torch.randn(BATCH, 3, SIZE, SIZE), forward=3, weights=2, inputs=3),
            *self._record(gan.generator, torch.randn(BATCH, LATENT), forward=1, weights=1, inputs=1),
        ]

    def _record(
        self, network: nn.Module, example: Tensor, **times: int
    ) -> list[tuple[nn.Module, Tensor, dict[str, int]]]:
        seen: list[tuple[nn.Module, Tensor, dict[str, int]]] = []
        hooks = [
            module.register_forward_hook(lambda module, inputs, _: seen.append((module, inputs[0].detach(), times)))
            for module in network.modules()
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))
        ]
        with torch.no_grad():
            network(example.contiguous(memory_format=torch.channels_last) if example.dim() == 4 else example)
        for hook in hooks:
            hook.remove()
        # The first layer receives an image or a latent. Only the generator's step needs the gradient of the image.
        first = seen[0][0]
        return [(m, x, {**t, "inputs": min(t["inputs"], 1) if m is first else t["inputs"]}) for m, x, t in seen]

    def step(self) -> None:
        """Runs all convolutions as often as a step of both networks needs them."""
        for module, example, times in self.calls:
            trained = times["weights"]
            for number in range(times["forward"]):
                x = example.detach().requires_grad_(number < times["inputs"])
                module.weight.requires_grad_(number < trained)
                y = module(x)
                if y.requires_grad:
                    torch.autograd.backward(
                        y, torch.ones_like(y), inputs=[t for t in (x, module.weight) if t.requires_grad]
                    )
                module.weight.grad = None


def allocator_gain() -> float:
    """How many times as long a step of a narrow DCGAN takes without the engine's allocator setting."""
    import subprocess
    import sys

    code = "from tests.benchmarks.training_step import time_narrow; print(time_narrow({}))"
    medians = [
        [
            float(subprocess.check_output([sys.executable, "-c", code.format(on)], text=True).split()[-1])
            for on in (False, True)
        ]
        for _ in range(3)
    ]
    return statistics.median(off / on for off, on in medians)


def time_narrow(allocator: bool) -> float:
    """The median seconds of a step at width 16, with or without the allocator setting."""
    import ganzoo.engine.device as device

    if not allocator:
        device._keep_freed_memory = lambda: None
    set_up(torch.device("cpu"), 0)
    narrow = trainer(fake_images(), width=16)
    seconds = []
    for _ in range(15):
        started = time.perf_counter()
        narrow.round(0.0)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[3:])
