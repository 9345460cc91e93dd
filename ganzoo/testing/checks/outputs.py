"""Checks of the images that a model draws."""

import copy
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.config.units import Size
from ganzoo.errors import UsageError
from ganzoo.model import GAN, Augmentation
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import ATTRIBUTES, CPU, Subject, tensors

_LARGE = 30.0
_CLOSE, _ROUNDING = 1e-3, 1e-6
"""Rounding, which differs with the size of the batch, stays below such a part of the images' spread, or such a value.
Fresh networks may draw images that are nearly grey."""


def output_shape(subject: Subject) -> None:
    """Images are float32 B 3 H W of the requested size, for one image and for several."""
    gan = subject.gan().eval()
    for count in (1, 5):
        batch = subject.batch(count)
        images = draw(gan, batch)
        if images.shape != batch.target.shape:
            fail(f"drawn images have shape {tuple(images.shape)}, expected {tuple(batch.target.shape)}")
        if images.dtype != torch.float32:
            fail(f"drawn in {images.dtype}, expected torch.float32")


def output_range(subject: Subject) -> None:
    """Images are finite and in [-1, 1], with fresh weights and with large ones."""
    gan = subject.gan().eval()
    _in_range(draw(gan, subject.batch()), "with fresh weights")
    with torch.no_grad():
        for parameter in gan.averaged.parameters():
            parameter.mul_(_LARGE)
    _in_range(draw(gan, subject.batch()), f"with weights {_LARGE:g} times as large")


def output_depends_on_input(subject: Subject) -> None:
    """Other noise, or another source, gives another image."""
    gan = subject.gan().eval()
    images = draw(gan, subject.batch())
    if subject.task == "translate":
        batch = subject.batch()
        assert batch.source is not None
        batch.source = batch.source.flip(0)
        other = draw(gan, batch)
        if torch.equal(images, other):
            fail("another source image gives the same output: `forward` must translate batch.source")
        return
    if torch.equal(images, draw(gan, subject.batch(seed=1))):
        fail("another random generator gives the same images: draw the latent with batch.noise()")
    if any(torch.equal(images[0], image) for image in images[1:]):
        fail("two images of one batch are the same: each needs its own noise")


def output_repeatable(subject: Subject) -> None:
    """The same input gives the same image at every call: the model keeps nothing between calls."""
    gan = subject.gan().eval()
    first = draw(gan, subject.batch())
    draw(gan, subject.batch(3, seed=7))
    if not torch.equal(first, draw(gan, subject.batch())):
        fail("the same batch gives another image at the second call: keep no state between calls")


def output_blank_target(subject: Subject) -> None:
    """Drawn images do not depend on the target images, which are blank when users sample."""
    gan = subject.gan().eval()
    images = draw(gan, subject.batch())
    batch = subject.batch()
    batch.target = torch.zeros_like(batch.target)
    if not torch.equal(images, draw(gan, batch)):
        fail("`forward` looks at batch.target, which is blank when users sample")


def images_independent(subject: Subject) -> None:
    """In evaluation an image does not depend on the other images of its batch."""
    gan = subject.gan()
    for _ in range(2):
        gan.train()
        draw(gan, subject.batch())  # running statistics are no longer those of a fresh norm
    gan.eval()
    together, alone = subject.batch(), subject.batch(1)
    # All numbers are drawn for the whole batch; this one then keeps those of its first image.
    alone.global_size, alone.local_slice = len(together), slice(0, 1)
    images, image = draw(gan, together), draw(gan, alone)
    if differs(images[:1], image, images):
        difference = float((images[:1] - image).abs().max())
        fail(
            f"an image drawn alone differs by {difference:.2g} from the same one in a batch of {len(together)}: users"
            " get another picture with another number of images. Take no statistics over the batch in evaluation"
        )


def rectangles(subject: Subject) -> None:
    """The model draws rectangles of the requested size, or refuses such a size when it is built."""
    size = subject.configuration.settings.size
    for wanted in (Size(size.height, 2 * size.width), Size(2 * size.height, size.width)):
        settings = subject.configuration.settings.model_copy(update={"size": wanted})
        configuration = replace(subject.configuration, settings=settings)
        try:
            gan = subject.build(configuration=configuration).eval()
        except UsageError as error:
            skip(f"the model takes squares only: {error}")
        blank = torch.zeros(2, 3, wanted.height, wanted.width)
        source = blank if subject.task == "translate" else None
        label = torch.zeros(2, len(ATTRIBUTES), dtype=torch.int64)
        images = draw(gan, Batch(blank, torch.Generator().manual_seed(0), source=source, label=label, progress=1.0))
        if images.shape != blank.shape:
            fail(
                f"drawn images are {images.shape[2]}x{images.shape[3]}, requested was {wanted}:"
                " draw that size, or raise ganzoo.UsageError when the model is built"
            )


def averaged_draws(subject: Subject) -> None:
    """`forward` draws with all of `averaged` and no other trained weights: users see its moving average."""
    gan = subject.gan()
    if not isinstance(getattr(gan, "averaged", None), torch.nn.Module):
        fail("`averaged` is not set: set it to the network that `forward` draws with")
    inside = {id(tensor) for tensor in gan.averaged.parameters()}
    outside = [p for p in gan.parameters() if id(p) not in inside and p.requires_grad]
    gan.eval()
    images = draw(gan, subject.batch())
    disturb(gan.averaged.parameters())
    if torch.equal(images, draw(gan, subject.batch())):
        fail("changing the weights of `averaged` changes no image: it is not the network that draws")
    changed = draw(gan, subject.batch())
    disturb(outside)
    if not torch.equal(changed, draw(gan, subject.batch())):
        fail("`forward` draws with weights outside of `averaged`, which would not be averaged")


def deep_copy(subject: Subject) -> None:
    """A deep copy draws the same images, and does not change when the original is trained."""
    trainer = subject.trainer(gan=subject.build())
    trainer.round(0.0)
    twin = copy.deepcopy(trainer.gan)
    before = tensors(twin)
    if not torch.equal(draw(trainer.gan.eval(), subject.batch()), draw(twin.eval(), subject.batch())):
        fail("a deep copy draws other images: keep references to networks in modules only")
    drawn = draw(twin.eval(), subject.batch())
    trainer.round(0.0)
    if any(not torch.equal(before[name], value) for name, value in twin.state_dict().items()):
        fail("training the original changes its deep copy")
    if not torch.equal(drawn, draw(twin.eval(), subject.batch())):
        fail("a deep copy draws with the networks of the original: store no function that refers to a network")


def device_agnostic(subject: Subject) -> None:
    """The model makes tensors on the device of its input, and reads no value back from it."""
    gan = subject.gan().eval()
    for child in gan.children():
        if not isinstance(child, Augmentation):  # its random numbers are drawn on the CPU
            child.to("meta")
    batch = subject.batch()
    here = [None if t is None else t.to("meta") for t in (batch.target, batch.source, batch.label)]
    assert here[0] is not None
    moved = Batch(here[0], batch.rng, source=here[1], label=here[2], progress=0.5)
    try:
        images = draw(gan, moved)
    except (RuntimeError, NotImplementedError) as error:
        fail(f"drawing on another device than {CPU} fails: {' '.join(str(error).split())[:200]}")
    if images.device.type != "meta":
        fail(f"images are on {images.device}, not on the device of the batch")


def draw(gan: GAN, batch: Batch) -> Tensor:
    """Images without gradients."""
    with torch.no_grad():
        images: Tensor = gan(batch)
    return images


def differs(one: Tensor, other: Tensor, images: Tensor) -> bool:
    """Whether two that should be the same differ by more than rounding, for images that spread like these."""
    return float((one - other).abs().max()) > _CLOSE * float(images.std()) + _ROUNDING


def _in_range(images: Tensor, when: str) -> None:
    if not bool(torch.isfinite(images).all()):
        fail(f"images are not finite {when}")
    most = float(images.abs().max())
    if most > 1:
        fail(f"images reach {most:.3g} {when}, allowed is [-1, 1]: end with tanh or clamp")


def disturb(parameters: Iterable[nn.Parameter]) -> None:
    """Adds small random numbers to all of them."""
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(torch.randn(parameter.shape, generator=rng) * 0.1 + 0.05)
