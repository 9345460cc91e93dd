"""Every registered built-in model, with its tiny settings: a new model arrives tested."""

from itertools import product

import pytest
import torch

from ganzoo.config.configuration import Configuration, resolve_part
from ganzoo.config.resolve import configure_run
from ganzoo.data.cache import Images, prepare
from ganzoo.data.inputs import open_source, split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.trainer import Trainer
from ganzoo.model import AdversarialGAN, Batch
from ganzoo.parts import Parts
from tests.built_in import CATALOG

MODELS = [model.spec.name for model in CATALOG.models if model.spec.task == "generate"]
SIZES = ["8", "80x64", "96x160"]
"""The smallest, and one whose sides are multiples of 16 in other ways than those of the conformance checks."""


def parts(kind: str) -> list[str]:
    """Those that fit models that draw from noise."""
    return [one.spec.name for one in CATALOG.parts if one.spec.kind == kind and one.spec.task in (None, "generate")]


def tiny(model: str, **options: object) -> Configuration:
    return configure_run(model, CATALOG, tiny=True, options={"device": "cpu", **options})


def chosen(**parts: str) -> dict[str, object]:
    """The options that choose these parts, each with its own tiny ones."""
    options: dict[str, object] = dict(parts)
    for field, name in parts.items():
        spec = next(one.spec for one in CATALOG.parts if (one.spec.kind, one.spec.name) == (field, name))
        options |= {f"{field}.{key}": value for key, value in spec.tiny.items()}
    return options


def trainer(configuration: Configuration) -> Trainer:
    source = open_source(configuration)
    images: Images = prepare(source, configuration.settings.size)
    gan = build_gan(configuration, source.attributes)
    return build_trainer(gan, configuration, split_images(configuration, images), torch.device("cpu"))


@pytest.mark.parametrize("model", MODELS)
def test_it_trains_with_its_tiny_settings(model: str) -> None:
    built = trainer(tiny(model))
    before = {name: value.detach().clone() for name, value in built.gan.named_parameters()}
    built.round(0.0)
    values = built.scalars()
    assert values and all(abs(value) < 1e4 for value in values.values())
    assert any(not torch.equal(before[name], value) for name, value in built.gan.named_parameters())


def test_a_round_neither_uses_nor_changes_global_randomness() -> None:
    """What checks of `ganzoo check` say of recipes, for the engine with its batches and augmentations."""
    configuration = tiny("dcgan", augment="scene", augment_data="scene")
    one, other = trainer(configuration), trainer(configuration)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one.round(0.0)
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(2)
    other.round(0.0)
    for first, second in zip(one.gan.parameters(), other.gan.parameters(), strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("generator", parts("generator"))
def test_every_generator_draws_every_rectangle(generator: str, size: str) -> None:
    configuration = tiny("dcgan", **chosen(generator=generator), size=size)
    gan = build_gan(configuration, {})
    wanted = configuration.settings.size
    images = gan(Batch(torch.zeros(2, 3, wanted.height, wanted.width), torch.Generator().manual_seed(0)))
    assert images.shape == (2, 3, wanted.height, wanted.width)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("discriminator", parts("discriminator"))
def test_every_discriminator_scores_every_rectangle(discriminator: str, size: str) -> None:
    configuration = tiny("dcgan", **chosen(discriminator=discriminator), size=size)
    wanted = configuration.settings.size
    scores = build_gan(configuration, {}).get_submodule("discriminator")(torch.zeros(2, 3, wanted.height, wanted.width))
    assert scores.shape[0] == 2 and torch.isfinite(scores).all()


def covering() -> dict[tuple[str, str], list[str]]:
    """For each generator and discriminator a few losses, so that every loss meets every one of them."""
    generators, discriminators, losses = (parts(kind) for kind in ("generator", "discriminator", "loss"))
    return {
        (generator, discriminator): [loss for k, loss in enumerate(losses) if (j + k) % len(generators) == i]
        for i, generator in enumerate(generators)
        for j, discriminator in enumerate(discriminators)
    }


def test_every_two_parts_meet() -> None:
    met = {(first, loss) for pair, losses in covering().items() for first in pair for loss in losses}
    assert met == set(product([*parts("generator"), *parts("discriminator")], parts("loss")))


@pytest.mark.parametrize(("generator", "discriminator"), covering())
def test_every_two_parts_train_together(generator: str, discriminator: str) -> None:
    play(generator, discriminator, covering()[generator, discriminator])


@pytest.mark.matrix
@pytest.mark.parametrize(("generator", "discriminator"), covering())
def test_every_generator_trains_with_every_discriminator_and_loss(generator: str, discriminator: str) -> None:
    play(generator, discriminator, parts("loss"))


def play(generator: str, discriminator: str, losses: list[str]) -> None:
    """One pair of networks trains with the losses in turn, and every weight moves with each of them.

    Two rounds of the first: layers that start at nothing hide the slopes of those before them.
    """
    configuration = tiny("dcgan", **chosen(generator=generator, discriminator=discriminator))
    built = trainer(configuration)
    assert isinstance(built.gan, AdversarialGAN) and losses
    built.round(0.0)
    for loss in losses:
        # Weights of unit variance, as stylegan2 stores them, clipped to a hundredth leave no gradient in 32 bits.
        chosen_loss = resolve_part(CATALOG, "loss", loss, {"clip": 1.0} if loss == "wgan" else {})
        built.gan.loss = Parts({"loss": chosen_loss}).build("loss")
        before = {name: value.detach().clone() for name, value in built.gan.named_parameters()}
        built.round(0.0)
        values = dict(built.gan.named_parameters())
        assert [name for name, value in values.items() if not torch.isfinite(value).all()] == [], loss
        assert [name for name, value in values.items() if torch.equal(before[name], value)] == [], loss


@pytest.mark.parametrize("model", ["dcgan", "wgan"])
def test_a_critic_that_learns_alone_tells_real_from_drawn_by_what_is_logged(model: str) -> None:
    built = trainer(tiny(model, **{"lr": 2e-3, "loss.clip" if model == "wgan" else "critic_steps": 1}))
    built.steps = built.steps[:1]
    for _ in range(60 if built.steps[0].repetitions(60) == 1 else 12):
        built.round(0.0)
    values = built.scalars()
    assert values["D(real)"] > values["D(fake)"]


@pytest.mark.parametrize(
    ("options", "both"),
    [
        ({}, False),  # dcgan's networks know no labels
        (chosen(discriminator="projected"), False),
        (chosen(generator="fastgan"), False),
        (chosen(generator="fastgan", discriminator="projected"), True),
        ({**chosen(generator="fastgan", discriminator="projected"), "discriminator.labels": False}, False),
    ],
)
def test_labels_go_to_both_players_or_to_none(options: dict[str, object], both: bool) -> None:
    configuration = tiny("dcgan", **options)
    gan = build_gan(configuration, {"time": ("day", "night")})
    tables = [name for name, _ in gan.named_modules() if name.endswith("table")]
    assert gan.conditional == both
    assert {name.partition(".")[0] for name in tables} == ({"generator", "discriminator"} if both else set())
