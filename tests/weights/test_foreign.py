"""Pickled weights of others: tensors are taken, whatever else a file tries does not happen. Row 31 of the faults."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ganzoo.cli import run_command
from ganzoo.errors import StorageError, UsageError
from ganzoo.weights import foreign, read, restricted
from ganzoo.weights.foreign import import_weights

NETWORK = {"generator.0.weight": torch.arange(6.0).reshape(2, 3), "generator.0.steps": torch.tensor(7)}


class Calls:
    """What a pickle calls when it is read."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


def archive(data: bytes, compression: int = zipfile.ZIP_STORED, **records: bytes) -> bytes:
    """A file as torch writes it, with that pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as out:
        for name, content in {"data.pkl": data, "version": b"3\n", "byteorder": b"little", **records}.items():
            out.writestr(f"archive/{name}", content)
    return file.getvalue()


def saved(content: object, **options: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)  # type: ignore[arg-type]
    return file.getvalue()


def malicious(canary: Path) -> Mapping[str, bytes]:
    """Files that create the canary, or try to, when a plain unpickler reads them."""
    touch, code = f"touch {canary}", f"open({str(canary)!r}, 'w')"
    inner = canary.with_name("inner.pt")
    inner.write_bytes(saved({"a": Calls(os.system, touch)}))
    command = b"cposix\nsystem\n(S'" + touch.encode() + b"'\ntR."
    plain = pickle.dumps({"a": Calls(os.system, touch)}, protocol=2)
    return {
        "reduce": saved({"a": Calls(os.system, touch)}),
        "legacy": saved({"a": Calls(os.system, touch)}, _use_new_zipfile_serialization=False),
        "global": command,
        "global in a zip": archive(command),
        "exec": saved({"a": Calls(exec, code)}),
        "eval": saved({"a": Calls(eval, code)}),
        "getattr": archive(b"cbuiltins\ngetattr\n."),
        "subprocess": saved({"a": Calls(subprocess.check_output, ["touch", str(canary)])}),
        "nested torch.load": archive(b"ctorch.serialization\nload\n(S'" + str(inner).encode() + b"'\ntR."),
        "polyglot, zip behind a pickle": command + saved({"a": torch.ones(1)}),
        "polyglot, pickle behind a zip": saved({"a": torch.ones(1)}) + command,
        "a pickle alone": plain,
        "a class to build": archive(b"c__main__\nCanary\n)\x81."),
        "memo and build": archive(b"ctypes\nFunctionType\n."),
        "numpy": archive(b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR."),
        "persistent id": archive(b"(S'storage'\ncposix\nsystem\nS'0'\nS'cpu'\nI1\ntQ."),
    }


CHILD = """
import json, sys
sys.path[:] = [path for path in sys.path if path]
import importlib.util
spec = importlib.util.spec_from_file_location("restricted", sys.argv[1])
restricted = importlib.util.module_from_spec(spec)
spec.loader.exec_module(restricted)
import torch
restricted.limit(2_000_000_000, 1_000_000, 60)
restricted.forbid()
told = {}
for file in sys.argv[2:]:
    try:
        tensors = restricted.chosen(restricted.load(file), "")
        restricted.check(tensors, 1_000_000)
        told[file] = "read " + ", ".join(tensors)
    except restricted.Refused as error:
        told[file] = str(error)
    except Exception as error:
        told[file] = restricted.reason_of(error)
print(json.dumps(told))
"""


def test_no_malicious_file_does_anything(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    files = malicious(canary)
    for number, content in enumerate(files.values()):
        (tmp_path / f"{number}.pt").write_bytes(content)
    paths = [str(tmp_path / f"{number}.pt") for number in range(len(files))]
    command = [sys.executable, "-I", "-c", CHILD, restricted.__file__, *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    told = dict(zip(files, json.loads(done.stdout).values(), strict=True))
    assert not canary.exists(), told
    harmless = told.pop("polyglot, pickle behind a zip")
    assert harmless == "read a" or "damaged" in harmless
    for name, reason in told.items():
        assert "would run code" in reason or "damaged" in reason, (name, reason)
    assert "posix.system" in told["reduce"] and "GLOBAL exec" in told["exec"]


def test_a_canary_can_die(tmp_path: Path) -> None:
    """The files do what they say when something reads them that must not."""
    canary = tmp_path / "canary"
    files = malicious(canary)
    for name in ("legacy", "global", "a pickle alone"):
        with pytest.raises((Exception, SystemExit)):
            torch.load(io.BytesIO(files[name]), weights_only=False)
            pickle.loads(files[name])
            raise SystemExit
        assert canary.exists(), name
        canary.unlink()


def test_the_loader_s_process_can_start_no_program_and_reach_no_network() -> None:
    code = f"""
import sys; sys.path.insert(0, {str(Path(restricted.__file__).parent)!r})
import restricted, os, subprocess, socket, urllib.request
restricted.forbid()
tries = [lambda: os.system("true"), lambda: subprocess.run(["true"]), lambda: os.fork(),
    lambda: os.execv("/bin/true", ["true"]), lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.socket(), lambda: urllib.request.urlopen("http://127.0.0.1:9")]
for one in tries:
    try:
        one()
    except RuntimeError as error:
        assert "tried to use" in str(error)
        continue
    raise SystemExit("not stopped")
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_tensors_become_safetensors_and_what_to_declare_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.ckpt"
    torch.save(
        {"state_dict": NETWORK, "epoch": 3, "optimizer": [{"a": torch.ones(1)}], "_instantiator": "os.system"}, file
    )
    assert run_command(["import-weights", str(file), str(tmp_path)]) == 0
    out = tmp_path / "model.safetensors"
    written = load_file(out)
    assert written.keys() == NETWORK.keys()
    assert all(torch.equal(written[name], value) for name, value in NETWORK.items())
    told = capsys.readouterr().out.split()
    assert str(out.stat().st_size) in told and "2" in told
    assert any(len(word) == 64 and set(word) <= set("0123456789abcdef") for word in told)
    assert run_command(["import-weights", str(file), str(tmp_path)]) == 2  # it exists now


@pytest.mark.parametrize(
    ("content", "key", "code", "message"),
    [
        ({"generator": NETWORK, "ema": NETWORK}, "", 2, "choose one by --key: generator, ema"),
        ({"generator": NETWORK}, "critic", 2, "no tensors at 'critic', but at: generator"),
        ({**NETWORK, "epoch": 3}, "", 6, "other things than plain tensors: epoch is int"),
        ({"epoch": 3}, "", 6, "no dictionary of tensors"),
        ([torch.ones(1)], "", 6, "no dictionary of tensors"),
        ({"a": torch.ones(1).expand(10**9)}, "", 6, "far more than the file has"),
        ({"a": torch.eye(3).to_sparse()}, "", 6, "other things than plain tensors: a"),
        ({"__metadata__": torch.ones(1)}, "", 6, "names must be"),
        ({"x" * 1000: torch.ones(1)}, "", 6, "names must be"),
        ({3: torch.ones(1)}, "", 6, "names must be"),
    ],
)
def test_what_is_chosen_and_what_is_refused(content: object, key: str, code: int, message: str) -> None:
    """In this process, as nothing here is hostile and a process of its own takes seconds."""
    with pytest.raises(restricted.Refused, match=message) as caught:
        restricted.check(restricted.chosen(content, key), 1_000_000)
    assert caught.value.code == code


def test_a_key_leads_into_nested_dictionaries() -> None:
    content = {"state": {"ema": NETWORK, "live": {"a": torch.ones(1)}}, "deep": [NETWORK]}
    assert restricted.chosen(content, "state.ema") is NETWORK


@pytest.mark.parametrize(
    ("name", "out", "message"),
    [
        ("a.safetensors", "b.safetensors", "already"),
        ("a.zip", "b.safetensors", "ending must be"),
        ("missing.pt", "b.safetensors", "no such file"),
        (".pt", "b.safetensors", "ending must be"),
        ("a.pt", "b.pt", r"must be \.safetensors"),
        ("a.pt", "there.safetensors", "exists"),
    ],
)
def test_wrong_paths_are_told_before_anything_is_read(tmp_path: Path, name: str, out: str, message: str) -> None:
    for file in ("a.safetensors", "a.zip", "a.pt", "there.safetensors", ".pt"):
        (tmp_path / file).write_bytes(b"x")
    with pytest.raises(UsageError, match=message):
        import_weights(tmp_path / name, tmp_path / out)


def test_a_bomb_of_memory_is_stopped_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small compressed archive whose storage is 600 megabytes of zeros."""
    monkeypatch.setattr(foreign, "_SPARE", 150_000_000)
    stored = saved({"a": torch.zeros(4)})
    with zipfile.ZipFile(io.BytesIO(stored)) as old:
        top = old.namelist()[0].partition("/")[0]
        records = {name: old.read(name) for name in old.namelist()}
    count = 150_000_000
    data = records[f"{top}/data.pkl"].replace(b"K\x04", b"J" + count.to_bytes(4, "little"))
    file = tmp_path / "bomb.pt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in records.items():
            if name.endswith("/data/0"):
                with out.open(name, "w", force_zip64=True) as stream:
                    for _ in range(60):
                        stream.write(bytes(10_000_000))
            else:
                out.writestr(name, data if name.endswith("data.pkl") else content)
    assert file.stat().st_size < 1_000_000
    with pytest.raises(StorageError) as caught:
        import_weights(file, tmp_path / "out.safetensors")
    assert caught.value.exit_code == 6
    assert [entry.name for entry in tmp_path.iterdir()] == ["bomb.pt"], caught.value


def test_a_reader_that_takes_too_long_or_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pt").write_bytes(b"x")
    script = tmp_path / "reader.py"
    monkeypatch.setattr(restricted, "__file__", str(script))
    monkeypatch.setattr(foreign, "_SECONDS", 0.5)
    for code, message in (
        ("while True: pass", "takes more than"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "takes more than"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"its reader died \(-11\)"),
        ("print('[' * 9000); raise SystemExit(6)", r"its reader died \(6\)"),
        (r"print('\"\\u001b[31m ok\"'); raise SystemExit(6)", "ok"),
        ("pass", "can't write"),  # it says that all is well and has written nothing
    ):
        script.write_text(code)
        with pytest.raises(StorageError, match=message):
            import_weights(tmp_path / "a.pt", tmp_path / "out.safetensors")
        assert not (tmp_path / "out.safetensors").exists()


def test_what_is_imported_is_read(tmp_path: Path) -> None:
    torch.save(NETWORK, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    done = import_weights(tmp_path / "a.pth", tmp_path / "new" / "b.safetensors")
    assert read(done.file).keys() == NETWORK.keys() and done.tensors == 2
