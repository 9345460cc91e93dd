"""Parts get what they ask for, and a network of another task is refused before it is built."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from ganzoo import AdversarialOptions, ImageShape, ModelSpec, Options, PartSpec, TranslatorOptions
from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.catalog.registry import Registry
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import UsageError
from ganzoo.model import AdversarialGAN, AdversarialLoss, Generator, Terms, discriminator_loss_of, generator_loss_of
from ganzoo.parts import Parts
from ganzoo.translator import ImageGenerator, Translator
from tests.built_in import CATALOG

SHAPE = ImageShape(height=16, width=16)


class Drawing(Generator):
    latent = 4

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        raise AssertionError("it is never asked")


class Painting(ImageGenerator):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, images: Tensor) -> Tensor:
        painted: Tensor = self.layer(images).tanh()
        return painted


class Noisy(AdversarialLoss):
    """Soft labels that it draws, and a mean over all images."""

    def discriminator(self, real: Tensor, fake: Tensor, batch: Batch | None = None) -> Terms:
        assert batch is not None
        soft = torch.rand(len(real), generator=batch.rng)
        return {"real": (real - soft).square().mean(), "fake": batch.mean(fake).square()}

    def generator(self, fake: Tensor, real: Tensor | None) -> Terms:
        return {"fake": -fake.mean()}


def with_generator(target: str) -> Catalog:
    """The built-in models, and a generator that does not say its task."""
    spec = PartSpec(kind="generator", name="mine", target=target, options=Options, summary="no task")
    plugin = Plugin(name="mine", distribution="mine", version="1", parts=(spec,))
    return Catalog([*CATALOG.plugins, plugin], Registry())


@pytest.mark.parametrize(
    ("model", "target", "told"),
    [
        ("cyclegan", "tests.test_parts:Drawing", "generator 'mine' is for models that generate"),
        ("dcgan", "tests.test_parts:Painting", "generator 'mine' is for models that translate"),
    ],
)
def test_a_network_of_another_task_is_refused(model: str, target: str, told: str) -> None:
    configuration = configure_run(model, with_generator(target), tiny=True, options={"generator": "mine"})
    with pytest.raises(UsageError, match=told):
        build_gan(configuration, {})


def test_a_loss_gets_the_batch_where_it_takes_it() -> None:
    batch = Batch(torch.zeros(3, 3, 4, 4), torch.Generator().manual_seed(1), all_reduce_mean=lambda mean: mean + 1)
    real, fake = torch.ones(3), torch.zeros(3)
    terms = discriminator_loss_of(Noisy(), real, fake, batch)
    drawn = torch.rand(3, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(terms["real"], (1 - drawn).square().mean())
    assert terms["fake"] == 1, "the mean of all processes"
    assert generator_loss_of(Noisy(), fake + 2, None, batch)["fake"] == -2


def test_a_recipe_trains_with_such_a_loss() -> None:
    configuration = configure_run("dcgan", CATALOG, tiny=True)
    parts = {
        **configuration.parts,
        "loss": replace(
            configuration.parts["loss"],
            registered=replace(
                configuration.parts["loss"].registered,
                spec=PartSpec(kind="loss", name="noisy", target="tests.test_parts:build", options=Options, summary="s"),
            ),
        ),
    }
    assert isinstance(configuration.options, AdversarialOptions)
    gan = AdversarialGAN(configuration.options, shape=SHAPE, parts=Parts(parts))
    batch = Batch(torch.zeros(2, 3, 16, 16), torch.Generator().manual_seed(0))
    assert set(gan.discriminator_loss(batch)) == {"real", "fake"} and set(gan.generator_loss(batch)) == {"fake"}


def build(options: Options) -> Noisy:
    return Noisy()


def test_a_translator_is_handed_its_generator() -> None:
    class Plain(Translator):
        def steps(self):  # type: ignore[no-untyped-def]  # not trained here
            return ()

        def optimiser(self, step):  # type: ignore[no-untyped-def]
            raise AssertionError

    gan = Plain(TranslatorOptions(), shape=SHAPE, parts=Parts({}), generator=Painting())
    assert gan.averaged is gan.generator and gan.translate(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 8, 8)
    names = ("layer.weight", "layer.bias")
    assert list(gan.state_dict()) == [f"{place}.{name}" for place in ("generator", "averaged") for name in names]


def test_the_declared_task_counts_first() -> None:
    with pytest.raises(UsageError, match="is for models that translate, and dcgan does not"):
        configure_run("dcgan", CATALOG, options={"generator": "resnet"})
    assert ModelSpec(name="x", target="a:B", options=AdversarialOptions, summary="s").task == "generate"
