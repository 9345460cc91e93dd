"""The generator that paints a photo from frozen pretrained features, and the decoder that it shares with adain."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from ganzoo_plugins.adain.decoder import check_stages, decoded, decoder
from PIL import Image
from torch import nn

import ganzoo
from ganzoo.batch import Batch
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import UsageError
from ganzoo.runs.folder import Run
from ganzoo.stylize.statistics import norms_in
from ganzoo.translator import Translator
from tests.built_in import CATALOG

OPTIONS = {"generator": "feature-painter", "generator.stages": 2, "generator.width": 4}


def painter(model: str = "fastcut", **options: object) -> Translator:
    configuration = configure_run(model, CATALOG, tiny=True, options={**OPTIONS, **options})
    gan = build_gan(configuration, {}).eval()
    assert isinstance(gan, Translator)
    return gan


def bold(gan: Translator) -> Translator:
    """With a last layer whose changes show, as after a training."""
    torch.manual_seed(0)
    nn.init.normal_(gan.generator.end.weight, 0.0, 0.3)
    return gan


def test_it_starts_with_the_photo_and_trains_only_its_decoder() -> None:
    gan = painter()
    photo = torch.rand(2, 3, 16, 24) * 2 - 1
    with torch.no_grad():
        assert float((gan.translate(photo) - photo).abs().max()) < 0.05
    trained = {name.split(".")[0] for name, value in gan.generator.named_parameters() if value.requires_grad}
    assert trained == {"decoder", "end"}


@pytest.mark.parametrize("model", ["fastcut", "adain"])
def test_a_softened_photo_has_shapes_but_no_texture_at_first(model: str) -> None:
    """What is fine must be painted: the network's own output is all that is fine in the painting."""
    chosen = {} if model == "fastcut" else {"generator": "adain"}
    gan = painter(model, **chosen, **{"generator.soften": 3})
    shapes = torch.linspace(-0.5, 0.5, 64).expand(1, 3, 64, 64)
    texture = torch.rand(1, 3, 64, 64) - 0.5
    with torch.no_grad():
        painted = gan.translate(shapes + texture)[..., 8:-8]
    assert gan.size_multiple == 8
    assert float((painted - shapes[..., 8:-8]).abs().mean()) < 0.05 < float(texture.abs().mean()) / 4


def test_little_strength_softens_little() -> None:
    gan = painter("adain", generator="adain", **{"generator.soften": 2})
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        none, half, whole = (gan.translate(photo, strength=torch.tensor([part])) for part in (0.0, 0.5, 1.0))
    torch.testing.assert_close(none, photo)
    torch.testing.assert_close(half, (photo + whole) / 2, atol=0.01, rtol=0)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_its_maps_are_the_pixels_and_each_stage(stages: int) -> None:
    gan = painter(**{"generator.stages": stages})
    photo = torch.rand(1, 3, 32, 48) * 2 - 1
    maps = gan.generator.maps(photo)
    assert torch.equal(maps[0], photo) and gan.size_multiple == 1 << stages
    assert [one.shape[2:] for one in maps] == [(32 >> stage, 48 >> stage) for stage in range(stages + 1)]
    assert [one.shape[1] for one in maps[1:]] == list(gan.generator.encoder.channels[:stages])


@pytest.mark.parametrize("model", ["cut", "fastcut"])
def test_the_contrast_of_cut_takes_its_maps(model: str) -> None:
    gan = painter(model).train()
    rng = torch.Generator().manual_seed(0)
    photo, painting = (torch.rand(2, 3, 16, 16, generator=rng) * 2 - 1 for _ in range(2))
    terms = gan.generator_loss(Batch(painting, rng, source=photo, progress=0.5, number=0))
    sum(terms.values()).backward()
    assert all(value.grad is not None for value in gan.generator.decoder.parameters())


def test_a_tile_is_painted_as_the_same_part_of_the_whole() -> None:
    gan = bold(painter())
    assert not norms_in(gan.generator)
    photo = torch.rand(1, 3, 128, 160) * 2 - 1
    with torch.no_grad():
        whole, tile = gan.translate(photo), gan.translate(photo[:, :, 16:112, 32:144])
    assert float((whole - photo).abs().mean()) > 0.01
    torch.testing.assert_close(tile[:, :, 32:64, 32:80], whole[:, :, 48:80, 64:112], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("strides", "problem"),
    [
        ((2, 4), r"generator\.stages=3: encoder 'other' has 2"),
        ((4, 8, 16), "encoder 'other' has stages at 1/4, 1/8, 1/16 of the size"),
    ],
)
def test_an_encoder_whose_stages_do_not_fit_is_refused(strides: tuple[int, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        check_stages(SimpleNamespace(name="other", strides=strides), 3)


def test_it_trains_with_an_ensemble_and_paints(train: Callable[..., Run]) -> None:
    run = train("fastcut", budget="2steps", discriminator="ensemble", loss="hinge", **OPTIONS)
    photo = Image.effect_noise((37, 50), 40).convert("RGB")
    assert ganzoo.load(run.folder).stylize(photo).size == (37, 50)


@pytest.mark.parametrize(("up", "values"), [("nearest", [0, 0, 1, 1]), ("blur", [0, 0.25, 0.75, 1])])
def test_maps_are_enlarged_by_copies_or_by_a_blur(up: str, values: list[float]) -> None:
    levels = decoder((3, 5), 2, skips=True, up=up)
    found = [layer for layer in levels.modules() if isinstance(layer, nn.Upsample)]
    assert len(found) == 2
    for layer in found:
        assert layer(torch.tensor([0.0, 1.0]).view(1, 1, 1, 2))[0, 0, 0].tolist() == values
    assert decoded(levels, [torch.rand(1, 3, 8, 8), torch.rand(1, 5, 4, 4)], skips=True).shape == (1, 2, 16, 16)


def test_the_weights_of_adain_do_not_depend_on_how_maps_are_enlarged() -> None:
    one, other = (
        build_gan(configure_run("adain", CATALOG, tiny=True, options={"generator.up": up}), {})
        for up in ("nearest", "blur")
    )
    other.load_state_dict(one.state_dict())
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        assert not torch.equal(bold(one).eval().translate(photo), bold(other).eval().translate(photo))
