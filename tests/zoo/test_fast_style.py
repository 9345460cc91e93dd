"""fast-style: one painting is enough, its losses are relative, and nothing but the painter is trained."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ganzoo_plugins.fast_style.model import relative
from PIL import Image

import ganzoo
from ganzoo.batch import Batch
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import DataError
from ganzoo.losses import gram
from ganzoo.runs.folder import Run
from tests.built_in import CATALOG

Train = Callable[..., Run]


def painting(file: Path) -> Path:
    Image.effect_noise((48, 40), 60).convert("RGB").save(file)
    return file


def test_the_file_of_one_painting_is_enough_and_paints_after_its_folder_is_gone(train: Train, tmp_path: Path) -> None:
    file = painting(tmp_path / "one.png")
    run = train("fast-style", style=file, budget="3steps")
    file.unlink()
    photo = Image.effect_noise((37, 50), 40).convert("RGB")
    painted = ganzoo.load(run.folder).stylize(photo)
    assert painted.size == (37, 50) and painted.tobytes() != photo.tobytes()


@pytest.mark.parametrize(("name", "message"), [("notes.txt", "is no picture"), ("all.zip", "unpack it")])
def test_a_file_that_is_no_picture_is_refused(train: Train, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text("no picture")
    with pytest.raises(DataError, match=message):
        train("fast-style", style=tmp_path / name)


def test_it_has_one_step_and_learns_no_critic() -> None:
    gan = build_gan(configure_run("fast-style", CATALOG, tiny=True), {})
    [step] = gan.steps()
    assert step.trains is gan.generator and all(name.startswith("generator.") for name, _ in gan.named_parameters())


def test_distances_are_relative_to_what_is_wanted_and_a_mean_over_images() -> None:
    values, wanted = torch.tensor([[1.0, 3.0], [2.0, 2.0]]), torch.tensor([[2.0, 2.0], [1.0, 1.0]])
    assert torch.allclose(relative(values, wanted), torch.tensor((1 / 4 + 1) / 2))
    assert torch.allclose(relative(10 * values, 10 * wanted), relative(values, wanted))
    assert torch.allclose(relative(values, torch.tensor([2.0, 2.0])), torch.tensor((1 / 4 + 0) / 2))


def test_the_texture_to_learn_is_the_mean_over_all_crops_so_far() -> None:
    gan = build_gan(configure_run("fast-style", CATALOG, tiny=True, options={"size": "32"}), {})
    crops = [torch.rand(2, 3, 32, 32) * 2 - 1 for _ in range(3)]
    [step] = gan.steps()
    for crop in crops:
        step.loss(Batch(crop, torch.Generator(), source=crops[0]))
    wanted = torch.stack([gram(gan.features.maps(crop, depth=2)[1]).mean(0) for crop in crops]).mean(0)
    assert torch.allclose(gan.texture1, wanted, rtol=1e-3, atol=1e-4)
