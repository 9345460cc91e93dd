"""Faster layers give what the usual ones give, and the fastest way to compute is measured once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo.stylize.quick import QuickPadding, convolutions_before
from ganzoo.stylize.statistics import gathered, held, measured, norms_in
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from ganzoo.stylize.ways import BF16, FP32, Way, way_for
from tests.stylize.small import CPU, Network, Small
from tests.stylize.test_stylizer import photo


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("margins", [(1, 1, 1, 1), (3, 3, 3, 3), (0, 2, 3, 1), (7, 7, 7, 7)])
def test_mirrored_borders_are_those_of_torch(margins: tuple[int, ...], layout: torch.memory_format) -> None:
    values = torch.randn(2, 3, 8, 9).contiguous(memory_format=layout)
    usual = functional.pad(values, margins, mode="reflect")
    with QuickPadding():
        assert torch.equal(functional.pad(values, margins, mode="reflect"), usual)
        assert torch.equal(functional.pad(values, margins, value=2.0), functional.pad(values, margins, value=2.0))
        assert functional.pad(values[0], margins[:2], mode="reflect").shape[2] == 9 + margins[0] + margins[1]


def test_norms_within_convolutions_give_what_norms_after_them_give() -> None:
    network = Network()
    for norm in norms_in(network):
        norm.weight, norm.bias = nn.Parameter(torch.randn(8)), nn.Parameter(torch.randn(8))
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        with gathered(network) as statistics:
            usual = network(images)
        assert len(convolutions_before(statistics, network)) == len(statistics) == 6
        with held(network, statistics):
            assert torch.allclose(network(images), usual, atol=1e-5)


@pytest.mark.parametrize("norm", [nn.InstanceNorm2d(8, affine=True), nn.GroupNorm(1, 8), nn.GroupNorm(4, 8)])
def test_measured_norms_are_the_usual_ones(norm: nn.Module) -> None:
    values = torch.randn(1, 8, 50, 60) * torch.arange(1, 9).view(1, -1, 1, 1) + 3
    usual = norm(values)
    with measured(norm):
        assert torch.allclose(norm(values), usual, atol=1e-5)


@pytest.mark.parametrize("side", [100, 128, 256])
def test_the_statistics_of_a_large_map_are_those_of_all_of_it_whatever_pattern_it_has(side: int) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1), nn.InstanceNorm2d(4))
    values = torch.randn(1, 4, side, side) + torch.arange(4).view(1, -1, 1, 1)
    with torch.no_grad():
        usual = network(values)
        with measured(network):
            assert float((network(values) - usual).abs().mean()) < 0.01


def test_a_norm_or_a_convolution_with_two_places_stays_apart() -> None:
    conv, norm = nn.Conv2d(3, 3, 1), nn.InstanceNorm2d(3)
    network = nn.Sequential(nn.Sequential(conv, norm), nn.Sequential(conv, nn.InstanceNorm2d(3)))
    assert not convolutions_before(norms_in(network), network)
    shared = nn.Sequential(nn.Sequential(conv, norm), nn.Sequential(nn.Conv2d(3, 3, 1), norm))
    assert not convolutions_before(norms_in(shared), shared)


def computing(calls: list[Way], error: float = 0.0):
    """A network that is fast in bf16, and differs by so many levels there."""

    def compute(images: Tensor, way: Way) -> Tensor:
        calls.append(way)
        if way.precision == FP32:
            (torch.randn(400, 400) @ torch.randn(400, 400)).sum()
            (torch.randn(1000, 1000) @ torch.randn(1000, 1000)).sum()
        return images + (error / 127.5 if way.precision == BF16 else 0)

    return compute


def test_the_fastest_way_is_measured_once_for_each_model(empty_cache: Path) -> None:
    calls: list[Way] = []
    weights = {"one": torch.ones(3)}
    first = way_for("auto", computing(calls), weights, CPU)
    assert first.precision == BF16 and calls
    calls.clear()
    assert way_for("auto", computing(calls), weights, CPU) == first and not calls
    way_for("auto", computing(calls), {"one": torch.zeros(3)}, CPU)
    assert calls and len(list((empty_cache / "painting").iterdir())) == 2


def test_a_model_that_bf16_changes_is_painted_in_fp32_unless_asked() -> None:
    calls: list[Way] = []
    assert way_for("auto", computing(calls, error=2.0), {}, CPU).precision == FP32
    assert way_for("fp32", computing(calls), {}, CPU).precision == FP32
    assert way_for("bf16", computing(calls), {}, CPU).precision == BF16


def test_a_model_that_can_not_compute_in_bf16_is_painted_in_fp32() -> None:
    def compute(images: Tensor, way: Way) -> Tensor:
        if way.precision == BF16:
            raise RuntimeError("no such kernel")
        return images

    assert way_for("auto", compute, {}, CPU).precision == FP32


@pytest.mark.parametrize("paint", [torch.randn_like, lambda images: images * float("nan")])
def test_a_network_that_never_paints_the_same_is_computed_in_the_usual_way(
    paint: Callable[[Tensor], Tensor],
) -> None:
    assert way_for("auto", lambda images, _: paint(images), {}, CPU) == Way(precision=FP32, channels_last=False)


def test_a_network_that_takes_other_sizes_than_the_example_has_is_measured() -> None:
    class Thirds(Network):
        size_multiple = 12

        def forward(self, images: Tensor) -> Tensor:
            assert not any(side % 12 for side in images.shape[2:])
            return super().forward(images)

    stylizer = Stylizer(Small(Thirds()), CPU)
    assert stylizer.stylize(photo(50, 40), StylizeOptions()).shape == (50, 40, 3)


def test_a_damaged_memory_is_measured_again(empty_cache: Path) -> None:
    way_for("auto", computing([]), {}, CPU)
    (file,) = (empty_cache / "painting").iterdir()
    file.write_text("nothing")
    calls: list[Way] = []
    way_for("auto", computing(calls), {}, CPU)
    assert calls


def test_bf16_paints_nearly_what_fp32_paints_and_always_the_same() -> None:
    pixels = photo(300, 340)
    stylizer = Stylizer(Small(Network()), CPU, whole_view=100)
    full, short, again = (
        stylizer.stylize(pixels, StylizeOptions(precision=precision)).astype(int) for precision in (FP32, BF16, BF16)
    )
    # Random weights make more of a small error than trained ones.
    assert 0 < abs(full - short).mean() < 3 and (short == again).all()
