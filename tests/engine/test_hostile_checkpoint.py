"""Checkpoints that somebody made to do harm: rows 32 to 34 of the list of faults."""

import hashlib
import json
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ganzoo.cli import run_command
from ganzoo.engine import checkpoint, snapshot
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import GanzooError, StorageError, UsageError
from ganzoo.inference import loading
from ganzoo.runs.folder import Run
from ganzoo.runs.run_file import read_run_file

Train = Callable[..., Run]
TENSORS = {"a": torch.ones(3, 2), "b": torch.arange(4)}


def fingerprint(file: Path) -> dict[str, object]:
    data = file.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def sign(step: Path) -> None:
    """Makes the manifest true, as whoever changed the files would."""
    files = {file.name: fingerprint(file) for file in step.iterdir() if file.name != "MANIFEST.json"}
    (step / "MANIFEST.json").write_text(json.dumps(files))


@pytest.fixture
def step(tmp_path: Path) -> Path:
    """A good checkpoint, the only one."""
    folder = tmp_path / "checkpoints"
    return checkpoint.save(folder, 1, Checkpoint(tensors={"weights": TENSORS}, state={"step": 1}), keep=3)


def refused(step: Path, message: str, like: Mapping[str, Mapping[str, torch.Tensor]] | None = None) -> None:
    started = time.perf_counter()
    with pytest.raises(StorageError, match=message) as caught:
        checkpoint.load(step.parent, ("weights",), like=like)
    assert caught.value.exit_code == 6 and str(caught.value).isprintable()
    assert time.perf_counter() - started < 10


PASSWD = fingerprint(Path("/etc/passwd"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not hold a JSON object"),
        ("null", "not hold a JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ("{}", r"does not name state\.json"),
        (json.dumps({"../../../../../etc/passwd": PASSWD}), "not a file of a checkpoint"),
        (json.dumps({"/etc/passwd": PASSWD}), "not a file of a checkpoint"),
        (json.dumps({"..": PASSWD}), "not a file of a checkpoint"),
        (json.dumps({"\x1b[31m": PASSWD}), "not a file of a checkpoint"),
        (json.dumps({f"f{i}": {} for i in range(100_000)}), "names 100,000 files"),
        (json.dumps({"state.json": 3}), "size and sha256"),
        (json.dumps({"state.json": {"size": float("inf")}}), "not a finite number"),
    ],
    ids=range(11),  # not the texts, which are long
)
def test_a_manifest_that_lies_is_refused(step: Path, text: str, message: str) -> None:
    (step / "MANIFEST.json").write_text(text)
    refused(step, message)


def test_a_manifest_beyond_any_use_is_not_parsed(step: Path) -> None:
    (step / "MANIFEST.json").write_text(" " * 33_000_000)
    refused(step, "at most 32,000,000")


def test_files_that_the_manifest_leaves_out_are_not_read(step: Path) -> None:
    save_file({"a": torch.zeros(9)}, step / "ema.safetensors")
    _, saved, _ = checkpoint.load(step.parent, ("weights", "ema"))
    assert "ema" not in saved.tensors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not hold a JSON object"),
        ("{}", "has schema None"),
        ('{"schema": 1, "a": ' + "[" * 100_000, "nested too deeply"),
        ('{"schema": 1, "step": NaN}', "not a finite number"),
        ('{"schema": 1, "seconds": 1e999}', "not a finite number"),
        ('{"schema": 1, "images": ' + "9" * 5000 + "}", "64 bits"),
        ('{"schema": "\\u001b[31m"}', "schema"),
    ],
    ids=range(7),
)
def test_a_hostile_state_is_refused(step: Path, text: str, message: str) -> None:
    (step / "state.json").write_text(text)
    sign(step)
    refused(step, message)


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(start: int, end: int, *shape: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cut off"),
        (b"\x08\0\0\0", "cut off"),
        (struct.pack("<Q", 2**63) + b"{}", "cut off"),
        (struct.pack("<Q", 2**64 - 1) + b"{}", "cut off"),
        (safetensors(b"[" * 100_000), "SafetensorError"),
        (safetensors({"a": tensor(0, 8, 2), "b": tensor(4, 12, 2)}, bytes(12)), "SafetensorError"),
        (safetensors({"a": tensor(4, 8, 1)}, bytes(8)), "SafetensorError"),
        (safetensors({"a": tensor(0, 4, 2**62)}, bytes(4)), "SafetensorError"),
        (safetensors({"a": tensor(0, 4, 2**32, 2**32, 2**32)}, bytes(4)), "SafetensorError"),
        (safetensors({"a": tensor(0, 10**12, 250 * 10**9)}, bytes(4)), "SafetensorError"),
        (safetensors({"a": tensor(8, 4, 1)}, bytes(8)), "SafetensorError"),
        (safetensors({"a": tensor(0, 4, 1, dtype="PICKLE")}, bytes(4)), "SafetensorError"),
        (safetensors({"a": tensor(0, 4, 1)}, bytes(400)), "SafetensorError"),
        (b"\x80\x04cos\nsystem\n.", "cut off"),
    ],
    ids=range(14),
)
def test_a_hostile_safetensors_file_is_refused(step: Path, content: bytes, message: str) -> None:
    (step / "weights.safetensors").write_bytes(content)
    sign(step)
    refused(step, message)


def test_a_header_beyond_any_use_is_not_parsed(step: Path) -> None:
    many = safetensors({f"{i}": tensor(0, 0, 0) for i in range(300_000)})
    for content in (safetensors(b" " * 100_000_000), many):
        (step / "weights.safetensors").write_bytes(content)
        sign(step)
        refused(step, "its header has .* bytes, at most 16,000,000")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": torch.ones(3, 3)}, "a is 3x3 instead of 3x2"),
        ({"a": torch.ones(3, 2, dtype=torch.float64)}, "a is of F64 instead of F32"),
        ({"b": torch.arange(4).float()}, "b is of F32 instead of I64"),
        ({"a": None}, "a is missing"),
        ({"c": torch.ones(1)}, "c is unknown"),
        ({f"x{i}": torch.ones(1) for i in range(9)}, "6 more such problems"),
    ],
)
def test_other_tensors_are_told_before_any_is_made(
    step: Path, change: dict[str, torch.Tensor | None], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {name: value for name, value in {**TENSORS, **change}.items() if value is not None}
    save_file(changed, step / "weights.safetensors")
    sign(step)
    monkeypatch.setattr("safetensors.torch.load_file", lambda *_: pytest.fail("memory was taken"))
    refused(step, message, like={"weights": TENSORS})


def test_a_pipe_or_device_among_the_files_does_not_hang(step: Path) -> None:
    for target in ("/dev/zero", "/etc/passwd"):
        (step / "weights.safetensors").unlink()
        (step / "weights.safetensors").symlink_to(target)
        refused(step, "not an ordinary file")


@pytest.mark.parametrize("text", ["../../x", "step-000009", "x" * 10_000_000, "\ud800"], ids=range(4))
def test_best_names_a_checkpoint_or_nothing(step: Path, text: str) -> None:
    (step.parent / "BEST").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(StorageError, match="no checkpoint"):
        checkpoint.load(step.parent, ("weights",), "BEST")


@pytest.mark.parametrize("which", ["../step-000001", "/etc", "", "*", "\x1b[31m", "9" * 5000], ids=range(6))
def test_a_step_that_is_asked_for_is_a_number(step: Path, which: str) -> None:
    with pytest.raises(StorageError, match="there are: 1"):
        checkpoint.load(step.parent, ("weights",), which)


@pytest.fixture
def run(train: Train) -> Path:
    return train(budget="2steps").folder


def test_weights_of_another_network_are_told_when_a_run_is_loaded(run: Path) -> None:
    step = max((run / "checkpoints").glob("step-*"))
    save_file({"generator.evil": torch.ones(1)}, step / "ema.safetensors")
    sign(step)
    with pytest.raises(StorageError, match="does not fit the model"):
        loading.load(run)
    assert run_command(["sample", str(run)]) == 6


GROUP = "generator"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": -8}, "-8 is not a count"),
        ({"images": 2**60}, "is not a count"),
        ({"step": 1.0}, "1.0 is not a count"),
        ({"rollbacks": -5000}, "is not a count"),
        ({"rollbacks": True}, "is not a count"),
        ({"seconds": -1e300}, "seconds"),
        ({"seconds": "soon"}, "float"),
        ({"optimisers": []}, "does not fit"),
        ({"optimisers": {GROUP: []}}, "settings"),
        ({"optimisers": {GROUP: [{}]}}, "params"),
        ({"optimisers": {GROUP: [{"params": [0]}]}}, "settings"),
        ({"optimisers": {GROUP: [{"lr": "x"}]}}, "settings"),
        ({"optimisers": {GROUP: [{"betas": None}]}}, "settings"),
        ({"optimisers": {GROUP: [{"betas": [0.5, "b"]}]}}, "settings"),
        ({"optimisers": {GROUP: [{"foreach": "/etc"}]}}, "settings"),
    ],
)
def test_a_state_that_would_do_harm_later_is_refused_at_once(
    trainer: Callable[..., Trainer], change: dict[str, Any], message: str
) -> None:
    one = trainer()
    one.round(0.0)
    good = snapshot.take(one, 3.0)
    state = json.loads(json.dumps(good.state))
    if isinstance(groups := change.get("optimisers"), dict):
        own = state["optimisers"][GROUP][0]
        merged = [{**own, **group} if group else {} for group in groups[GROUP]]
        change = {"optimisers": {**state["optimisers"], GROUP: merged}}
    assert snapshot.restore(trainer(), Checkpoint(tensors=good.tensors, state=state)) == 3.0
    with pytest.raises(StorageError, match=message):
        snapshot.restore(trainer(), Checkpoint(tensors=good.tensors, state={**state, **change}))


def test_another_version_of_torch_may_have_other_settings_and_another_device_other_switches(
    trainer: Callable[..., Trainer],
) -> None:
    one, other = trainer(), trainer()
    one.round(0.0)
    good = snapshot.take(one, 3.0)
    state = json.loads(json.dumps(good.state))
    for (group,) in state["optimisers"].values():
        del group["maximize"]
        group |= {"foreach": True, "fused": None, "of the future": 1, "lr": 1}
    snapshot.restore(other, Checkpoint(tensors=good.tensors, state=state))
    group = other.optimisers[GROUP].param_groups[0]
    assert (group["maximize"], group["foreach"], group["lr"], group["of the future"]) == (False, True, 1, 1)
    other.round(0.0)


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("generator/999/exp_avg", torch.ones(3), "out of range"),
        ("generator/-1/exp_avg", torch.ones(3), "does not name a parameter"),
        ("generator/0/exp_avg", torch.ones(1), "another shape"),
        ("rng", torch.zeros(5, dtype=torch.uint8), "does not fit"),
    ],
)
def test_an_optimisers_state_of_other_parameters_is_refused(
    trainer: Callable[..., Trainer], name: str, tensor: torch.Tensor, message: str
) -> None:
    one = trainer()
    one.round(0.0)
    good = snapshot.take(one, 3.0)
    changed = {**good.tensors, "train": {**good.tensors["train"], name: tensor}}
    with pytest.raises(StorageError, match=message):
        snapshot.restore(trainer(), Checkpoint(tensors=changed, state=json.loads(json.dumps(good.state))))


def test_a_checkpoint_of_another_step_is_not_gone_on_with(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest = max((run / "checkpoints").glob("step-*"))
    newest.rename(newest.with_name("step-000009"))
    assert run_command(["run", "--resume", str(run), "--budget", "12steps"]) == 6
    assert "belongs to another step, by its own state" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["checkpoints", "samples", "scalars.jsonl", ".run.json.part", "checkpoints/LATEST"])
def test_nothing_is_read_or_written_through_a_link_out_of_the_run(run: Path, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    victim = run / place
    if victim.exists():
        victim.rename(outside)
    else:
        outside.write_text("precious")
    victim.symlink_to(outside)
    before = {file: file.stat().st_mtime_ns for file in [outside, *outside.rglob("*")]}
    for command in ("sample", "export", "report", "evaluate"):
        assert run_command([command, str(run)]) == 2
    assert run_command(["run", "--resume", str(run), "--budget", "3steps"]) == 2
    assert {file: file.stat().st_mtime_ns for file in [outside, *outside.rglob("*")]} == before


CONTENT: dict[str, Any] = {
    "schema": 1,
    "model": "dcgan/dcgan",
    "configuration": {},
    "data": {"attributes": {}, "fingerprint": "x"},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": 3}, "'model'"),
        ({"configuration": []}, "'configuration'"),
        ({"configuration": {"lr": 3}}, "'configuration'"),
        ({"configuration": {"lr": {"value": 3}}}, "'configuration'"),
        ({"data": []}, "'attributes'"),
        ({"data": {"attributes": {"a": "night"}}}, "'attributes'"),
        ({"data": {"attributes": {"a": [3]}}}, "'attributes'"),
        ({"data": {"attributes": {}}}, "'fingerprint'"),
        ({"schema": "\x1b[31m"}, "schema"),
        ({"versions": [1]}, "'versions'"),
        ({"versions": {"torch": {}}}, "'versions'"),
        ({"hardware": {"processes": 2}}, "'hardware'"),
    ],
)
def test_a_run_file_of_another_form_is_damaged(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    (tmp_path / "run.json").write_text(json.dumps(CONTENT))
    assert read_run_file(tmp_path) == CONTENT
    (tmp_path / "run.json").write_text(json.dumps({**CONTENT, **change}))
    with pytest.raises(StorageError, match=message) as caught:
        read_run_file(tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "", "\x00", '{"schema": NaN}', '{"schema": 1}'], ids=range(6))
def test_a_run_file_that_is_hostile_json_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(StorageError, match="is damaged"):
        read_run_file(tmp_path)


def test_a_recorded_run_can_name_no_import(run: Path) -> None:
    content = json.loads((run / "run.json").read_text())
    content["model"] = "os:system"
    (run / "run.json").write_text(json.dumps(content))
    with pytest.raises(UsageError):
        loading.load(run)
    content["model"] = "dcgan/dcgan"
    content["configuration"]["generator"]["value"] = "os:system"
    (run / "run.json").write_text(json.dumps(content))
    with pytest.raises(GanzooError, match="no generator 'os:system'"):
        loading.load(run)
