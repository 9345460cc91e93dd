"""Checkpoints of other repositories, imported by the command: what they paint is what their own layers paint."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

import ganzoo
from ganzoo.cli import run_command
from ganzoo.errors import UsageError
from ganzoo.translator import Translator
from ganzoo.weights.foreign import import_weights
from tests.zoo import published
from tests.zoo.test_microast import PUBLISHED, plain_forward

CLOSE = 1e-5
"""The largest difference of values in [-1, 1], computed as float32 in another order."""


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads pickles in this process: these are our own, and a process of its own takes seconds. One test has that."""
    from safetensors.torch import save_file

    from ganzoo.weights import foreign, restricted

    def convert(file: Path, draft: Path, key: str) -> None:
        tensors = restricted.chosen(restricted.load(str(file)), key)
        save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, draft)

    monkeypatch.setattr(foreign, "_convert", convert)


Imports = Callable[..., ganzoo.LoadedGAN]


@pytest.fixture
def imported(tmp_path: Path) -> Imports:
    """Saves state dictionaries by file name, imports them by the command, and loads the run folder."""

    def load(files: Mapping[str, Mapping[str, Tensor]], *options: str) -> ganzoo.LoadedGAN:
        for name, tensors in files.items():
            torch.save(dict(tensors), tmp_path / name)
        out = tmp_path / "imported"
        given = [*(str(tmp_path / name) for name in files), "--out", str(out), *options]
        assert run_command(["import-weights", *given]) == 0
        return ganzoo.load(out, device="cpu")

    return load


def photo(height: int = 24, width: int = 32, seed: int = 5) -> Tensor:
    """Smooth colours with noise on top, in [-1, 1]."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 4, 4, generator=rng)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    return (1.6 * smooth - 0.8 + 0.2 * torch.randn(1, 3, height, width, generator=rng)).clamp(-1, 1)


@torch.no_grad()
def painted(gan: ganzoo.LoadedGAN, images: Tensor, **options: Tensor) -> Tensor:
    assert isinstance(gan, ganzoo.LoadedTranslator) and isinstance(gan.gan, Translator)
    return gan.gan.translate(images, **options)


@pytest.mark.parametrize(
    ("model", "build"),
    [
        ("cyclegan", {"blocks": 9}),
        ("cyclegan", {"blocks": 6, "dropout": True}),
        ("cyclegan", {"norm": "batch"}),
        ("cyclegan", {"norm": "batch", "dropout": True, "blocks": 9}),
        ("cyclegan", {"up": "bilinear"}),
        ("cyclegan", {"up": "zeros", "norm": "batch"}),
        ("cut", {"down": "blur", "up": "blur", "blocks": 9}),
        ("cut", {"down": "blur", "up": "blur", "norm": "batch", "dropout": True}),
        ("cut", {"down": "blur", "up": "deconv"}),
    ],
    ids=str,
)
def test_resnets_of_cyclegan_and_cut(imported: Imports, model: str, build: dict[str, object]) -> None:
    network = published.randomised(published.ResnetGenerator(**build))  # type: ignore[arg-type]  # by name
    gan = imported({"latest_net_G.pth": network.state_dict()})
    assert type(gan.gan).__name__.lower() == model
    assert (painted(gan, photo()) - network(photo())).abs().max() < CLOSE


def test_what_tensors_do_not_tell_is_an_option(imported: Imports, capsys: pytest.CaptureFixture[str]) -> None:
    network = published.randomised(published.ResnetGenerator(up="nearest"))
    gan = imported({"net_G.pth": network.state_dict()}, "--set", "generator.up=resize")
    assert "--set generator.up=resize is for nearest" in " ".join(capsys.readouterr().out.split())
    assert (painted(gan, photo()) - network(photo())).abs().max() < CLOSE


def test_names_of_parallel_training_and_statistics_of_old_instance_norms(imported: Imports) -> None:
    network = published.randomised(published.ResnetGenerator())
    tensors = {f"module.{name}": one for name, one in network.state_dict().items()}
    tensors |= {f"module.model.{place}.running_mean": torch.ones(4) for place in (2, 5)}
    gan = imported({"net_G.pth": tensors})
    assert (painted(gan, photo()) - network(photo())).abs().max() < CLOSE


@pytest.mark.parametrize("old", [False, True])
def test_fast_neural_style_takes_pixels_up_to_255(imported: Imports, old: bool) -> None:
    network = published.randomised(published.TransformerNet())
    tensors = dict(network.state_dict())
    with torch.no_grad():
        tensors["deconv3.conv2d.weight"].mul_(40)
        tensors["deconv3.conv2d.bias"].add_(100)
    if old:
        tensors |= {f"in{n}.running_{kind}": torch.ones(4) for n in range(1, 6) for kind in ("mean", "var")}
    gan = imported({"mosaic.pth": tensors})

    def scaled(images: Tensor) -> Tensor:
        return (network(127.5 * (images + 1)) / 127.5 - 1).clamp(-1, 1)

    assert scaled(photo()).std() > 0.1
    assert (painted(gan, photo()) - scaled(photo())).abs().max() < CLOSE


@pytest.mark.parametrize(
    "build", [{"halvings": 5}, {"halvings": 6, "dropout": True}, {"halvings": 5, "norm": "instance"}]
)
def test_unets_of_pix2pix(imported: Imports, build: dict[str, object]) -> None:
    network = published.randomised(published.UnetGenerator(**build))  # type: ignore[arg-type]  # by name
    gan = imported({"latest_net_G.pth": network.state_dict()})
    images = photo(64, 64)
    assert (painted(gan, images) - network(images.clone())).abs().max() < CLOSE


def test_dcgan_draws_the_same_from_the_same_latents(imported: Imports) -> None:
    network = published.randomised(published.ExampleGenerator())
    gan = imported({"netG_epoch_24.pth": network.state_dict()})
    latent = torch.randn(3, 10, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        drawn = gan.gan.averaged(latent)
        assert (drawn - network(latent[:, :, None, None])).abs().max() < CLOSE
    assert gan.sample(2).shape == (2, 3, 64, 64)


def test_adain_needs_the_vgg_of_its_decoder(imported: Imports, capsys: pytest.CaptureFixture[str]) -> None:
    vgg, decoder = (published.randomised(one, 3) for one in (published.adain_vgg(), published.adain_decoder()))
    with torch.no_grad():
        decoder[-1].bias.add_(0.5)  # type: ignore[operator]  # it is a tensor
        decoder[-1].weight.mul_(0.2)  # type: ignore[operator]  # it is a tensor
    with pytest.raises(AssertionError):
        imported({"decoder.pth": decoder.state_dict()})
    assert "needs all of its files together: vgg" in " ".join(capsys.readouterr().out.split())
    gan = imported({"decoder.pth": decoder.state_dict(), "vgg_normalised.pth": vgg.state_dict()})
    images, style = photo(), photo(40, 24, seed=6)
    assert isinstance(gan.gan, Translator)
    with torch.no_grad():
        code = gan.gan.style_of(style)
        for alpha in (1.0, 0.5):
            expected = published.adain(vgg, decoder, (images + 1) / 2, (style + 1) / 2, alpha).clamp(0, 1)
            assert expected.std() > 0.02
            drawn = painted(gan, images, style=code, strength=torch.tensor([alpha]))
            assert (drawn - (2 * expected - 1)).abs().max() < CLOSE
    assert isinstance(gan, ganzoo.LoadedTranslator)
    with pytest.raises(UsageError, match="knows none: give it one"):
        gan.stylizer()


def test_microast_s_real_files_give_the_published_picture(tmp_path: Path) -> None:
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published weights are not here: {PUBLISHED}")
    files = sorted(map(str, PUBLISHED.glob("*.tar")))
    assert run_command(["import-weights", *files, "--out", str(tmp_path / "run")]) == 0
    gan = ganzoo.load(tmp_path / "run", device="cpu")
    oracle = load_file(PUBLISHED / "oracle.safetensors")
    for file in PUBLISHED.glob("*.tar"):
        import_weights(file, tmp_path / f"{file.stem}.safetensors")
    assert isinstance(gan.gan, Translator)
    with torch.no_grad():
        code = gan.gan.style_of(2 * oracle["style"] - 1)
        drawn = (painted(gan, 2 * oracle["content"] - 1, style=code, strength=torch.ones(1)) + 1) / 2
    by_hand = plain_forward(tmp_path, oracle["content"], oracle["style"], 1.0).clamp(0, 1)
    assert (drawn - by_hand).abs().max() < CLOSE
    assert (drawn - oracle["output"].clamp(0, 1)).abs().max() < CLOSE


def test_what_is_not_recognised_is_listed_and_converted(
    imported: Imports, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tensors = dict(published.ResnetGenerator().state_dict())
    del tensors["model.7.weight"]
    torch.save(tensors, "odd.pth")
    assert run_command(["import-weights", "odd.pth"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "not recognised" in told and "model.1.weight 4x3x7x7" in told and "… 19 more" in told
    assert "nearest: ResNet generator of CycleGAN" in told and "model.7.weight missing" in told
    assert load_file("odd.safetensors").keys() == tensors.keys() and "sha256" in told
    assert run_command(["import-weights", "odd.pth", "--out", "run"]) == 2
    assert not Path("run").exists()


def test_plain_conversion_stays_for_what_is_recognised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "net_G.pth", tmp_path / "plain.safetensors"
    torch.save(dict(published.ResnetGenerator().state_dict()), file)
    for way in ([str(out)], ["--out", str(out), "--overwrite"], ["--plain", "--out", str(out), "--overwrite"]):
        assert run_command(["import-weights", str(file), *way]) == 0
        assert " ".join(capsys.readouterr().out.split()).startswith(f"{out}, 36 tensors size ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.1.weight": torch.ones(4, 1, 7, 7)}, "it turns 1 channels into 3"),
        ({"model.10.conv_block.5.weight": torch.ones(16, 16, 5, 5)}, "blocks.0.layers.1.weight is"),
        ({"model.26.weight": torch.ones(3, 4, 7, 7)}, "7 convolutions outside"),
        ({"model.1.weight": torch.full((4, 3, 7, 7), torch.nan)}, "not finite"),
        ({"model.4.weight": torch.ones(3)}, "5 convolutions outside"),
    ],
)
def test_tensors_that_do_not_fit_are_refused_in_one_line(
    tmp_path: Path, change: Mapping[str, Tensor], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({**published.ResnetGenerator().state_dict(), **change}, tmp_path / "net_G.pth")
    assert run_command(["import-weights", str(tmp_path / "net_G.pth"), "--out", str(tmp_path / "run")]) == 2
    assert message in " ".join(capsys.readouterr().err.split()) and not (tmp_path / "run").exists()


def test_an_imported_run_says_what_it_is_and_what_it_lacks(
    imported: Imports, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported({"net_G.pth": published.randomised(published.ResnetGenerator()).state_dict()})
    run = str(tmp_path / "imported")
    written = json.loads((tmp_path / "imported/run.json").read_text())
    content = (tmp_path / "net_G.pth").read_bytes()
    assert written["imported"]["files"] == [
        {"name": "net_G.pth", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    ]
    assert written["data"]["images"] == 0 and written["data"]["fingerprint"] == ""
    Image.fromarray(np.full((40, 60, 3), 120, dtype=np.uint8)).save(tmp_path / "photo.png")
    assert run_command(["stylize", run, str(tmp_path / "photo.png"), "--out", str(tmp_path / "painted")]) == 0
    with Image.open(tmp_path / "painted/photo.png") as picture:
        assert picture.size == (60, 40)
    capsys.readouterr()
    for arguments, message in (
        (["evaluate", run], "has no data of its own: give --data and --style"),
        (["sample", run], "has no data of its own: give --data"),
        (["run", "--resume", run], "was imported, not trained"),
        (["reproduce", run], "was imported, not trained"),
        (["distil", run], "has no data of its own: give --data"),
    ):
        assert run_command(arguments) == 2, arguments
        assert message in " ".join(capsys.readouterr().err.split())
