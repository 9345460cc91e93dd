"""How long scores take, the Fréchet distance beside methods by eigenvalues and matrix square roots, and how often
the intervals of the kernel distance hold the true value.
"""

import statistics
from collections.abc import Callable

import torch
from scipy.linalg import sqrtm
from torch import Tensor

from ganzoo.metrics.copies import near_copies
from ganzoo.metrics.frechet import frechet
from ganzoo.metrics.kid import kid
from ganzoo.metrics.neighbours import neighbours
from ganzoo.metrics.spread import spread
from tests.benchmarks.pairing import paired, ratio
from tests.metrics.gaussians import Gaussian, true_kid

COUNT, DIMENSION = 2000, 1280
FEW, MANY = 200, 2048
ROUNDS, SLOW_ROUNDS, DRAWS = 5, 5, 300
Method = Callable[[Tensor, Tensor], float]


def main() -> None:
    """Prints seconds, medians of the rounds, then ratios, then coverage."""
    print(f"{torch.get_num_threads()} threads")
    real, fake = features(COUNT, DIMENSION)
    scores: dict[str, Callable[[], object]] = {
        "kid without interval": lambda: kid(real, fake, resamples=0),
        "kid, 1000 resamples": lambda: kid(real, fake),
        "precision, recall, density, coverage": lambda: neighbours(real, fake),
        "near copies": lambda: near_copies(real, fake),
        "spread": lambda: spread(real, fake),
        "frechet": lambda: frechet(real, fake),
    }
    for name, seconds in paired(scores, ROUNDS, warmup=1).items():
        print(f"{name}, {COUNT} x {COUNT} x {DIMENSION}: {statistics.median(seconds):.2f} s")
    compare_frechet()
    print_coverage()


def features(count: int, dimension: int) -> tuple[Tensor, Tensor]:
    """Two sets whose variances fall from feature to feature, as a network's do."""
    rng = torch.Generator().manual_seed(0)
    falling = torch.arange(1, dimension + 1).float().rsqrt()
    real, fake = (torch.randn(count, dimension, generator=rng) * falling for _ in range(2))
    return real, 1.1 * fake + 0.05


def compare_frechet() -> None:
    """Fewer images than features: how many times as long the usual ways take, and how far their answers lie apart."""
    real, fake = (few.double() for few in features(FEW, MANY))
    frechet(real, fake)
    usual = {"eigenvalues": (by_eigenvalues, SLOW_ROUNDS), "scipy.linalg.sqrtm": (by_square_root, 1)}
    for name, (method, rounds) in usual.items():
        values: dict[str, float] = {}

        def ours(values: dict[str, float] = values) -> None:
            values["ours"] = frechet(real, fake).value

        def theirs(values: dict[str, float] = values, method: Method = method) -> None:
            values["theirs"] = method(real, fake)

        seconds = paired({"ours": ours, "theirs": theirs}, rounds, warmup=0)
        print(
            f"frechet, {FEW} x {FEW} x {MANY}: {1000 * statistics.median(seconds['ours']):.1f} ms; {name}: "
            f"{1000 * statistics.median(seconds['theirs']):.0f} ms, {ratio(seconds['theirs'], seconds['ours']):.0f} x, "
            f"median of {rounds}; values {values['ours']:.6f} and {values['theirs']:.6f}"
        )


def by_eigenvalues(real: Tensor, fake: Tensor) -> float:
    """The trace of the root from the eigenvalues of the product of both covariances."""
    first, second = real.T.cov(), fake.T.cov()
    return distance(real, fake, float(torch.linalg.eigvals(first @ second).sqrt().real.sum()))


def by_square_root(real: Tensor, fake: Tensor) -> float:
    """The trace of the root from the root itself."""
    return distance(real, fake, float(sqrtm((real.T.cov() @ fake.T.cov()).numpy()).trace().real))


def distance(real: Tensor, fake: Tensor, shared: float) -> float:
    """The Fréchet distance, given the trace of the root."""
    mean = (real.mean(0) - fake.mean(0)).square().sum()
    return float(mean + real.var(0).sum() + fake.var(0).sum() - 2 * shared)


def print_coverage() -> None:
    """Intervals of 95 % that hold the truth, and how wide they are beside those of a known normal error."""
    real = Gaussian(16)
    for fake in (real, Gaussian(16, 0.0, 0.9), Gaussian(16, 0.1), Gaussian(16, 0.5), Gaussian(16, 1.0, 1.5)):
        rng, truth = torch.Generator().manual_seed(0), true_kid(real, fake)
        scores = [kid(real.draw(200, rng), fake.draw(100, rng), resamples=300, seed=seed) for seed in range(DRAWS)]
        covered = sum(score.low <= truth <= score.high for score in scores) / DRAWS
        width = statistics.mean(score.high - score.low for score in scores)
        error = statistics.stdev(score.value for score in scores)
        print(
            f"kid of N(0, 1) and N({fake.mean}, {fake.spread}²), true value {truth:.4f}: "
            f"{100 * covered:.1f} % covered, {width / (2 * 1.96 * error):.2f} x the width"
        )


if __name__ == "__main__":
    main()
