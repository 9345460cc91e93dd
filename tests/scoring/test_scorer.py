"""What the scorer answers for images that are good or bad in known ways, and what it keeps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from ganzoo import Options, PartSpec, part
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.catalog.registry import Registry
from ganzoo.config.configuration import resolve_part
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.split import split
from ganzoo.encoders import encode
from ganzoo.errors import DataError, PluginError
from ganzoo.metrics import FeatureSets, Metric
from ganzoo.options import PartChoice
from ganzoo.parts import Parts
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.protocol import Protocol
from ganzoo.scoring.build import build_metric
from ganzoo.scoring.scorer import SEED, Scorer
from ganzoo.specs import load_target
from tests.scoring import small

COUNT, SHARE, FAKES = 360, 0.3, 100


@pytest.fixture(scope="module")
def scenes(catalog):
    """A real scorer: lite0 on scenes of 64 pixels."""
    part = resolve_part(catalog, "dataset", "scenes", {"count": COUNT})
    images = prepare(load_target(part.spec.target)(part.options), Size(64, 64))
    spec = catalog.part("encoder", "lite0").spec
    encoder = load_target(spec.target)(spec.options())
    built = small.scorer(images, encoder, share=SHARE, n_fake=FAKES)
    return built, images


@pytest.fixture(scope="module")
def seen(scenes):
    """Scores of other real images, and of the same made worse in one way each."""
    built, images = scenes
    others = images.pixels[split(COUNT, SHARE).train[-FAKES:]]
    noise = np.random.default_rng(0).normal(0, 25, others.shape)
    blurred = torch.nn.functional.avg_pool2d(torch.tensor(others).permute(0, 3, 1, 2).float(), 5, 1, 2)
    features = built._encode(others)
    centre = features.mean(0)

    def score(pixels):
        return built.score(pixels, step=1, weights="ema")

    return {
        "real": score(others),
        "blur": score(blurred.round().byte().permute(0, 2, 3, 1).numpy()),
        "noise": score(np.clip(others + noise, 0, 255).astype(np.uint8)),
        "less spread": built.score_features(centre + 0.8 * (features - centre), step=1, weights="ema"),
        "alike": score(others[:1].repeat(FAKES, 0)),
    }


def test_other_real_images_are_at_the_floor(scenes, seen):
    built, _ = scenes
    assert abs(built.floor.value) < 0.03 and built.floor.low < 0 < built.floor.high
    assert seen["real"].score.overlaps(built.floor)
    assert seen["real"].others["spread"] == pytest.approx(1, abs=0.15)


def test_the_ceiling_is_far_away(scenes, seen):
    assert scenes[0].ceiling > 10 * max(abs(scenes[0].floor.high), seen["real"].score.high)


@pytest.mark.parametrize("fault", ["blur", "noise", "alike"])
def test_the_score_rises_with(seen, fault):
    assert seen[fault].score.low > seen["real"].score.high


@pytest.mark.parametrize("fault", ["blur", "noise"])
def test_precision_falls_with(seen, fault):
    assert seen[fault].others["precision"] < seen["real"].others["precision"] - 0.1


def test_less_spread_shows(seen):
    assert seen["less spread"].others["spread"] == pytest.approx(0.8 * seen["real"].others["spread"], rel=0.01)
    assert seen["less spread"].score.value > seen["real"].score.value
    assert seen["less spread"].others["recall"] < seen["real"].others["recall"]


def test_samples_all_alike_show(seen):
    assert seen["alike"].others["spread"] < 0.01 and seen["alike"].others["recall"] < 0.1


def test_copies_show_only_in_copies(scenes):
    built, images = scenes
    half = split(COUNT, SHARE)
    copied = images.pixels[half.train[: FAKES // 2]]
    fakes = np.concatenate([copied, images.pixels[half.held_out[: FAKES // 2]]])
    found = built.score(fakes, step=1, weights="ema")
    assert found.others["copies"] == pytest.approx(0.5, abs=0.1) and found.others["copies expected"] == 0.01
    assert found.score.overlaps(built.floor)


def test_a_frechet_distance_of_few_images_is_marked(seen):
    assert "frechet (not rankable)" in seen["real"].others and "frechet" not in seen["real"].others
    enough = small.scorer(small.images(400)).score(small.pixels(60, 1), step=1, weights="ema")
    assert "frechet" in enough.others


def test_an_evaluation_survives_json(seen):
    assert Evaluation.from_dict(seen["real"].to_dict()) == seen["real"]


def test_protocols_differ_in_what_was_changed():
    base = small.scorer().protocol
    assert base.differences(small.scorer().protocol) == {}
    assert small.scorer(n_fake=70).protocol.differences(base) == {"n_fake": (70, 60)}
    assert set(small.scorer(share=0.5).protocol.differences(base)) == {"held_out", "n_real"}
    assert set(small.scorer(small.images(seed=1)).protocol.differences(base)) == {"data"}
    assert set(replace(base, encoder="f", quantisation="cut").differences(base)) == {"encoder", "quantisation"}
    assert Protocol.from_dict(base.to_dict()) == base
    with pytest.raises(TypeError):
        Protocol.from_dict({**base.to_dict(), "unknown": 1})


def recorder(labels, noise):
    def draw(batch):
        labels.append(batch.label)
        noise.append(batch.noise(3))
        return torch.zeros(len(batch), 3, *batch.target.shape[2:])

    return draw


def labelled(values=4):
    attributes = {"kind": tuple(map(str, range(values)))}
    labels = np.random.default_rng(5).integers(0, values, (200, 1))
    return small.images(labels=labels, attributes=attributes)


def test_a_conditional_model_draws_the_labels_of_the_held_out_images():
    given, labels, noise = labelled(), [], []
    built = small.scorer(given, n_fake=70)
    drawn = built.draw(recorder(labels, noise))
    held_out = split(200, 0.25).held_out
    expected = given.labels[np.concatenate([held_out, held_out[:20]])]
    assert torch.equal(torch.cat(labels), torch.from_numpy(expected))
    assert drawn.shape == (70, 8, 8, 3) and drawn.dtype == np.uint8 and set(drawn.flat) == {128}


def test_a_model_with_other_labels_draws_its_own_and_one_without_none():
    built, labels = small.scorer(labelled()), []
    built.draw(recorder(labels, []), {"season": ("a", "b")})
    assert torch.cat(labels).flatten().tolist() == [0, 1] * 30
    labels.clear()
    built.draw(recorder(labels, []), {})
    assert labels == [None]


def test_every_model_is_given_the_same_noise_whatever_the_global_state():
    first, second = [], []
    built = small.scorer()
    built.draw(recorder([], first))
    torch.rand(3)
    built.draw(recorder([], second))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[0], torch.randn(60, 3, generator=torch.Generator().manual_seed(SEED)))


def feature_files(folder):
    return sorted((folder / "features").iterdir())


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    return tmp_path


def test_features_of_real_images_are_computed_once(cache):
    first, second = small.Thumbnail(), small.Thumbnail()
    one, again = small.scorer(encoder=first), small.scorer(encoder=second)
    assert torch.equal(one.real, again.real) and torch.equal(one.training, again.training)
    assert len(feature_files(cache)) == 2 and all(file.suffix == ".npy" for file in feature_files(cache))
    assert first.seen > 200 and second.seen < 100  # the second saw the noise of the ceiling only


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "nan", "pickle"])
def test_a_damaged_file_is_made_anew(cache, damage):
    whole = small.scorer()
    for file in feature_files(cache):
        content, shape = file.read_bytes(), np.load(file).shape
        match damage:
            case "cut":
                file.write_bytes(content[: len(content) // 2])
            case "empty":
                file.write_bytes(b"")
            case "other":
                np.save(file, np.zeros((3, 48), np.float32))
            case "nan":
                np.save(file, np.full(shape, np.nan, np.float32))
            case "pickle":
                np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    again = small.scorer()
    assert torch.equal(whole.real, again.real) and torch.equal(whole.training, again.training)
    assert np.array_equal(np.load(feature_files(cache)[0]).shape[1], 48)


def test_a_cache_that_can_not_be_written_does_no_harm(cache, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", "/dev/null/nowhere")
    assert small.scorer().real.shape == (50, 48)


def test_training_images_for_the_floor_come_from_everywhere():
    """The first ones by name may all be of one folder."""
    given = small.images(400)
    dark = given.pixels.copy()
    order = split(400, 0.25).train
    dark[order[: len(order) // 2]] //= 2
    dark[split(400, 0.25).held_out[::2]] //= 2
    built = small.scorer(replace(given, pixels=dark, fingerprint="half dark"))
    assert built.floor.low < 0 < built.floor.high


def test_nothing_held_out_is_an_error():
    with pytest.raises(DataError, match=r"40 images with held_out=0\.25 leave too few.* --set held_out=0\.4 or"):
        small.scorer(small.images(40))


def test_nothing_left_beside_those_held_out_is_an_error():
    with pytest.raises(DataError, match="leave 1 to compare"):
        small.scorer(small.images(20), share=0.99)


class Odd(Metric):
    """Answers with whatever it is given."""

    def __init__(self, answer):
        self.answer = answer

    def compute(self, features):
        features.real.zero_()
        torch.rand(1)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (ValueError("no\nidea"), "ValueError: no idea"),
        (SystemExit(3), "SystemExit: 3"),
        ({"x": float("nan")}, "'x' is nan"),
        ({"recall": 1.0}, "'recall' is the name of another metric's value"),
        (None, "AttributeError"),
    ],
)
def test_a_metric_that_fails_is_told_once_and_harms_nothing(answer, told):
    plain = small.scorer().score(small.pixels(60, 1), step=1, weights="live")
    warned = []
    built = small.scorer(
        chosen={**small.metrics("neighbours"), "odd": Odd(answer), **small.metrics("spread")}, warned=warned
    )
    state = torch.random.get_rng_state()
    found = [built.score(small.pixels(60, 1), step=step, weights="live") for step in (1, 2)]
    assert torch.equal(state, torch.random.get_rng_state())
    assert len(warned) == 1 and "metric 'odd' failed" in warned[0] and told in warned[0] and "\n" not in warned[0]
    assert found[0].score == plain.score == found[1].score
    kept = {name: value for name, value in plain.others.items() if "copies" not in name and "frechet" not in name}
    assert dict(found[0].others) == kept and len(kept) == 6


def test_a_metric_of_ones_own_is_a_value_like_any_other():
    built = small.scorer(chosen={"odd": Odd({"x": 2})})
    assert built.score(small.pixels(60, 1), step=1, weights="live").others == {"x": 2.0}


class Brightness(Metric):
    """Of the images themselves, and of what an encoder of its own sees."""

    meanings: ClassVar[Mapping[str, str]] = {"brighter": "than real ones", "seen": "by its encoder"}
    needs_pixels = True

    def __init__(self, options: Options, parts: Parts) -> None:
        self.encoder = parts.build("encoder")

    def compute(self, features: FeatureSets) -> Mapping[str, float]:
        real, fake = features.real_pixels, features.fake_pixels
        assert real is not None and fake is not None and real.shape[1:] == fake.shape[1:] == (3, 8, 8)
        seen = encode(self.encoder, fake[:2].permute(0, 2, 3, 1).numpy(), device=torch.device("cpu"))
        return {"brighter": float(fake.float().mean() - real.float().mean()), "seen": float(seen.shape[1])}


class BrightnessOptions(Options):
    encoder: PartChoice = part("encoder", "lite0", "what it looks with", size=32)


def test_a_metric_gets_the_images_and_an_encoder_of_its_own(catalog):
    spec = PartSpec(
        kind="metric",
        name="brightness",
        target="tests.scoring.test_scorer:Brightness",
        options=BrightnessOptions,
        summary="s",
    )
    plugin = Plugin(name="mine", distribution="mine", version="1", parts=(spec,))
    found = resolve_part(Catalog([*catalog.plugins, plugin], Registry()), "metric", "brightness", {})
    assert found.inner["encoder"].options.model_dump()["size"] == 32
    warned = []
    built = small.scorer(chosen={"brightness": build_metric(found)}, warned=warned)
    values = built.score(small.pixels(60, 1), step=1, weights="live").others
    assert not warned
    real = built._images.rows(built._held_out)
    assert values["brighter"] == pytest.approx(small.pixels(60, 1).mean() - real.mean(), abs=1e-3)
    assert values["seen"] > 100
    built.score_features(built.real, step=1, weights="live")
    assert "metric 'brightness' failed" in warned[0] and "there are only features" in warned[0]


def test_what_is_no_metric_is_refused(catalog):
    part = resolve_part(catalog, "metric", "spread", {})
    with pytest.raises(PluginError, match=r"does not give a ganzoo\.metrics\.Metric"):
        odd = replace(part.registered, spec=replace(part.spec, target="builtins:repr"))
        build_metric(replace(part, registered=odd))


def test_every_value_has_a_meaning(seen):
    built: Scorer = small.scorer()
    assert set(seen["real"].others) <= set(built.meanings)
