"""A stopped video resumes from its own pieces only, and leaves nothing behind when it fails."""

import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ganzoo.errors import DataError, StorageError, UsageError
from ganzoo.stylize import video
from ganzoo.stylize.identity import identity_of
from ganzoo.stylize.stylizer import StylizeOptions, Stylizer
from ganzoo.stylize.video import stylize_video
from tests.stylize.clips import make_clip
from tests.stylize.small import Network, Small

av = pytest.importorskip("av")
Pixels = NDArray[np.uint8]
FRAMES = 10


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "PIECE", 4)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "in.mkv", frames=FRAMES)


def quiet(done: int, total: int) -> None:
    pass


def negative(pixels: Pixels) -> Pixels:
    return 255 - pixels


def same(pixels: Pixels) -> Pixels:
    return pixels


def stopping(paint: Callable[[Pixels], Pixels], after: int, error: BaseException) -> Callable[[Pixels], Pixels]:
    """Paints so many frames, then raises."""
    painted = 0

    def paints(pixels: Pixels) -> Pixels:
        nonlocal painted
        painted += 1
        if painted > after:
            raise error
        return paint(pixels)

    return paints


def stop(clip: Path, target: Path, after: int = 9, **more: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        stylize_video(clip, target, stopping(negative, after, KeyboardInterrupt()), quiet, made_of=more)


def frames(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as opened:
        return np.stack([frame.to_ndarray() for frame in opened.decode(video=0)])


def test_a_stopped_video_equals_one_that_was_not_frame_for_frame(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    stop(clip, target, strength="1")
    assert not target.exists()
    rest = stopping(negative, FRAMES - 8, AssertionError("painted again"))
    told: list[str] = []
    assert stylize_video(clip, target, rest, quiet, made_of={"strength": "1"}, notice=told.append) == FRAMES
    stylize_video(clip, tmp_path / "whole.mkv", negative, quiet)
    assert np.array_equal(frames(target), frames(tmp_path / "whole.mkv")) and not told
    assert {entry.name for entry in tmp_path.iterdir()} == {"in.mkv", "out.mkv", "whole.mkv"}


def test_other_settings_start_afresh(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    stop(clip, target, strength="2", tile="0")
    told: list[str] = []
    stylize_video(clip, target, same, quiet, made_of={"strength": "0", "tile": "0"}, notice=told.append)
    stylize_video(clip, tmp_path / "whole.mkv", same, quiet)
    assert np.array_equal(frames(target), frames(tmp_path / "whole.mkv"))
    assert told == [f"'{target}' starts afresh: its pieces were painted with another strength"]


def test_another_video_of_the_same_name_starts_afresh(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    stop(clip, target)
    make_clip(clip, frames=FRAMES, size=(64, 48))
    told: list[str] = []
    stylize_video(clip, target, same, quiet, notice=told.append)
    assert frames(target).shape[2] == 64 and "another source" in told[0]


def test_pieces_that_do_not_say_what_they_were_made_of_are_not_used(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    stop(clip, target)
    (tmp_path / ".out.mkv.parts" / "made-of.json").unlink()
    stylize_video(clip, target, same, quiet)
    stylize_video(clip, tmp_path / "whole.mkv", same, quiet)
    assert np.array_equal(frames(target), frames(tmp_path / "whole.mkv"))


def test_a_missing_piece_is_painted_again(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    stop(clip, target)
    (tmp_path / ".out.mkv.parts" / "piece-000000.nut").unlink()
    stylize_video(clip, target, negative, quiet)
    stylize_video(clip, tmp_path / "whole.mkv", negative, quiet)
    assert np.array_equal(frames(target), frames(tmp_path / "whole.mkv"))


@pytest.mark.parametrize("error", [RuntimeError("a broken model"), DataError("bad")])
def test_a_failed_video_leaves_nothing_and_a_stopped_one_its_pieces(
    clip: Path, tmp_path: Path, error: Exception
) -> None:
    with pytest.raises(type(error)):
        stylize_video(clip, tmp_path / "out.mkv", stopping(negative, 6, error), quiet)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.mkv"]
    stop(clip, tmp_path / "out.mkv")
    assert (tmp_path / ".out.mkv.parts" / "piece-000001.nut").is_file()


def test_two_processes_do_not_paint_the_same_target(clip: Path, tmp_path: Path) -> None:
    def again(pixels: Pixels) -> Pixels:
        with pytest.raises(UsageError, match="in use by another process"):
            stylize_video(clip, tmp_path / "out.mkv", same, quiet)
        return pixels

    assert stylize_video(clip, tmp_path / "out.mkv", again, quiet) == FRAMES


def test_planted_links_are_not_followed(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "canary").mkdir()
    (tmp_path / "canary" / "kept").write_text("untouched")
    (tmp_path / ".out.mkv.parts").symlink_to(tmp_path / "canary", target_is_directory=True)
    with pytest.raises(UsageError, match="no folder of yours"):
        stylize_video(clip, tmp_path / "out.mkv", same, quiet)
    assert [entry.name for entry in (tmp_path / "canary").iterdir()] == ["kept"]
    (tmp_path / ".out.mkv.parts").unlink()
    stop(clip, tmp_path / "out.mkv", after=5)
    for name in (".piece-000001.nut.part", "whole.mkv"):
        path = tmp_path / ".out.mkv.parts" / name
        path.unlink(missing_ok=True)
        path.symlink_to(tmp_path / "canary" / "kept")
    stylize_video(clip, tmp_path / "out.mkv", negative, quiet)
    assert (tmp_path / "canary" / "kept").read_text() == "untouched" and not (tmp_path / "out.mkv").is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
@pytest.mark.parametrize("most", [100, 20_000])
def test_a_full_disk_is_a_storage_error(tmp_path: Path, most: int) -> None:
    rng = np.random.default_rng(0)
    clip = make_clip(tmp_path / "in.mkv", frames=6)

    def noise(pixels: Pixels) -> Pixels:
        return rng.integers(0, 256, pixels.shape, dtype=np.uint8)

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        with pytest.raises(StorageError, match=r"can't write .*out\.mkv.*too large"):
            stylize_video(clip, tmp_path / "out.mkv", noise, quiet)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.mkv"]


def test_a_target_that_can_not_be_replaced_is_a_storage_error(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "out.mkv").mkdir()
    with pytest.raises(StorageError, match="out"):
        stylize_video(clip, tmp_path / "out.mkv", same, quiet)
    assert sorted(os.listdir(tmp_path)) == ["in.mkv", "out.mkv"]


def test_all_that_changes_a_frame_changes_the_identity() -> None:
    run = {"model": "cut", "plugin": {"version": "1"}, "configuration": {"generator.residual": {"value": True}}}
    model = Small(Network())
    model.averaged = model.generator
    stylizer = Stylizer(model, torch.device("cpu"))
    options = StylizeOptions(precision="bf16")
    first = identity_of(stylizer, options, run, 10)
    assert first == identity_of(stylizer, StylizeOptions(precision="bf16"), run, 10)
    changed = [
        identity_of(stylizer, replace(options, strength=0.5), run, 10),
        identity_of(stylizer, replace(options, keep_color=True), run, 10),
        identity_of(stylizer, replace(options, stroke=2), run, 10),
        identity_of(stylizer, replace(options, detail=1), run, 10),
        identity_of(stylizer, replace(options, precision="fp32"), run, 10),
        identity_of(Stylizer(model, torch.device("cpu"), whole_view=64), options, run, 10),
        identity_of(stylizer, options, run, 20),
        identity_of(stylizer, options, {**run, "configuration": {"generator.residual": {"value": False}}}, 10),
        identity_of(Stylizer(model, torch.device("cpu"), style=torch.ones(3)), options, run, 10),
    ]
    with torch.no_grad():
        next(stylizer.translator.parameters()).add_(1e-3)
    changed.append(identity_of(stylizer, options, run, 10))
    assert all(sum(one[key] != first[key] for key in first) == 1 for one in changed)
    assert len({str(one) for one in changed}) == len(changed)
