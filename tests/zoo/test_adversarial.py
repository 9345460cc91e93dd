"""What every model with an adversarial loss has: logged scores, adaptive augmentation, regularisers, critic steps."""

import pytest
import torch
from torch import Tensor, nn

from ganzoo.batch import Batch
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.engine.build import build_gan
from ganzoo.engine.trainer import set_betas
from ganzoo.losses import gradient_norms
from ganzoo.model import AdversarialRecipe, Terms
from ganzoo.scoring.health import LOOKED_AT, TrainingMonitor

CATALOG = open_catalog(third_party=False)
SPECS = {one.spec.name: one.spec for one in CATALOG.models if "augment" in one.spec.options.model_fields}
TRANSLATORS = [name for name, spec in SPECS.items() if spec.task == "translate"]
# Every second observation moves p, and 16 images move it from one end to the other.
ADAPTIVE = {"augment": "ada", "augment.p": 0.5, "augment.interval": 2, "augment.speed": 0.016}


def recipe(model: str, **options: object) -> AdversarialRecipe:
    torch.manual_seed(0)
    gan = build_gan(configure_run(model, CATALOG, tiny=True, options=options), {})
    assert isinstance(gan, AdversarialRecipe)
    return gan.train()


def batch(number: int = 0, progress: float = 0.9) -> Batch:
    rng = torch.Generator().manual_seed(number)
    photo, painting = (torch.rand(4, 3, 16, 16, generator=rng) * 2 - 1 for _ in range(2))
    return Batch(painting, rng, source=photo, number=number, progress=progress)


def play(gan: AdversarialRecipe, number: int = 0) -> dict[str, float]:
    """One batch through both losses; what is logged."""
    one = batch(number)
    for step in gan.steps():
        step.loss(one)
    return {name: float(value) for name, value in one.recorded.items()}


@pytest.mark.parametrize("model", SPECS)
def test_the_probability_of_the_adaptive_augmentation_moves_and_is_logged(model: str) -> None:
    gan = recipe(model, **ADAPTIVE)
    logged = [play(gan, number) for number in range(2)]
    assert logged[-1]["augment.p"] != 0.5
    assert logged[-1]["augment.p"] == float(gan.augment.get_buffer("p"))


@pytest.mark.parametrize("model", SPECS)
def test_the_scores_of_real_and_fake_images_are_logged_as_the_recipe_declares(model: str) -> None:
    gan = recipe(model)
    logged = play(gan)
    assert {"D(real)", "D(fake)"} <= logged.keys() and "augment.p" not in logged
    assert gan.records_probabilities == gan.loss.scores_are_logits
    if gan.records_probabilities:
        assert 0 < logged["D(real)"] < 1 and 0 < logged["D(fake)"] < 1


def test_the_training_of_cyclegan_has_a_state_in_words() -> None:
    gan, monitor = recipe("cyclegan"), TrainingMonitor()
    states = [monitor.update(play(gan, number), probabilities=gan.records_probabilities) for number in range(LOOKED_AT)]
    assert states[-1] is not None and "generated" in states[-1].words


def test_cyclegan_logs_both_critics() -> None:
    assert list(play(recipe("cyclegan"))) == ["D(real)", "D(fake)", "D(real photo)", "D(fake photo)"]


@pytest.mark.parametrize("model", TRANSLATORS)
def test_translators_take_regularisers(model: str) -> None:
    plain, held = (recipe(model, **options) for options in ({}, {"regularise": "r1,lecam", "r1.every": 2}))
    before, at_first, at_second = (gan.discriminator_loss(batch(n)) for gan, n in ((plain, 0), (held, 0), (held, 1)))
    sides = ("painting ", "photo ") if model == "cyclegan" else ("",)
    assert set(at_first) - set(before) == {f"{side}{name}" for side in sides for name in ("r1", "lecam")}
    assert set(at_second) - set(before) == {f"{side}lecam" for side in sides}


def test_r1_of_a_translator_is_that_of_what_its_critic_receives() -> None:
    gan, one = recipe("pix2pix", regularise="r1", **{"r1.gamma": 2.0}), batch()
    terms = gan.discriminator_loss(one)
    pairs = torch.cat([one.source, one.target], dim=1)
    torch.testing.assert_close(terms["r1"], gradient_norms(gan.discriminator, pairs).square().mean())


def test_each_critic_of_cyclegan_has_regularisers_of_its_own() -> None:
    gan = recipe("cyclegan", regularise="lecam", **{"lecam.decay": 0.0})
    play(gan)
    kept = [held["lecam"].get_buffer("average") for held in (gan.regularisers, gan.photo_regularisers)]
    assert not torch.equal(*kept) and all(average.any() for average in kept)


@pytest.mark.parametrize("model", TRANSLATORS)
def test_translators_take_critic_steps(model: str) -> None:
    options = {"critic_steps": 3, "warmup_steps": 1, "warmup_critic_steps": 5}
    (step,) = (one for one in recipe(model, **options).steps() if one.name == "discriminator")
    assert [step.repetitions(number) for number in range(3)] == [5, 3, 3]


class OwnTerm(nn.Module):
    """A discriminator with a term of its own."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        scores: Tensor = self.network(images, label)
        return scores

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        return {"mean": images.mean()}


@pytest.mark.parametrize("model", ["dcgan", "pix2pix", "cyclegan"])
def test_terms_of_the_discriminator_itself_are_added(model: str) -> None:
    gan, one = recipe(model), batch()
    gan.discriminator = OwnTerm(gan.discriminator)
    name = "painting mean" if model == "cyclegan" else "mean"
    real = torch.cat([one.source, one.target], dim=1) if model == "pix2pix" else one.target
    torch.testing.assert_close(gan.discriminator_loss(one)[name], real.mean())


def test_the_labels_of_paintings_reach_no_critic_of_a_translator() -> None:
    gan, one = recipe("cyclegan", loss="wgan-gp"), batch()
    one.label = torch.zeros(4, 1, dtype=torch.int64)
    seen: list[object] = []
    for critic in (gan.discriminator, gan.photo_critic):
        critic.register_forward_hook(lambda module, inputs, output: seen.append(inputs[1]))
    gan.discriminator_loss(one)
    assert seen == [None] * 6


def test_r3gan_anneals_beta2_of_every_adam_and_of_nothing_else() -> None:
    gan = recipe("r3gan")
    assert gan.betas(0.0) == (0.0, 0.9) and gan.betas(1.0) == (0.0, 0.99)
    for step in gan.steps():
        optimiser = gan.optimiser(step)
        set_betas(optimiser, gan.betas(1.0))
        assert optimiser.param_groups[0]["betas"] == (0.0, 0.99)
    plain = torch.optim.RMSprop(gan.generator.parameters())
    set_betas(plain, gan.betas(1.0))
    assert "betas" not in plain.param_groups[0]
    assert recipe("dcgan").betas(1.0) is None
