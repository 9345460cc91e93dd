"""The time that metrics take, and how often the intervals of the kernel distance contain the true value.

The Fréchet distance is also compared with the usual methods, by eigenvalues and by a matrix square root.
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
    """Prints median seconds, then the ratios for the Fréchet distance, then the coverage of the intervals."""
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
    """Two sets of features whose variance falls from feature to feature, as that of a network does."""
    rng = torch.Generator().manual_seed(0)
    falling = torch.arange(1, dimension + 1).float().rsqrt()
    real, fake = (torch.randn(count, dimension, generator=rng) * falling for _ in range(2))
    return real, 1.1 * fake + 0.05


def compare_frechet() -> None:
    """With fewer images than features: how many times as long the usual methods take, and the values of both."""
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
    """The distance by the eigenvalues of the product of both covariances."""
    first, second = real.T.cov(), fake.T.cov()
    return distance(real, fake, float(torch.linalg.eigvals(first @ second).sqrt().real.sum()))


def by_square_root(real: Tensor, fake: Tensor) -> float:
    """The distance by the matrix square root of the product of both covariances."""
    return distance(real, fake, float(sqrtm((real.T.cov() @ fake.T.cov()).numpy()).trace().real))


def distance(real: Tensor, fake: Tensor, trace: float) -> float:
    """The Fréchet distance, given the trace of the square root of the product of both covariances."""
    mean = (real.mean(0) - fake.mean(0)).square().sum()
    return float(mean + real.var(0).sum() + fake.var(0).sum() - 2 * trace)


def print_coverage() -> None:
    """Prints how many 95 % intervals contain the true value, and their width relative to that of a normal error."""
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
