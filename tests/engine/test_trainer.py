"""Steps: who is trained by what, on which batch, and how often."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganzoo import AdversarialOptions
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import open_catalog
from ganzoo.data.cache import Images
from ganzoo.data.inputs import split_images
from ganzoo.data.training import TrainingData
from ganzoo.engine.build import build_gan, build_trainer
from ganzoo.engine.trainer import Trainer, TrainerSettings
from ganzoo.errors import PluginError
from ganzoo.model import GAN, Batch, Step, Terms
from tests.tiny_runs import MODELS

Build = Callable[..., Trainer]


def weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.named_parameters()}


def changed(before: dict[str, Tensor], network: nn.Module) -> bool:
    return any(not torch.equal(before[name], value) for name, value in network.named_parameters())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("network", ["discriminator", "generator"])
def test_a_step_moves_only_what_it_trains(trainer: Build, model: str, network: str) -> None:
    built = trainer(model, **{"optimiser": "rmsprop"} if model == "wgan" else {})
    built.steps = tuple(step for step in built.steps if step.name == network)
    other = built.gan.generator if network == "discriminator" else built.gan.discriminator
    own = getattr(built.gan, network)
    own_before, other_before = weights(own), weights(other)
    built.round(0.0)
    assert changed(own_before, own)
    assert not changed(other_before, other)


def test_a_gradient_can_not_leak_through_fakes_that_are_not_detached(trainer: Build) -> None:
    built = trainer()
    leaky = replace(built.steps[0], loss=lambda batch: {"leak": built.gan.discriminator(built.gan(batch)).mean()})
    built.steps = (leaky,)
    before = weights(built.gan.generator)
    built.round(0.0)
    assert not changed(before, built.gan.generator)
    assert all(parameter.grad is None for parameter in built.gan.generator.parameters())


def test_what_a_recipe_has_frozen_stays_frozen(tiny: Callable[..., Configuration], tiny_images: Images) -> None:
    configuration = tiny(clip_gradients=1.0)
    gan = build_gan(configuration, {})
    body = gan.get_submodule("discriminator.layers.0").requires_grad_(False)
    before = weights(body)
    built = build_trainer(gan, configuration, split_images(configuration, tiny_images), torch.device("cpu"))
    for _ in range(2):
        built.round(0.0)
    assert not changed(before, body) and not any(p.requires_grad or p.grad is not None for p in body.parameters())


def test_a_partly_frozen_generator_learns_in_every_repetition(
    tiny: Callable[..., Configuration], tiny_images: Images
) -> None:
    """The second repetition has a batch of its own, whose shared pass no later step needs."""
    configuration = tiny()
    gan = build_gan(configuration, {})
    body = gan.get_submodule("generator.layers.0").requires_grad_(False)
    frozen, before = weights(body), weights(gan.generator)
    built = build_trainer(gan, configuration, split_images(configuration, tiny_images), torch.device("cpu"))
    built.steps = (built.steps[0], replace(built.steps[1], repeat=2))
    built.round(0.0)
    assert changed(before, gan.generator) and not changed(frozen, body)


class Counting(nn.Module):
    """Counts forward passes of a generator."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.calls = network, 0
        self.latent = network.latent

    def forward(self, *inputs: Tensor | None) -> Tensor:
        self.calls += 1
        images: Tensor = self.network(*inputs)
        return images


@pytest.mark.parametrize(("model", "passes"), [("dcgan", 1), ("lsgan", 1), ("wgan-gp", 2)])
def test_one_forward_pass_serves_both_networks(trainer: Build, model: str, passes: int) -> None:
    """WGAN-GP has two critic steps in its tiny settings: one pass each, and none for the generator's own step."""
    built = trainer(model)
    counting = built.gan.generator = Counting(built.gan.generator)
    built.round(0.0)
    assert counting.calls == passes


def test_sharing_the_forward_pass_gives_the_gradients_of_a_pass_of_its_own(trainer: Build) -> None:
    shared, separate = trainer(), trainer()

    def own_pass(batch: Batch) -> Terms:
        rng = torch.Generator().manual_seed(0)
        rng.set_state(state)
        fresh = Batch(batch.target, rng)
        return separate.gan.generator_loss(fresh)

    # Batch statistics move with every pass, so compare in a network without them.
    for built in (shared, separate):
        for module in built.gan.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 0.0
    state = separate.batches.rng.get_state()
    separate.steps = (separate.steps[0], replace(separate.steps[1], loss=own_pass))
    shared.round(0.0)
    separate.round(0.0)
    for one, other in zip(shared.gan.generator.parameters(), separate.gan.generator.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_published_wgan_schedule() -> None:
    options = open_catalog(third_party=False).model("wgan").spec.options()
    assert isinstance(options, AdversarialOptions)
    assert [options.critic_steps_at(step) for step in (0, 24, 25, 499, 500, 501, 1000)] == [100, 100, 5, 5, 100, 5, 100]


def test_repetitions_draw_their_own_batches_and_every_counts_rounds(trainer: Build) -> None:
    built = trainer("wgan")
    built.round(0.0)
    assert built.images_seen == 10 * 8
    step = Step(name="s", trains=nn.Identity(), loss=lambda batch: {}, every=3, repeat=2)
    assert [step.repetitions(n) for n in range(4)] == [2, 0, 0, 2]


@pytest.mark.parametrize("clip", [0.01, 0.002])
def test_wgan_clips_the_critic_before_its_step(trainer: Build, clip: float) -> None:
    built = trainer("wgan", **{"loss.clip": clip, "lr": 1e-7})
    built.round(0.0)
    largest = max(float(p.detach().abs().max()) for p in built.gan.discriminator.parameters())
    assert clip < largest < clip + 1e-5  # one small step beyond the bound: clipped before, not after
    assert max(float(p.detach().abs().max()) for p in built.gan.generator.parameters()) > 2 * clip


def test_wgan_gp_has_no_batch_norm_in_its_critic(trainer: Build) -> None:
    kinds = {type(module) for module in trainer("wgan-gp").gan.discriminator.modules()}
    assert nn.BatchNorm2d not in kinds and nn.GroupNorm in kinds


def test_the_average_follows_with_the_stated_half_life(trainer: Build) -> None:
    built = trainer(ema_kimg=0.001, lr=0.5)
    assert built.average is not None
    built.round(0.0)
    built.images_seen = 10**6  # far beyond the ramp at the start
    before = weights(built.average.network)
    built.round(0.0)
    name, current = next(iter(built.gan.generator.named_parameters()))
    decay = 0.5 ** (8 / 1)
    expected = decay * before[name] + (1 - decay) * current
    torch.testing.assert_close(dict(built.average.network.named_parameters())[name], expected)


def test_drawing_uses_the_average_and_leaves_the_network_as_it_was(trainer: Build) -> None:
    built = trainer(lr=0.1)
    for _ in range(3):
        built.round(0.0)
    before = {k: v.clone() for k, v in built.gan.state_dict().items()}
    batch = Batch(torch.zeros(2, 3, 16, 16), torch.Generator().manual_seed(1))
    drawn = built.draw(batch)
    assert all(torch.equal(before[k], v) for k, v in built.gan.state_dict().items())
    assert built.average is not None
    noise = torch.randn(2, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(drawn, built.average.network(noise))
    built.gan.eval()
    assert not torch.allclose(drawn, built.gan.generator(noise))


def test_bf16_trains(trainer: Build) -> None:
    built = trainer("wgan-gp", precision="bf16")
    built.round(0.0)
    assert all(torch.isfinite(parameter).all() for parameter in built.gan.parameters())


def test_a_clipped_gradient_moves_sgd_no_further(trainer: Build) -> None:
    built = trainer(clip_gradients=1e-3)
    step = built.steps[0]
    built.optimisers[step.name] = torch.optim.SGD(step.trains.parameters(), lr=1.0)
    built.steps = (step,)
    before = weights(step.trains)
    built.round(0.0)
    moved = torch.cat([(value.detach() - before[name]).flatten() for name, value in step.trains.named_parameters()])
    assert float(moved.norm()) == pytest.approx(1e-3, rel=1e-3)


class TwoAlike(GAN):
    """Gives both steps one name."""

    def __init__(self) -> None:
        super().__init__()
        self.averaged = nn.Linear(1, 1)

    def forward(self, batch: Batch) -> Tensor:
        return batch.target

    def steps(self) -> Iterable[Step]:
        yield from [Step(name="same", trains=self.averaged, loss=lambda batch: {})] * 2

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.SGD(step.trains.parameters())


def test_steps_need_names_of_their_own(trainer: Build) -> None:
    data = trainer().data
    with pytest.raises(PluginError, match="own name"):
        Trainer(TwoAlike(), data, TrainerSettings(batch=1), torch.device("cpu"))


class Translator(GAN):
    """Notes the sources and targets that it is shown."""

    def __init__(self, paired: bool) -> None:
        super().__init__()
        self.averaged = nn.Conv2d(3, 3, 1)
        self.paired = paired
        self.seen: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Batch) -> Tensor:
        assert batch.source is not None
        return self.averaged(batch.source).tanh()

    def steps(self) -> Iterable[Step]:
        yield Step(name="generator", trains=self.averaged, loss=self.loss)

    def loss(self, batch: Batch) -> Terms:
        assert batch.source is not None
        self.seen.append((batch.source, batch.target))
        return {"loss": self(batch).square().mean()}

    def optimiser(self, step: Step) -> torch.optim.Optimizer:
        return torch.optim.SGD(step.trains.parameters(), 0.1)


@pytest.mark.parametrize("paired", [True, False])
def test_sources_come_in_an_order_of_their_own_unless_the_recipe_is_paired(paired: bool, tiny_images: Images) -> None:
    gan = Translator(paired)
    negative = replace(tiny_images, pixels=255 - tiny_images.pixels)
    # Not a multiple of the batch: both sides begin their epochs anew, each with another shuffle.
    numbers = np.arange(len(tiny_images) - 5)
    data = replace(TrainingData.of(tiny_images, negative), numbers=numbers)
    trainer = Trainer(gan, data, TrainerSettings(batch=8), torch.device("cpu"))
    for _ in range(2 * len(tiny_images) // 8):
        trainer.round(0.0)
    together = [torch.allclose(source, -target, atol=1e-5) for source, target in gan.seen]
    assert all(together) if paired else not any(together)
    shown = {image.numpy().tobytes() for source, _ in gan.seen for image in -source}
    assert len(shown) >= len(numbers)
