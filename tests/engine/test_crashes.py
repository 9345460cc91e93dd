"""A save that is killed at any of its points leaves a checkpoint to go on from, and nothing that stays."""

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from ganzoo.engine import checkpoint, crashes
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.crashes import SAVE_POINTS, crash_point

FORK = multiprocessing.get_context("fork")
GROUPS = ("weights", "ema", "train")


def content(step: int, size: int = 12) -> Checkpoint:
    tensors = {group: {"a": torch.full((size,), float(step)), "b": torch.full((3,), float(step))} for group in GROUPS}
    return Checkpoint(tensors=tensors, state={"step": step, "rollbacks": 0})


def save_to(folder: Path, steps: range, size: int = 12) -> None:
    for step in steps:
        checkpoint.save(folder, step, content(step, size), keep=2)


def killed_save(folder: Path, point: str, steps: range = range(4, 5)) -> None:
    """Saves in a process that dies at the point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(crashes.VARIABLE, point)
        process = FORK.Process(target=save_to, args=(folder, steps))
        process.start()
        process.join(30)
    assert process.exitcode == -signal.SIGKILL


def check_whole(folder: Path, least: int) -> int:
    """The newest checkpoint is good, all of one step, and not older than `least`."""
    step, loaded, problems = checkpoint.load(folder, GROUPS)
    assert problems == () and step >= least and loaded.state["step"] == step
    assert all(bool((tensor == step).all()) for group in GROUPS for tensor in loaded.tensors[group].values())
    return step


@pytest.mark.parametrize("point", SAVE_POINTS)
def test_a_kill_at_each_point_of_a_save_loses_nothing_before_it(tmp_path: Path, point: str) -> None:
    save_to(tmp_path, range(1, 4))
    killed_save(tmp_path, point)
    published = SAVE_POINTS.index(point) >= SAVE_POINTS.index("after-rename")
    assert check_whole(tmp_path, 3) == (4 if published else 3)
    checkpoint.set_aside_after(tmp_path, 3)  # as a resume does, which may find LATEST behind or ahead
    save_to(tmp_path, range(4, 6))
    assert check_whole(tmp_path, 5) == 5
    assert {entry.name for entry in tmp_path.iterdir()} == {"LATEST", "step-000004", "step-000005"}


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no memory file system")
def test_drafts_lie_beside_their_place_wherever_temporary_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/dev/shm")
    save_to(tmp_path, range(1, 3))
    killed_save(tmp_path, "before-rename")
    assert check_whole(tmp_path, 2) == 2
    assert (tmp_path / ".step-000004.part").is_dir() and not list(Path("/dev/shm").glob("**/.step-000004.part"))


def test_kills_at_random_lose_no_checkpoint(tmp_path: Path) -> None:
    """Larger files, so that most of the time goes into writing them; `python -m tests.benchmarks kills` does more."""
    rng, newest = random.Random(0), 0
    for _ in range(6):
        process = FORK.Process(target=save_to, args=(tmp_path, range(newest + 1, newest + 10_000), 200_000))
        process.start()
        wait_for_a_checkpoint(tmp_path)
        time.sleep(rng.uniform(0.02, 0.25))
        process.kill()
        process.join()
        newest = check_whole(tmp_path, newest)
    assert newest > 0


def wait_for_a_checkpoint(folder: Path) -> None:
    """A busy machine may need longer for the first one than any of the kills waits."""
    until = time.monotonic() + 60
    while not (folder / "LATEST").is_file() and time.monotonic() < until:
        time.sleep(0.005)


def test_the_point_may_be_that_of_a_later_passage(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: killed.append(number))
    monkeypatch.setenv(crashes.VARIABLE, "before-rename:2")
    monkeypatch.setattr(crashes, "_passed", type(crashes._passed)())
    crash_point("before-rename")
    crash_point("after-rename")
    assert killed == []
    crash_point("before-rename")
    assert killed == [signal.SIGKILL]
