"""Exported models give what torch gives, or there is no file."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import ganzoo
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import GanzooError
from ganzoo.runs.folder import Run
from tests.built_in import CATALOG

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
EXAMPLE = Path(__file__).parents[2] / "docs/examples/paint_onnx.py"


@pytest.mark.parametrize("model", ["fastcut", "santa", "dcgan"])
def test_an_exported_model_gives_what_torch_gives(model: str, train: Callable[..., Run], tmp_path: Path) -> None:
    from ganzoo.inference.export import export_onnx

    gan = ganzoo.load(train(model).folder)
    differences = export_onnx(gan, tmp_path / "model.onnx")
    assert len(differences) == 3 and all(difference < 1e-4 for _, difference in differences)
    assert [entry.name for entry in tmp_path.iterdir() if "model" in entry.name] == ["model.onnx"]
    if model == "fastcut":
        photo = Image.effect_noise((37, 50), 40).convert("RGB")
        painted = runpy.run_path(str(EXAMPLE))["paint"](str(tmp_path / "model.onnx"), photo)
        ours = gan.stylize(photo)
        assert painted.size == photo.size
        assert np.abs(np.asarray(painted).astype(int) - np.asarray(ours))[:24, :24].max() <= 8


def test_sizes_stay_simple_where_a_network_pads_as_tensorflow_does() -> None:
    """An expression that torch can't simplify grows from layer to layer, until an export takes minutes."""
    from ganzoo.inference.export import _exported

    painter = {"generator": "feature-painter", "generator.stages": 1, "generator.width": 4}
    gan = build_gan(configure_run("fastcut", CATALOG, tiny=True, options=painter), {}).eval()
    exported = _exported(SimpleNamespace(gan=gan), None)  # type: ignore[arg-type]  # it reads nothing else
    example = exported.inputs[1]
    program = torch.export.export(exported.network, (example,), dynamic_shapes=exported.dynamic)
    values = [node.meta.get("val") for node in program.graph.nodes]
    sides = {str(side) for value in values if isinstance(value, Tensor) for side in value.shape[2:]}
    free = {re.sub(r"\bs\d+", "h", side) for side in sides if not side.isdigit()}
    assert free == {"2*h", "2*h + 1", "2*h + 2", "h", "h + 2"}, max(free, key=len)


def test_a_network_that_halves_often_is_checked_on_few_pixels(train: Callable[..., Run], tmp_path: Path) -> None:
    from ganzoo.inference.export import export_onnx

    gan = ganzoo.load(train("pix2pix", **{"generator.depth": 6, "size": "64"}).folder)
    differences = export_onnx(gan, tmp_path / "model.onnx")
    sizes = [tuple(map(int, size.split(" x "))) for size, _ in differences]
    assert sizes == [(1, 3, 128, 192), (2, 3, 64, 128), (1, 3, 192, 64)]


def test_a_network_that_differs_leaves_no_file(
    train: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganzoo.inference import export

    real = export._difference
    monkeypatch.setattr(export, "_difference", lambda *given: real(*given) + 1e-3)
    with pytest.raises(GanzooError, match=r"differs from torch by 0\.001"):
        export.export_onnx(ganzoo.load(train("fastcut").folder), tmp_path / "model.onnx")
    assert not list(tmp_path.glob("*.onnx*"))


def test_sizes_are_told_with_the_difference() -> None:
    from ganzoo.inference.export import _size

    assert _size(torch.zeros(1, 3, 4, 5)) == "1 x 3 x 4 x 5"
