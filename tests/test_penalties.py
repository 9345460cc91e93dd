"""Penalties, regularisers and relativistic games against their formulas by hand, and gradients checked numerically."""

import math
from typing import Any

import pytest
import torch
from ganzoo_plugins.dcgan import DiscriminatorOptions
from ganzoo_plugins.dcgan.networks import DCGANDiscriminator
from ganzoo_plugins.gan.model import Minimax
from ganzoo_plugins.penalties import DivergenceOptions, DRAGANOptions, LipschitzOptions
from ganzoo_plugins.penalties.model import DRAGAN, LipschitzWasserstein, WassersteinDivergence
from ganzoo_plugins.regularisers import GradientOptions, LeCamOptions
from ganzoo_plugins.regularisers.gradients import R1, R2, automatic_gamma
from ganzoo_plugins.regularisers.lecam import LeCam
from ganzoo_plugins.relativistic.model import Relativistic, RelativisticAverage
from ganzoo_plugins.wgan_gp import GradientPenaltyOptions
from ganzoo_plugins.wgan_gp.model import PenalisedWasserstein
from torch import Tensor

from ganzoo import ImageShape, Options
from ganzoo.batch import Batch
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.data.inputs import open_source, read_images, split_images
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.device import choose_device
from ganzoo.losses import gradient_norms, hinge_fake, hinge_real, relative_real
from ganzoo.model import CriticOutputs, Discriminator
from ganzoo.runs.view import View

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


class Square(Discriminator):
    """D(x) = slope ‖x‖² / 2, so that ∇D(x) = slope x."""

    def __init__(self, slope: float = 1.0) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(slope))

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        return self.slope * images.square().sum(dim=(1, 2, 3)) / 2


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def flat(*values: float) -> Tensor:
    return torch.tensor(values)[:, None, None, None]


def batch(real: Tensor, number: int = 0) -> Batch:
    return Batch(real, torch.Generator().manual_seed(0), number=number)


def outputs(real: Tensor, fake: Tensor, real_scores: Tensor = REAL, fake_scores: Tensor = FAKE) -> CriticOutputs:
    return CriticOutputs(
        discriminator=Square(), batch=batch(real), fake=fake, real_scores=real_scores, fake_scores=fake_scores
    )


def test_the_saturating_generator_minimises_log_of_one_minus_d() -> None:
    expected = (-softplus(0.5) - softplus(-3.0)) / 2
    assert float(Minimax(Options()).generator(FAKE, None)["fake"]) == pytest.approx(expected, rel=1e-6)


def test_pairs_are_compared() -> None:
    loss = Relativistic(Options())
    expected = (softplus(0.5 - 2.0) + softplus(-3.0 + 1.0)) / 2
    assert float(loss.discriminator(REAL, FAKE)["pairs"]) == pytest.approx(expected, rel=1e-6)
    expected = (softplus(2.0 - 0.5) + softplus(-1.0 + 3.0)) / 2
    assert float(loss.generator(FAKE, REAL)["pairs"]) == pytest.approx(expected, rel=1e-6)


def test_averages_are_compared() -> None:
    loss = RelativisticAverage(Options())
    terms = loss.discriminator(REAL, FAKE)
    assert float(terms["real"]) == pytest.approx((softplus(-1.25 - 2) + softplus(-1.25 + 1)) / 2, rel=1e-6)
    assert float(terms["fake"]) == pytest.approx((softplus(0.5 - 0.5) + softplus(-3 - 0.5)) / 2, rel=1e-6)
    drawn = loss.generator(FAKE, REAL)
    assert float(drawn["fake"]) == pytest.approx((softplus(0.5 - 0.5) + softplus(0.5 + 3)) / 2, rel=1e-6)
    assert float(drawn["real"]) == pytest.approx((softplus(2 + 1.25) + softplus(-1 + 1.25)) / 2, rel=1e-6)


def test_norms_of_gradients_are_those_of_each_image() -> None:
    images = torch.tensor([[3.0, 4.0], [0.0, 0.0]]).reshape(2, 2, 1, 1)
    assert gradient_norms(Square(2.0), images).tolist() == pytest.approx([10, 0], abs=1e-5)
    discriminator = Square(2.0)
    gradient_norms(discriminator, images).sum().backward()
    assert discriminator.slope.grad is not None
    assert float(discriminator.slope.grad) == pytest.approx(5, abs=1e-4), "and no 0/0 where there is no gradient"


def test_r1_looks_at_real_images_and_r2_at_drawn_ones() -> None:
    round_ = outputs(flat(1.0, 3.0), flat(2.0, 2.0))
    assert float(R1(GradientOptions(gamma=4))(round_).detach()) == pytest.approx(4 / 2 * (1 + 9) / 2, rel=1e-5)
    assert float(R2(GradientOptions(gamma=4))(round_).detach()) == pytest.approx(4 / 2 * 4, rel=1e-5)


def test_averages_are_those_of_all_processes() -> None:
    loss = RelativisticAverage(Options())
    shared = Batch(torch.zeros(2, 3, 4, 4), torch.Generator(), all_reduce_mean=lambda mean: mean + 1)
    terms = loss.discriminator(REAL, FAKE, shared)
    assert float(terms["real"]) == pytest.approx((softplus(-0.25 - 2) + softplus(-0.25 + 1)) / 2, rel=1e-6)
    assert float(loss.generator(FAKE, REAL, shared)["real"]) == pytest.approx(
        (softplus(2 + 0.25) + softplus(-1 + 0.25)) / 2, rel=1e-6
    )
    alone = loss.discriminator(REAL, FAKE, batch(flat(0.0, 0.0)))
    assert all(torch.equal(one, alone[name]) for name, one in loss.discriminator(REAL, FAKE).items())


def test_lecam_holds_scores_to_the_averages_of_the_other_side() -> None:
    lecam = LeCam(LeCamOptions(weight=2, decay=0.75))
    value = lecam(outputs(flat(1.0, 1.0), flat(1.0, 1.0)))
    of_real, of_fake = 0.25 * 0.5, 0.25 * -1.25
    expected = ((2 - of_fake) ** 2 + (-1 - of_fake) ** 2) / 2 + ((0.5 - of_real) ** 2 + (-3 - of_real) ** 2) / 2
    assert float(value.detach()) == pytest.approx(2 * expected, rel=1e-6)
    assert lecam.average.tolist() == pytest.approx([of_real, of_fake])


@pytest.mark.parametrize(("length", "expected"), [(0.5, 0.0), (3.0, 10 * 4.0)])
def test_the_one_sided_penalty_leaves_flat_critics_alone(length: float, expected: float) -> None:
    point = flat(length)
    (term,) = LipschitzWasserstein(LipschitzOptions()).penalty(Square(), batch(point), point).values()
    assert float(term.detach()) == pytest.approx(expected, abs=1e-5)


def test_the_divergence_takes_a_power_of_the_gradient() -> None:
    point = flat(1.5)
    (term,) = WassersteinDivergence(DivergenceOptions()).penalty(Square(), batch(point), point).values()
    assert float(term.detach()) == pytest.approx(2 * 1.5**6, rel=1e-5)


def test_dragan_looks_around_real_images_only() -> None:
    same = torch.full((2, 1, 1, 1), 0.5)
    (term,) = DRAGAN(DRAGANOptions()).penalty(Square(), batch(same), flat(9.0, 9.0)).values()
    assert float(term.detach()) == pytest.approx(10 * 0.25, rel=1e-5), "images without spread have no surroundings"
    spread = flat(0.5, -0.5)
    (term,) = DRAGAN(DRAGANOptions()).penalty(Square(), batch(spread), spread).values()
    away = 0.5 * float(spread.std()) * torch.rand(2, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    assert float(term.detach()) == pytest.approx(10 * float(((spread + away).abs() - 1).square().mean()), rel=1e-4)


@pytest.mark.parametrize(
    ("term", "slope_of"),
    [
        (
            lambda critic, x: PenalisedWasserstein(GradientPenaltyOptions()).penalty(critic, batch(x), x),
            lambda n: 20 * (n - 1),
        ),
        (
            lambda critic, x: LipschitzWasserstein(LipschitzOptions()).penalty(critic, batch(x), x),
            lambda n: 20 * (n - 1),
        ),
        (
            lambda critic, x: WassersteinDivergence(DivergenceOptions()).penalty(critic, batch(x), x),
            lambda n: 12 * n**5,
        ),
        (lambda critic, x: {"r1": R1(GradientOptions(gamma=3))(at(critic, x, x))}, lambda n: 3 * n),
        (lambda critic, x: {"r2": R2(GradientOptions(gamma=3))(at(critic, 0 * x, x))}, lambda n: 3 * n),
    ],
)
def test_penalties_pull_at_the_discriminator_as_their_derivatives_say(term: Any, slope_of: Any) -> None:
    """With D(x) = s ‖x‖²/2 the norm is n = s ‖x‖, so the slope along s is that of the penalty in n times ‖x‖."""
    point, critic = flat(1.3), Square(2.0)
    (value,) = term(critic, point).values()
    value.backward()
    assert critic.slope.grad is not None
    assert float(critic.slope.grad) == pytest.approx(slope_of(2.0 * 1.3) * 1.3, rel=1e-4)


def at(critic: Discriminator, real: Tensor, fake: Tensor) -> CriticOutputs:
    return CriticOutputs(discriminator=critic, batch=batch(real), fake=fake, real_scores=REAL, fake_scores=FAKE)


def test_a_penalty_is_that_of_the_mean_score_however_many_an_image_has() -> None:
    class Many(Square):
        def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
            return super().forward(images)[:, None, None].expand(-1, 5, 7)

    images = flat(3.0, 1.0)
    assert torch.allclose(gradient_norms(Many(), images), gradient_norms(Square(), images))


def test_gamma_follows_the_published_sizes() -> None:
    sizes = [automatic_gamma(torch.zeros(1, 3, side, side)) for side in (64, 128, 256)]
    assert sizes == pytest.approx([2, 16, 128])
    assert automatic_gamma(torch.zeros(1, 3, 64, 256)) == pytest.approx(16)


def test_spectral_norm_holds_the_largest_singular_value_at_one() -> None:
    options = DiscriminatorOptions(width=8, norm="spectral")
    critic = DCGANDiscriminator(options, shape=ImageShape(height=32, width=32))
    for _ in range(60):
        critic(torch.zeros(1, 3, 32, 32))
    layers = [layer for layer in critic.layers if isinstance(layer, torch.nn.Conv2d)]
    assert len(layers) == 4
    for layer in layers:
        assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, rel=0.02)


def test_path_length_is_the_jacobian_of_the_network_and_not_of_the_cut() -> None:
    options = {"path_length": 2, "device": "cpu"}
    configuration = configure_run("stylegan2-lite", open_catalog(third_party=False), tiny=True, options=options)
    gan: Any = build_gan(configuration, {}).eval()
    drawn = batch(torch.zeros(2, 3, 16, 16))
    value = float(gan.path_penalty(drawn).detach())
    again = batch(torch.zeros(2, 3, 16, 16))
    latent, noise = again.noise(gan.generator.latent)[:1], again.noise(3, 16, 16)[:1] / 16
    style = gan.generator.mapping(latent).detach()
    jacobian = torch.autograd.functional.jacobian(gan.generator.unbounded, style)[0, ..., 0, :]
    length = float(torch.einsum("chw,chwd->d", noise[0], jacobian).norm())
    mean = 0.01 * length
    assert value == pytest.approx((length - mean) ** 2, rel=1e-3)


def test_a_soft_hinge_is_the_mean_over_margins() -> None:
    scores = torch.tensor([-3.0, 0.5, 0.85, 0.99, 2.0])
    margins = torch.linspace(0.8, 1, 20_001)
    for soft, sign in ((hinge_real, 1), (hinge_fake, -1)):
        drawn = (margins[:, None] - scores).relu().mean()
        assert float(soft(sign * scores, 0.2)) == pytest.approx(float(drawn), rel=1e-4)
        assert float(soft(sign * scores)) == pytest.approx(float((1 - scores).relu().mean()), rel=1e-6)
    wide = torch.tensor([0.3, -2.0, 0.9], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: hinge_real(s, 0.2), wide)


def test_gradients() -> None:
    scores = torch.tensor([0.3, -2.0, 4.0], dtype=torch.float64, requires_grad=True)
    others = torch.tensor([1.0, 0.5, -0.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(relative_real, (scores, others))
    games: Any = (Relativistic(Options()), RelativisticAverage(Options()), Minimax(Options()))
    for game in games:
        for play in (game.discriminator, game.generator):
            assert torch.autograd.gradcheck(lambda a, b, play=play: sum(play(a, b).values()), (scores, others))


def test_a_lazy_regulariser_comes_every_so_many_rounds_and_counts_as_often() -> None:
    catalog = open_catalog(third_party=False)
    names: list[dict[str, float]] = []
    for every in (1, 3):
        options = {"regularise": "r1", "r1.every": every, "device": "cpu"}
        configuration = configure_run("dcgan", catalog, tiny=True, options=options)
        images = read_images(open_source(configuration), configuration, View())
        trainer = build_trainer(
            build_gan(configuration, {}), configuration, split_images(configuration, images), choose_device("cpu")
        )
        for number in range(4):
            trainer._values.clear()
            trainer.round(0.0)
            if number in (0, 1, 3):
                names.append({key: value for key, value in trainer.scalars().items() if "r1" in key})
    always, seldom = names[:3], names[3:]
    assert [len(one) for one in always] == [1, 1, 1] and [len(one) for one in seldom] == [1, 0, 1]
    assert seldom[0]["discriminator.r1"] == pytest.approx(3 * always[0]["discriminator.r1"], rel=1e-4)
