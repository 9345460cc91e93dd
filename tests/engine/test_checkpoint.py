"""Checkpoints on disk: complete or not there, verified when read."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from ganzoo.engine import checkpoint, checkpoint_files
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.errors import StorageError


def content(value: float = 1.0) -> Checkpoint:
    tensors = {"weights": {"a": torch.full((4, 3), value)}, "train": {"rng": torch.arange(5)}}
    return Checkpoint(tensors=tensors, state={"step": value, "note": "x"})


def test_a_step_whose_pointer_could_not_be_written_is_saved_by_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Checkpoint(tensors={"weights": {"a": torch.ones(3)}}, state={"step": 2})
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_atomically", Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(StorageError, match="No space left"):
            checkpoint.save(tmp_path, 2, saved, keep=3)
    assert checkpoint.save(tmp_path, 2, saved, keep=3) == tmp_path / "step-000002"
    assert (tmp_path / "LATEST").read_text() == "step-000002"
    (tmp_path / "step-000002" / "weights.safetensors").write_bytes(b"damaged")
    checkpoint.save(tmp_path, 2, saved, keep=3)
    assert checkpoint.load(tmp_path, ("weights",))[2] == ()


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 7, content(), keep=3)
    step, loaded, problems = checkpoint.load(tmp_path, ("weights", "train", "ema"))
    assert (step, problems) == (7, ())
    assert torch.equal(loaded.tensors["weights"]["a"], torch.ones(4, 3))
    assert loaded.state["note"] == "x" and loaded.state["schema"] == checkpoint_files.SCHEMA
    assert "ema" not in loaded.tensors


def test_layouts_that_share_or_stride_memory_are_saved(tmp_path: Path) -> None:
    strided = torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    saved = Checkpoint(tensors={"weights": {"a": strided, "b": strided}}, state={})
    checkpoint.save(tmp_path, 1, saved, keep=1)
    _, loaded, _ = checkpoint.load(tmp_path, ("weights",))
    assert torch.equal(loaded.tensors["weights"]["a"], strided)


def test_only_the_newest_are_kept_and_latest_points_to_the_last(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        checkpoint.save(tmp_path, step, content(step), keep=2)
    assert checkpoint.steps_in(tmp_path) == [3, 4]
    assert (tmp_path / "LATEST").read_text() == "step-000004"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("file", ["weights.safetensors", "state.json", "MANIFEST.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_damage_is_found_and_the_one_before_is_taken(tmp_path: Path, file: str, damage: str) -> None:
    checkpoint.save(tmp_path, 1, content(1), keep=3)
    checkpoint.save(tmp_path, 2, content(2), keep=3)
    victim = tmp_path / "step-000002" / file
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "remove":
        victim.unlink()
    else:
        victim.write_bytes({"flip": bytes(data), "truncate": bytes(data[:-5]), "empty": b""}[damage])
    step, loaded, problems = checkpoint.load(tmp_path, ("weights",))
    assert step == 1 and torch.equal(loaded.tensors["weights"]["a"], torch.ones(4, 3))
    assert len(problems) == 1 and "step-000002" in problems[0]


def test_none_good_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no checkpoint"):
        checkpoint.load(tmp_path, ("weights",))
    checkpoint.save(tmp_path, 1, content(), keep=1)
    (tmp_path / "step-000001" / "weights.safetensors").write_bytes(b"x")
    with pytest.raises(StorageError, match="sha256"):
        checkpoint.load(tmp_path, ("weights",))


def test_a_step_can_be_asked_for(tmp_path: Path) -> None:
    for step in (1, 2):
        checkpoint.save(tmp_path, step, content(step), keep=3)
    assert checkpoint.load(tmp_path, ("weights",), "1")[0] == 1
    with pytest.raises(StorageError, match="there are: 1, 2"):
        checkpoint.load(tmp_path, ("weights",), "5")


def test_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_files, "SCHEMA", 99)
    checkpoint.save(tmp_path, 1, content(), keep=1)
    monkeypatch.undo()
    with pytest.raises(StorageError, match="schema 99"):
        checkpoint.load(tmp_path, ("weights",))


def test_a_failed_save_leaves_the_one_before_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, 1, content(), keep=3)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_files, "save_file", full_disk)
    with pytest.raises(StorageError, match="No space left"):
        checkpoint.save(tmp_path, 2, content(), keep=3)
    assert checkpoint.steps_in(tmp_path) == [1]
    assert (tmp_path / "LATEST").read_text() == "step-000001"
    assert not list(tmp_path.glob(".*"))


def test_drafts_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    stray = tmp_path / ".step-000001.part"
    stray.mkdir()
    (stray / "weights.safetensors").write_bytes(b"half")
    checkpoint.save(tmp_path, 2, content(), keep=1)
    assert not stray.exists() and checkpoint.steps_in(tmp_path) == [2]


def test_what_is_set_aside_stays_until_the_next_save(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        checkpoint.save(tmp_path, step, content(step), keep=5)
    checkpoint.set_aside_after(tmp_path, 1)
    assert checkpoint.steps_in(tmp_path) == [1] and (tmp_path / "LATEST").read_text() == "step-000001"
    assert len(list(tmp_path.glob(".step-*.aside"))) == 2
    checkpoint.save(tmp_path, 2, content(2), keep=5)
    assert not list(tmp_path.glob(".*")) and checkpoint.steps_in(tmp_path) == [1, 2]


def test_a_read_that_fails_for_another_reason_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in (1, 2):
        checkpoint.save(tmp_path, step, content(step), keep=5)

    def too_many_files(_: Path) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(checkpoint, "verify", too_many_files)
    with pytest.raises(StorageError, match="Too many open files"):
        checkpoint.load(tmp_path, ("weights",))


def test_the_manifest_names_every_file(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, 1, content(), keep=1)
    manifest = json.loads((path / "MANIFEST.json").read_text())
    assert set(manifest) == {file.name for file in path.iterdir()} - {"MANIFEST.json"}


def test_a_checkpoint_of_the_first_schema_is_read_as_one_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(checkpoint_files, "SCHEMA", 1)
        checkpoint.save(tmp_path, 1, content(), keep=1)
    assert checkpoint.load(tmp_path, ("weights",))[1].state["rollbacks"] == 0
