"""The same matrices given to torch-fidelity, torchmetrics and prdc.

These are imported in the tests: they take seconds, which every start of pytest would pay for.
"""

import math

import pytest
import torch
from torch import Tensor, nn

from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.kid import kid
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.pairs import psnr, ssim

SHAPES = [(300, 300, 8), (400, 250, 64), (2000, 1000, 256)]


class Identity(nn.Module):
    """Gives the features it is given, as torchmetrics wants its encoder to look."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.num_features = dimension

    def forward(self, features: Tensor) -> Tensor:
        return features


def sets(count: int, other: int, dimension: int) -> tuple[Tensor, Tensor]:
    """Correlated, skewed features, as a network's are, with unlike means and covariances."""
    rng = torch.Generator().manual_seed(count + dimension)
    mix = torch.randn(2, dimension, dimension, generator=rng, dtype=torch.float64) / math.sqrt(dimension)
    draws = [torch.randn(n, dimension, generator=rng, dtype=torch.float64) for n in (count, other)]
    real, fake = draws[0] @ mix[0], (draws[1] + 0.2) @ (mix[0] + 0.3 * mix[1])
    return real.relu() + 0.1 * real, fake.relu() + 0.1 * fake


@pytest.mark.parametrize("shape", SHAPES)
def test_frechet_at_full_rank(shape):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torchmetrics.image.fid import FrechetInceptionDistance

    real, fake = sets(*shape)
    statistics = (fid_features_to_statistics(features) for features in (fake, real))
    fidelity = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    metric = FrechetInceptionDistance(Identity(shape[2]), normalize=True).set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    score = frechet(real, fake)
    assert score.rankable
    assert score.value == pytest.approx(fidelity, rel=1e-6)
    assert score.value == pytest.approx(float(metric.compute()), rel=1e-6)


@pytest.mark.parametrize("shape", [(300, 300, 8), (1000, 1000, 256)])
@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance`:UserWarning")
def test_kid(shape):
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torchmetrics.image.kid import KernelInceptionDistance

    real, fake = sets(*shape)
    fidelity = kid_features_to_metric(real, fake, kid_subsets=1, kid_subset_size=shape[0], verbose=False)
    metric = KernelInceptionDistance(Identity(shape[2]), subsets=1, subset_size=shape[0]).set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    value = kid(real, fake, resamples=0).value
    assert value == pytest.approx(fidelity["kernel_inception_distance_mean"], abs=1e-8)
    assert value == pytest.approx(float(metric.compute()[0]), abs=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("k", [1, 5])
def test_precision_recall_density_coverage(shape, k):
    from prdc import compute_prdc
    from torch_fidelity.metric_prc import prc_features_to_metric

    real, fake = sets(*shape)
    score = neighbours(real, fake, k=k)
    theirs = compute_prdc(real.numpy(), fake.numpy(), k)
    ours = {name: getattr(score, name) for name in theirs}
    assert ours == pytest.approx(theirs, rel=1e-12, abs=0)
    assert 0 < score.coverage < 1, "an oracle that says 0 or 1 tells little"
    fidelity = prc_features_to_metric(fake, real, prc_neighborhood=k, verbose=False)
    assert score.precision == pytest.approx(fidelity["precision"], rel=1e-6)  # a mean in float32
    assert score.recall == pytest.approx(fidelity["recall"], rel=1e-6)


def test_the_tie_rule_is_that_of_torch_fidelity():
    from prdc import compute_prdc
    from torch_fidelity.metric_prc import prc_features_to_metric

    same = torch.ones(20, 4, dtype=torch.float64)
    assert prc_features_to_metric(same, same, prc_neighborhood=5, verbose=False)["precision"] == 1
    assert compute_prdc(same.numpy(), same.numpy(), 5)["precision"] == 0
    assert neighbours(same, same).precision == 1


def pictures() -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(3)
    truth = torch.rand(4, 3, 40, 56, generator=rng, dtype=torch.float64) * 2 - 1
    return (0.8 * truth + 0.2 * torch.rand(truth.shape, generator=rng, dtype=torch.float64)), truth


def test_psnr_and_ssim():
    from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

    images, truth = pictures()
    in_unit = [(member + 1) / 2 for member in (images, truth)]
    theirs = peak_signal_noise_ratio(*in_unit, data_range=1.0, reduction="none", dim=(1, 2, 3))
    assert torch.allclose(psnr(images, truth), theirs, rtol=1e-6)  # it takes the logarithm of 10 in float32
    _, maps = structural_similarity_index_measure(*in_unit, data_range=1.0, reduction="none", return_full_image=True)
    inside = maps[..., 5:-5, 5:-5]  # it averages over a padded border too
    assert torch.allclose(ssim(images, truth), inside.flatten(1).mean(1), rtol=1e-9)
