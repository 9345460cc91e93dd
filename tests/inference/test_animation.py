"""Animations have all their frames, loop where the format can, and are what they were."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from ganzoo.data.images import to_pil
from ganzoo.errors import UsageError
from ganzoo.inference.animation import save_animation
from tests.stylize.clips import facts, pattern, rgb_frames


def frames(height: int = 16, width: int = 16) -> list[Image.Image]:
    slow = torch.linspace(-1, 1, width).view(1, 1, 1, width) * torch.linspace(0.6, 1, 20).view(20, 1, 1, 1)
    return to_pil(slow.expand(20, 3, height, width))


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_an_animation_has_all_frames_and_loops(tmp_path: Path, ending: str) -> None:
    save_animation(frames(), tmp_path / f"x{ending}")
    with Image.open(tmp_path / f"x{ending}") as saved:
        assert saved.n_frames == 20 and saved.info["loop"] == 0


def test_a_video_has_all_frames_even_of_odd_sides(tmp_path: Path) -> None:
    pictures = frames(15, 17)
    save_animation(pictures, tmp_path / "x.mp4")
    with av.open(str(tmp_path / "x.mp4")) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 20
    assert len(shown) == 20 and shown[0].shape == (16, 18, 3)
    for one, other in zip(shown, pictures, strict=True):
        assert np.abs(one[:15, :17].astype(int) - np.asarray(other)).mean() < 6


@pytest.mark.parametrize("side", [96, 720])
def test_a_video_has_the_colours_of_its_frames_at_every_size(tmp_path: Path, side: int) -> None:
    picture = pattern(0, side, side)
    save_animation([Image.fromarray(picture)] * 2, tmp_path / "x.mp4")
    assert np.abs(next(rgb_frames(tmp_path / "x.mp4")) - picture).mean() < 2
    assert facts(tmp_path / "x.mp4")["matrix"] == 1


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="written as"):
        save_animation(frames(), tmp_path / "x.png")


def test_without_pyav_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UsageError, match="ganzoo-core\\[video\\]"):
        save_animation(frames(), tmp_path / "x.mp4")
