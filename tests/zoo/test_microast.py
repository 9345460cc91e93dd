"""MicroAST: its network with the published weights, beside a forward pass written with plain functions; its losses."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ganzoo_plugins.microast.model import contrast, style_distance
from ganzoo_plugins.microast.networks import MicroGenerator
from ganzoo_plugins.microast.published import PARTS
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

import ganzoo
from ganzoo.batch import Batch
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import UsageError
from ganzoo.runs.folder import Run
from ganzoo.weights.foreign import import_weights
from tests.built_in import CATALOG

SHARED = Path(os.environ.get("GANZOO_SHARED", Path(__file__).parents[3] / "shared"))
PUBLISHED = SHARED / "data/weights/microast"
"""The published weights, which are no part of the repository."""
CLOSE = 1e-4
"""The published code divides by one place less when it computes a variance, which changes less than this."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published files as `ganzoo import-weights` converts them."""
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published weights are not here: {PUBLISHED}")
    converted = tmp_path_factory.mktemp("published")
    for file in PUBLISHED.glob("*.tar"):
        import_weights(file, converted / f"{file.stem}.safetensors")
    return converted


def generator(folder: Path | str) -> MicroGenerator:
    configuration = configure_run("microast", CATALOG, options={"generator.weights": str(folder)})
    built = build_gan(configuration, {}).eval().generator
    assert isinstance(built, MicroGenerator)
    return built


def test_published_weights_give_the_published_pictures(folder: Path) -> None:
    """Like the picture stored beside the weights and like one computed by hand, both clamped as ganzoo clamps."""
    oracle = load_file(PUBLISHED / "oracle.safetensors")
    network = generator(folder)
    content, style = (2 * oracle[name] - 1 for name in ("content", "style"))
    with torch.no_grad():
        code = network.code_of(style)
        for amount, name in ((1.0, "output"), (0.5, "output_half")):
            painted = (network(content, code, torch.tensor([amount])) + 1) / 2
            by_hand = plain_forward(folder, oracle["content"], oracle["style"], amount)
            assert (painted - by_hand.clamp(0, 1)).abs().max() < CLOSE
            assert (painted - oracle[name].clamp(0, 1)).abs().max() < CLOSE
        assert torch.allclose(network(content, code), network(content, code, torch.tensor([1.0])), atol=CLOSE)
        assert torch.equal(network(content, code, torch.tensor([0.0])), content)


def plain_forward(folder: Path, content: Tensor, style: Tensor, amount: float) -> Tensor:
    """The picture in [0, 1] by the description of the network, layer by layer."""
    tensors = {part: load_file(next(folder.glob(f"{part}*"))) for part in PARTS}

    def convolved(values: Tensor, part: str, name: str, stride: int = 1, groups: int = 1) -> Tensor:
        kernel, bias = (tensors[part][f"{name}.conv_layer.{kind}"] for kind in ("weight", "bias"))
        margin = kernel.shape[-1] // 2
        padded = functional.pad(values, (margin,) * 4, mode="reflect") if margin else values
        return functional.conv2d(padded, kernel, bias, stride=stride, groups=groups)

    def encoded(images: Tensor, part: str) -> tuple[Tensor, Tensor]:
        values = images
        for name, stride, groups in (("0", 1, 1), ("2", 2, 16), ("4", 1, 1), ("6", 2, 32), ("8", 1, 1)):
            values = convolved(values, part, f"enc1.{name}", stride, groups).relu()
        fine = values + convolved(convolved(values, part, "enc1.10.conv1").relu(), part, "enc1.10.conv2")
        return fine, fine + convolved(convolved(fine, part, "enc2.0.conv1").relu(), part, "enc2.0.conv2")

    def exchanged(values: Tensor, painting: Tensor) -> Tensor:
        (own, own_spread), (mean, spread) = (
            (one.mean((2, 3), keepdim=True), (one.var((2, 3), keepdim=True) + 1e-5).sqrt())
            for one in (values, painting)
        )
        return amount * ((values - own) / own_spread * spread + mean) + (1 - amount) * values

    def modulated(values: Tensor, level: str, painting: Tensor) -> Tensor:
        weight, bias = (
            convolved(painting, "modulator", f"{kind}{level}.0", groups=64).mean((2, 3), keepdim=True)
            for kind in ("weight", "bias")
        )
        block = {"2": "dec1", "1": "dec2"}[level]
        inner = (weight * convolved(values, "decoder", f"{block}.conv1") + bias * values).relu()
        return values + weight * convolved(inner, "decoder", f"{block}.conv2") + bias * inner

    fine, coarse = encoded(style, "style_encoder")
    values = exchanged(encoded(content, "content_encoder")[1], coarse)
    values = modulated(exchanged(modulated(values, "2", coarse), fine), "1", fine)
    for first, second, groups in (("1", "3", 32), ("6", "8", 16)):
        values = functional.interpolate(values, scale_factor=2, mode="bilinear", align_corners=False)
        values = convolved(values, "decoder", f"dec3.{first}", groups=groups).relu()
        values = convolved(values, "decoder", f"dec3.{second}").relu()
    return convolved(values, "decoder", "dec3.10")


def test_weights_that_are_not_the_four_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"0 files content_encoder\*.safetensors instead of one"):
        generator(tmp_path)
    for part in PARTS:
        save_file({"enc1.0.conv_layer.weight": torch.zeros(16, 3, 7, 7)}, tmp_path / f"{part}.safetensors")
    with pytest.raises(UsageError, match="does not fit the network"):
        generator(tmp_path)


def test_shown_two_paintings_it_paints_in_two_ways(train: Callable[..., Run]) -> None:
    gan = ganzoo.load(train("microast").folder)
    photo = Image.effect_noise((32, 32), 40).convert("RGB")
    red, navy = (Image.blend(photo, Image.new("RGB", (32, 32), color), 0.5) for color in ("red", "navy"))
    assert gan.stylize(photo, style=red).tobytes() != gan.stylize(photo, style=navy).tobytes()
    assert gan.stylize(photo, style=red, strength=0.0).tobytes() == photo.tobytes()


def test_without_an_adversarial_weight_no_critic_is_trained() -> None:
    built = build_gan(configure_run("microast", CATALOG, tiny=True, options={"adversarial": 0}), {})
    assert [step.name for step in built.steps()] == ["generator"]
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    [step] = built.steps()
    assert set(step.loss(Batch(images, torch.Generator(), source=images))) == {"content", "style", "contrast"}


def test_contrast_is_the_distance_to_ones_own_painting_over_the_mean_of_all() -> None:
    wanted = torch.tensor([[[0.0]], [[2.0]], [[4.0]]])
    found = torch.tensor([[[1.0]], [[2.0]], [[2.0]]])
    batch = Batch(torch.zeros(3, 3, 1, 1), torch.Generator())
    expected = torch.tensor([1 / (11 / 3), 0 / (8 / 3), 4 / (8 / 3)]).mean()
    assert torch.allclose(contrast(found, wanted, batch), expected, atol=1e-5)


def test_the_distance_of_styles_knows_no_places_and_no_scale_of_an_encoder() -> None:
    maps, painting = torch.randn(2, 4, 8, 8), 3 + torch.randn(2, 4, 8, 8)
    assert float(style_distance(painting.flip(3), painting)) < 1e-10
    one, other = (float(style_distance(scale * maps, scale * painting)) for scale in (1, 10))
    assert abs(one - other) < 1e-3 and one > 0.3
