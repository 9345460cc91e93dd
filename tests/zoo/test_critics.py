"""Critics that presets of translators put together: an ensemble of two, and one of patches with spectral norms."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ganzoo_plugins.cyclegan import PatchOptions
from ganzoo_plugins.cyclegan.networks import Patch
from torch import Tensor, nn

import ganzoo
from ganzoo.engine.checkpoint import set_aside_after
from ganzoo.model import AdversarialRecipe, Discriminator, Terms
from ganzoo.runs.folder import Run
from ganzoo.specs import ImageShape
from tests.engine.test_resume import assert_same
from tests.zoo.test_adversarial import batch, recipe

SHAPE = ImageShape(height=32, width=32)


class Constant(Discriminator):
    """A critic whose scores all have one trained value, in a given shape."""

    def __init__(self, value: float, *shape: int, conditional: bool = False) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))
        self.shape, self.conditional = shape, conditional
        self.labels: list[Tensor | None] = []

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        self.labels.append(label)
        return self.value.expand(len(images), *self.shape)

    def auxiliary(self, images: Tensor, rng: torch.Generator) -> Terms:
        return {"own": self.value * 1.0}


def ensemble(first: Discriminator | None = None, second: Discriminator | None = None) -> AdversarialRecipe:
    """A recipe whose critic is an ensemble, of these two."""
    gan = recipe("fastcut", discriminator="ensemble")
    gan.discriminator.first = first or gan.discriminator.first
    gan.discriminator.second = second or gan.discriminator.second
    return gan


@pytest.mark.parametrize("other", [(), (5,), (1, 1, 1), (3, 2, 2), (2, 8, 4), (1, 5, 7)])
def test_both_critics_weigh_the_same_whatever_their_scores_look_like(other: tuple[int, ...]) -> None:
    first, second = Constant(1.0, 4, 8, 8), Constant(-3.0, *other)
    scores = ensemble(first, second).discriminator(torch.zeros(2, 3, 16, 16))
    assert scores.shape[0] == 2 and scores.ndim == 4 and scores.shape[2] >= 8
    assert float(scores.detach().mean()) == pytest.approx(-1.0)
    scores.mean().backward()
    assert float(first.value.grad) == pytest.approx(0.5) and float(second.value.grad) == pytest.approx(0.5)


def test_maps_of_an_ensemble_keep_their_places() -> None:
    class Left(Constant):
        def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
            return torch.tensor([1.0, 0.0]).view(1, 1, 1, 2).expand(len(images), 1, 2, 2)

    scores = ensemble(Left(0.0), Constant(0.0, 1, 4, 4)).discriminator(torch.zeros(1, 3, 16, 16))
    assert torch.equal(scores[0, 0], torch.tensor([1.0, 1.0, 0.0, 0.0]).expand(4, 4))


def test_the_extra_terms_of_both_are_part_of_the_loss() -> None:
    gan = ensemble(Constant(2.0, 1, 2, 2), Constant(5.0))
    terms = gan.discriminator_loss(batch())
    assert {name: float(terms[name].detach()) for name in ("first own", "second own")} == {
        "first own": 2.0,
        "second own": 5.0,
    }


@pytest.mark.parametrize("conditional", [(False, False), (True, False), (False, True)])
def test_an_ensemble_takes_labels_where_one_of_both_does(conditional: tuple[bool, bool]) -> None:
    from ganzoo_plugins.perceptual.networks import Ensemble

    critics = [Constant(0.0, conditional=one) for one in conditional]

    class Given:
        def build(self, field: str, **_: object) -> Discriminator:
            return critics[field == "second"]

    critic = Ensemble(None, shape=SHAPE, parts=Given())
    assert critic.conditional == any(conditional)
    label = torch.ones(2, 1, dtype=torch.int64)
    critic(torch.zeros(2, 3, 32, 32), label)
    assert all(one.labels == [label] for one in critics)


def test_an_ensemble_of_features_and_pixels_learns() -> None:
    gan, one = recipe("fastcut", discriminator="ensemble", loss="hinge"), batch()
    trained = [name for name, value in gan.discriminator.named_parameters() if value.requires_grad]
    assert any(name.startswith("first.heads") for name in trained) and any(
        name.startswith("second") for name in trained
    )
    assert not any("encoder" in name for name in trained)
    torch.stack(list(gan.discriminator_loss(one).values())).sum().backward()
    assert all(value.grad is not None for name, value in gan.discriminator.named_parameters() if name in trained)


@pytest.mark.parametrize("blur", [False, True])
def test_spectral_norms_of_a_patch_critic_hold_the_largest_singular_value_at_one(blur: bool) -> None:
    torch.manual_seed(0)
    critic = Patch(PatchOptions(width=8, layers=2, norm="spectral", blur=blur), shape=SHAPE).train()
    for _ in range(60):
        critic(torch.zeros(1, 3, 32, 32))
    layers = [layer for layer in critic.layers if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 4 and not any(isinstance(layer, nn.InstanceNorm2d) for layer in critic.layers)
    for layer in layers:
        assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, rel=0.02)


def test_a_patch_critic_with_spectral_norms_is_scored_the_same_twice() -> None:
    """What it learns from is what a resumed run has: the vectors of the norm are in its state."""
    options = PatchOptions(width=8, layers=1, norm="spectral")
    one, other = (Patch(options, shape=SHAPE).train() for _ in range(2))
    images = torch.rand(2, 3, 32, 32)
    one(images)
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(images), other(images)) and math.isfinite(float(one(images).detach().mean()))


def test_a_resumed_run_with_an_ensemble_equals_one_that_was_not_stopped(
    train: Callable[..., Run], tmp_path: Path
) -> None:
    options = {"discriminator": "ensemble", "loss": "hinge", "generator": "feature-painter", "augment": "diffaug"}
    whole = train("fastcut", name="whole", budget="4steps", checkpoint_every="2steps", **options).folder
    parted = Path(shutil.copytree(whole, tmp_path / "parted"))
    set_aside_after(parted / "checkpoints", 2)
    ganzoo.resume(parted)
    assert_same(whole, parted, 4)
