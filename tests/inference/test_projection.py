"""A photo's latent, and style vectors that are truncated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ganzoo
from ganzoo.cli import run_command
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.encoders import Encoder
from ganzoo.errors import UsageError
from ganzoo.inference.loaded import LoadedGAN
from ganzoo.inference.projection import project
from ganzoo.scoring.build import build_encoder

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("sngan", "dcgan")]


@pytest.fixture(scope="module", params=["stylegan2-lite", *SLOW])
def loaded(request, tmp_path_factory) -> LoadedGAN:
    out = tmp_path_factory.mktemp("projection") / "run"
    return ganzoo.load(ganzoo.run(request.param, tiny=True, out=out, budget="20steps", device="cpu").folder)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return build_encoder(configure_run("dcgan", open_catalog(third_party=False), tiny=True))


def test_a_picture_of_the_model_is_found_again(loaded, encoder):
    wanted = loaded.to_pil(loaded.sample(3, seed=99))[2]
    found = project(loaded, wanted, encoder, steps=60, neighbours=4)
    assert found.after < 0.9 * found.before
    assert found.pictures().shape == (6, 3, 16, 16)
    own = torch.from_numpy(np.array(wanted)).permute(2, 0, 1).float() / 127.5 - 1
    torch.testing.assert_close(found.photo[0], own)
    near = (found.neighbours - found.picture).abs().mean()
    assert 0 < near < (loaded.sample(16) - found.picture).abs().mean()
    again = project(loaded, wanted, encoder, steps=60, neighbours=4)
    torch.testing.assert_close(found.picture, again.picture)


def test_truncation_draws_nearer_to_the_mean(loaded):
    if not loaded.gan.generator.styled:
        with pytest.raises(UsageError, match="style vectors"):
            loaded.truncate(0.5)
        return
    spread = []
    for strength in (1.0, 0.5, 0.0):
        loaded.truncate(strength)
        spread.append(float(loaded.sample(16).std(0).mean()))
    loaded.truncate(1.0)
    assert spread[0] > spread[1] > spread[2] == pytest.approx(0, abs=1e-6)


def test_a_translator_has_no_latents(tmp_path, encoder):
    run = ganzoo.run("adain", tiny=True, out=tmp_path / "run", budget="2steps", device="cpu")
    with pytest.raises(UsageError, match="draw from noise"):
        project(ganzoo.load(run.folder), Image.new("RGB", (8, 8)), encoder)


def test_the_command_writes_the_photo_and_what_is_near(tmp_path: Path, capsys):
    ganzoo.run("dcgan", tiny=True, out=tmp_path / "run", budget="2steps", device="cpu")
    Image.new("RGB", (40, 30), "navy").save(tmp_path / "sea.png")

    def command(photo: str, *arguments: str) -> int:
        capsys.readouterr()
        return run_command(["project", str(tmp_path / "run"), str(tmp_path / photo), *arguments])

    assert command("sea.png", "--steps", "3", "--neighbours", "2") == 0
    assert "distance" in capsys.readouterr().out
    with Image.open(tmp_path / "run" / "project-sea.png") as picture:
        assert picture.width > 4 * 16
    for out in ("x.foo", "nowhere/x.png"):
        assert command("sea.png", "--out", out) == 2
        assert out in capsys.readouterr().err
    assert command("lake.png") == 3
    assert "lake.png" in capsys.readouterr().err
