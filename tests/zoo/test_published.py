"""Checkpoints of other repositories, imported by the command: what they paint is what their own layers paint."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

import ganzoo
from ganzoo.cli import run_command
from ganzoo.translator import Translator
from tests.zoo import published

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
