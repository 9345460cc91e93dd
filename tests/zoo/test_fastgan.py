"""FastGAN's discriminator learns to redraw real images, and nothing but them."""

import pytest
import torch
from ganzoo_plugins.fastgan.networks import Decoder, distance

from ganzoo.adversarial import Augmentation, AugmentedDiscriminator, Discriminator
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.scoring.build import build_encoder
from tests.built_in import CATALOG


def discriminator(**options: object) -> Discriminator:
    configuration = configure_run("fastgan", CATALOG, tiny=True, options={"device": "cpu", "size": "32", **options})
    built = build_gan(configuration, {}).get_submodule("discriminator")
    assert isinstance(built, Discriminator)
    return built


def pictures() -> torch.Tensor:
    rows = torch.linspace(-0.8, 0.8, 32).view(1, 1, 32, 1) * torch.linspace(-1, 1, 6).view(6, 1, 1, 1)
    return rows.expand(6, 3, 32, 32).contiguous()


def test_redrawing_gets_better_with_training() -> None:
    network, rng, images = discriminator(**{"discriminator.width": 4}), torch.Generator().manual_seed(0), pictures()
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    values = []
    for _ in range(40):
        (term,) = network.auxiliary(images, rng).values()
        optimiser.zero_grad()
        term.backward()
        optimiser.step()
        values.append(float(term.detach()))
    assert sum(values[-5:]) < 0.8 * sum(values[:5])


def test_the_quarter_is_drawn_from_the_given_randomness_alone() -> None:
    network, images = discriminator().eval(), torch.randn(2, 3, 32, 32).clamp(-1, 1)
    terms = [
        network.auxiliary(images, torch.Generator().manual_seed(seed))["redrawn"].item() for seed in (0, 0, *range(9))
    ]
    assert terms[0] == terms[1]
    assert len({round(term, 6) for term in terms}) > 1


def test_without_weight_nothing_is_redrawn() -> None:
    network = discriminator(**{"discriminator.weight": 0})
    assert network.auxiliary(pictures(), torch.Generator()) == {}
    assert not [name for name, _ in network.named_parameters() if "redraw" in name]


def test_the_term_reaches_the_loss_of_the_discriminator_only() -> None:
    configuration = configure_run("fastgan", CATALOG, tiny=True, options={"device": "cpu"})
    gan = build_gan(configuration, {})
    from ganzoo.model import Batch

    batch = Batch(torch.zeros(4, 3, 16, 16), torch.Generator().manual_seed(0))
    critic, generator = (step.loss(batch) for step in gan.steps())
    assert "redrawn" in critic and "redrawn" not in generator


def test_augmented_images_are_what_is_redrawn() -> None:
    class Dark(Augmentation):
        def forward(self, images: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
            return images - 10

    class Noting(Discriminator):
        def forward(self, images, label=None):
            return images.mean((1, 2, 3))

        def auxiliary(self, images, rng):
            return {"mean": images.mean()}

    network = AugmentedDiscriminator(Noting(), Dark(), torch.Generator())
    assert float(network.auxiliary(torch.zeros(1, 3, 4, 4), torch.Generator())["mean"]) == -10


def test_decoders_double_the_size_and_distance_is_nothing_for_the_same() -> None:
    assert Decoder(8, 2, 3)(torch.randn(2, 8, 3, 5)).shape == (2, 3, 12, 20)
    encoder = build_encoder(configure_run("dcgan", CATALOG, tiny=True))
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    assert float(distance(encoder, images, images.clone(), 3)) == pytest.approx(0, abs=1e-5)
    assert float(distance(encoder, images, images.flip(3), 3)) > 0.01
