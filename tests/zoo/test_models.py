"""Every registered built-in model, with its tiny settings: a new model arrives tested."""

from itertools import product

import pytest
import torch

from ganzoo.config.configuration import Configuration, resolve_part
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.cache import Images, prepare
from ganzoo.data.inputs import open_source, split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.trainer import Trainer
from ganzoo.model import AdversarialGAN, Batch
from ganzoo.parts import Parts

CATALOG = open_catalog(third_party=False)
MODELS = [model.spec.name for model in CATALOG.models if model.spec.task == "generate"]
SIZES = ["8", "16", "64", "96x160", "80x64"]


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


def test_the_built_in_models_are_there() -> None:
    assert {"dcgan", "lsgan", "wgan", "wgan-gp"} <= set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_it_trains_and_draws_images_in_range(model: str) -> None:
    built = trainer(tiny(model))
    for _ in range(3):
        built.round(0.0)
    values = built.scalars()
    assert values and all(abs(value) < 1e4 for value in values.values())
    blank = torch.zeros(5, 3, 16, 16)
    images = built.draw(Batch(blank, torch.Generator().manual_seed(0)))
    assert images.shape == (5, 3, 16, 16) and images.dtype == torch.float32
    assert images.abs().max() <= 1 and images.std(dim=0).max() > 0  # different noise, different images


@pytest.mark.parametrize("model", MODELS)
def test_global_randomness_is_neither_used_nor_changed(model: str) -> None:
    one, other = trainer(tiny(model)), trainer(tiny(model))
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


@pytest.mark.parametrize(("generator", "discriminator"), list(product(parts("generator"), parts("discriminator"))))
def test_every_generator_trains_with_every_discriminator_and_loss(generator: str, discriminator: str) -> None:
    """One pair of networks plays all games in turn, and every weight moves in each of them.

    Two rounds of the first: layers that start at nothing hide the slopes of those before them.
    """
    configuration = tiny("dcgan", **chosen(generator=generator, discriminator=discriminator))
    built = trainer(configuration)
    assert isinstance(built.gan, AdversarialGAN)
    built.round(0.0)
    for loss in parts("loss"):
        # Weights of unit variance, as stylegan2 stores them, clipped to a hundredth leave no gradient in 32 bits.
        chosen_loss = resolve_part(CATALOG, "loss", loss, {"clip": 1.0} if loss == "wgan" else {})
        built.gan.loss = Parts({"loss": chosen_loss}).build("loss")
        before = {name: value.detach().clone() for name, value in built.gan.named_parameters()}
        built.round(0.0)
        values = dict(built.gan.named_parameters())
        assert [name for name, value in values.items() if not torch.isfinite(value).all()] == [], loss
        assert [name for name, value in values.items() if torch.equal(before[name], value)] == [], loss


@pytest.mark.parametrize("model", MODELS)
def test_the_critic_learns_to_tell_and_then_pulls_the_generator_towards_the_data(model: str) -> None:
    """A flipped sign in either player's loss passes "the loss is finite", but not this."""
    built = trainer(tiny(model, **{"lr": 2e-3, "loss.clip" if model == "wgan" else "critic_steps": 1}))
    critic, generator = built.steps
    built.steps = (critic,)
    for _ in range(60 if critic.repetitions(60) == 1 else 12):
        built.round(0.0)
    values = built.scalars()
    assert values["D(real)"] > values["D(fake)"]
    before = mean_score(built)
    built.steps = (generator,)
    for _ in range(15):
        built.round(0.0)
    assert mean_score(built) > before


def mean_score(built: Trainer) -> float:
    """How real the discriminator finds what the generator now draws."""
    rng = torch.Generator().manual_seed(5)
    blank = torch.zeros(64, 3, 16, 16)
    with torch.no_grad():
        built.gan.train()
        images = built.gan(Batch(blank, rng))
        return float(built.gan.get_submodule("discriminator")(images).mean())


@pytest.mark.parametrize(
    ("options", "both"),
    [
        ({}, False),  # dcgan's networks know no labels
        ({"discriminator": "projected"}, False),
        ({"generator": "fastgan"}, False),
        ({"generator": "fastgan", "discriminator": "projected"}, True),
        ({"generator": "fastgan", "discriminator": "projected", "discriminator.labels": False}, False),
    ],
)
def test_labels_go_to_both_players_or_to_none(options: dict[str, object], both: bool) -> None:
    configuration = tiny("dcgan", **options)
    gan = build_gan(configuration, {"time": ("day", "night")})
    tables = [name for name, _ in gan.named_modules() if name.endswith("table")]
    assert gan.conditional == both
    assert {name.partition(".")[0] for name in tables} == ({"generator", "discriminator"} if both else set())
