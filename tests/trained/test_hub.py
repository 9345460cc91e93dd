"""Models on the hub: fetched once, pinned by commit, read without trust, and there without a network."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load, save

import ganzoo
from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog
from ganzoo.errors import StorageError, UsageError
from ganzoo.pushing.folder import write_folder
from ganzoo.trained import find, where
from ganzoo.trained.hub import repository, revision_of, told
from ganzoo.trained.starting import same_source
from tests.fake_hub import OTHER_TOKEN, TOKEN, FakeHub, Repository, serving, use

SMALL = {"tiny": True, "device": "cpu", "threads": 1}
RUN_FILE, WEIGHTS = "run.json", "model.safetensors"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a push of a tiny run uploads."""
    place = tmp_path_factory.mktemp("shared")
    ganzoo.run("dcgan", out=place / "run", budget="2steps", **SMALL)
    folder = write_folder(find(place / "run"), place / "folder", "acme/shapes", open_catalog()).folder
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same model with other weights."""
    place = tmp_path_factory.mktemp("later")
    ganzoo.run("dcgan", out=place / "run", budget="3steps", seed=9, **SMALL)
    folder = write_folder(find(place / "run"), place / "folder", "acme/shapes", open_catalog()).folder
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    with serving() as found:
        use(found, tmp_path, monkeypatch)
        yield found


def unplug(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nobody answers."""
    use(SimpleNamespace(address="http://127.0.0.1:9"), "nowhere", monkeypatch)  # type: ignore[arg-type]


def test_what_was_pushed_comes_back_byte_by_byte(
    hub: FakeHub, files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = hub.put("acme/shapes", {**files, "pytorch_model.bin": b"a pickle", "evil.py": b"raise SystemExit"})
    found = find("hf:acme/shapes")
    assert found.name == found.text == found.shown == f"hf:acme/shapes@{commit}"
    (pulled,) = (tmp_path / "cache" / "hub").rglob(WEIGHTS)
    assert pulled.read_bytes() == files[WEIGHTS]
    (tmp_path / "as-sent.safetensors").write_bytes(files[WEIGHTS])
    drawn = [ganzoo.load(name).sample(4) for name in ("hf:acme/shapes", tmp_path / "as-sent.safetensors")]
    assert torch.equal(*drawn)
    asked = {line.split()[1] for line in hub.log}
    assert asked == {
        "/api/models/acme/shapes/revision/main",
        f"/acme/shapes/resolve/{commit}/{RUN_FILE}",
        f"/acme/shapes/resolve/{commit}/{WEIGHTS}",
    }
    assert run_command(["sample", "hf:acme/shapes", "-n", "4"]) == 0
    assert Path("shapes-samples-0.png").is_file()
    assert not hub.sent_tokens


def test_a_commit_in_the_cache_needs_no_network_and_a_branch_only_if_there_is_one(
    hub: FakeHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = hub.put("acme/shapes", files)
    find("hf:acme/shapes")
    asked = len(hub.log)
    assert find(f"hf:acme/shapes@{commit}").name == f"hf:acme/shapes@{commit}" and len(hub.log) == asked
    find("hf:acme/shapes@main")
    assert hub.log[asked:] == ["GET /api/models/acme/shapes/revision/main 200"]
    unplug(monkeypatch)
    assert find("hf:acme/shapes").name == find(f"hf:acme/shapes@{commit}").name
    assert ganzoo.load("hf:acme/shapes").step == 2
    with pytest.raises(UsageError, match=r"'hf:acme/shapes'.*can't be reached.*cache has no run.json and") as other:
        find("hf:acme/shapes@other")
    assert "\n" not in str(other.value)
    with pytest.raises(UsageError, match=r"'hf:acme/unknown': http://127.0.0.1:9/acme/unknown can't be reached"):
        find("hf:acme/unknown")


def test_the_clients_own_offline_switch_counts(
    hub: FakeHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.put("acme/shapes", files)
    known = find("hf:acme/shapes").name
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    asked = len(hub.log)
    assert find("hf:acme/shapes").name == known and len(hub.log) == asked
    with pytest.raises(UsageError, match="can't be reached"):
        find("hf:acme/unknown")


def test_a_moved_branch_changes_no_run_that_started_before(
    hub: FakeHub,
    files: dict[str, bytes],
    later: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = hub.put("acme/shapes", files)
    line = ["run", "dcgan", "--tiny", "--device", "cpu", "--threads", "1", "--checkpoint-every", "1steps"]
    job = [*line, "--from", "hf:acme/shapes", "--budget", "2steps", "--out", "job", "--continue"]
    assert run_command(job) == 0
    start = json.loads(Path("job/run.json").read_text())["start"]
    assert start["source"] == f"hf:acme/shapes@{first}" and start["taken"]
    second = hub.put("acme/shapes", later)
    assert find("hf:acme/shapes").name == f"hf:acme/shapes@{second}" != f"hf:acme/shapes@{first}"
    assert ganzoo.reproduce("job").identical
    assert run_command([*job[:-4], "3steps", "--out", "job", "--continue"]) == 0
    assert run_command([*line, "--from", f"hf:acme/shapes@{second}", "--out", "job", "--continue"]) == 2
    assert "started from other weights" in capsys.readouterr().err
    unplug(monkeypatch)
    assert run_command(["run", "--resume", "job", "--budget", "4steps"]) == 0
    assert ganzoo.reproduce("job").identical
    assert json.loads(Path("job/run.json").read_text())["start"] == start
    assert run_command([*line, "--from", f"hf:acme/shapes@{first}", "--budget", "4steps", "--out", "whole"]) == 0
    ours, theirs = (load(Path(run, "checkpoints/step-000004/ema.safetensors").read_bytes()) for run in ("job", "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in {*ours, *theirs})


def test_a_gone_source_is_named_when_a_run_is_reproduced(
    hub: FakeHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = hub.put("acme/shapes", files)
    ganzoo.run("dcgan", out="job", budget="1steps", start_from="hf:acme/shapes", **SMALL)
    monkeypatch.setenv("GANZOO_CACHE", "empty")
    hub.repositories.clear()
    assert run_command(["reproduce", "job"]) == 2
    err = capsys.readouterr().err
    assert f"started from 'hf:acme/shapes@{commit}', which can't be read any more" in err and err.count("\n") == 1


def tampered(content: bytes) -> bytes:
    """The same header, other numbers."""
    return content[:-8] + bytes(byte ^ 0xFF for byte in content[-8:])


def rewritten(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    """The files with another run, in run.json and in the header alike: whoever made them was careful."""
    run = {**json.loads(files[RUN_FILE]), **changes}
    header = json.dumps({"schema": 1, "step": 2, "run": run})
    return {WEIGHTS: save(load(files[WEIGHTS]), {"format": "pt", "ganzoo": header}), RUN_FILE: json.dumps(run).encode()}


ODD = "\x1b[31mred\n..\u202e"
HOSTILE = {
    "pickles only": (lambda f: {"pytorch_model.bin": b"x", RUN_FILE: f[RUN_FILE]}, 2, "has no model.safetensors"),
    "nothing": (lambda f: {}, 2, "it has nothing"),
    "odd names": (lambda f: {ODD: b"x", "../../run.json": b"x", "/etc/passwd": b"x"}, 2, r"\x1b[31mred\n"),
    "many names": (lambda f: {f"{n}.bin": b"x" for n in range(1000)}, 2, "and 995 more files"),
    "no json": (lambda f: {**f, RUN_FILE: b"{"}, 6, "run.json is damaged"),
    "deep json": (lambda f: {**f, RUN_FILE: b"[" * 100_000}, 6, "nested too deeply"),
    "another run": (lambda f: {**f, RUN_FILE: b"{}"}, 6, "something else than the header"),
    "no header": (lambda f: {**f, WEIGHTS: save(load(f[WEIGHTS]))}, 2, "has no run in its header"),
    "no safetensors": (lambda f: {**f, WEIGHTS: b"PK\x03\x04 a pickle in a zip"}, 6, "cut off, or no .safetensors"),
    "cut off": (lambda f: {**f, WEIGHTS: f[WEIGHTS][:-1000]}, 6, "weights"),
    "damaged run": (lambda f: rewritten(f, data=3), 6, "damaged"),
    "unknown model": (lambda f: rewritten(f, model="os/system"), 2, "os/system"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_repository_is_one_line(
    kind: str, hub: FakeHub, files: dict[str, bytes], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    make, code, words = HOSTILE[kind]
    hub.put("evil/shapes", make(files))
    assert run_command(["sample", "hf:evil/shapes", "-n", "2"]) == code
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1 and "traceback" not in err and len(err) < 1000
    assert "\x1b" not in err and "\u202e" not in err
    assert not list(tmp_path.glob("*.png")) and not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        (
            {"lfs": {"sha256": "0" * 64, "size": 9, "pointerSize": 9}},
            "model.safetensors is not what the hub says it is",
        ),
        ({"size": 5_000_000_000}, "has 5,000,000,000 bytes, at most 4,000,000,000 are fetched"),
        ({"size": None}, "does not say how large"),
    ],
)
def test_weights_that_are_not_what_is_claimed_are_not_used(
    claims: dict[str, object],
    words: str,
    hub: FakeHub,
    files: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub.put("evil/shapes", files, model__safetensors=claims)
    for command in (["sample", "hf:evil/shapes"], ["run", "dcgan", "--tiny", "--from", "hf:evil/shapes"]):
        assert run_command(command) == StorageError.exit_code
        err = capsys.readouterr().err
        assert words in err and err.count("\n") == 1
    if "lfs" not in claims:
        assert not [line for line in hub.log if WEIGHTS in line]


def test_tampered_weights_are_refused_and_a_damaged_cache_is_made_good(
    hub: FakeHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    commit = hub.put("acme/shapes", files)
    honest = hub.repositories["acme/shapes"].commits[commit]
    find("hf:acme/shapes")
    blob = next((tmp_path / "cache" / "hub").rglob(WEIGHTS)).resolve()
    blob.write_bytes(tampered(files[WEIGHTS]))
    assert ganzoo.load(f"hf:acme/shapes@{commit}").step == 2 and blob.read_bytes() == files[WEIGHTS]
    blob.write_bytes(tampered(files[WEIGHTS]))
    honest[WEIGHTS] = tampered(files[WEIGHTS])  # the commit says otherwise, and it was recorded
    with pytest.raises(StorageError, match="not what the hub says"):
        find(f"hf:acme/shapes@{commit}")


def test_small_files_that_git_keeps_itself_are_checked_too(hub: FakeHub, files: dict[str, bytes]) -> None:
    hub.put("evil/shapes", files, run__json={"blobId": "0" * 40})
    with pytest.raises(StorageError, match=r"run\.json is not what the hub says"):
        find("hf:evil/shapes")


def planted(tmp_path: Path) -> list[Path]:
    """Every file in which a token stands."""
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    return [path for path in found if any(t.encode() in path.read_bytes() for t in (TOKEN, OTHER_TOKEN))]


def test_a_private_repository_needs_a_token_which_stands_nowhere(
    hub: FakeHub,
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub.repositories["acme/own"] = Repository(private=True)
    hub.put("acme/own", files)
    assert run_command(["sample", "hf:acme/own", "-n", "2"]) == 2
    assert "no such repository, or it is private: log in" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", OTHER_TOKEN)
    assert run_command(["sample", "hf:acme/own", "-n", "2"]) == 2
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert run_command(["run", "dcgan", "--tiny", "--device", "cpu", "--from", "hf:acme/own", "--out", "run"]) == 0
    hub.broken = 503
    for name in ("hf:acme/another", "hf:acme/own@new"):
        assert run_command(["sample", name]) == 2
    hub.broken = 400
    assert run_command(["sample", "hf:acme/another"]) == 2
    out, err = capsys.readouterr()
    assert "Bearer ***" in err and TOKEN in hub.sent_tokens and OTHER_TOKEN in hub.sent_tokens
    assert TOKEN not in out + err and OTHER_TOKEN not in out + err
    assert planted(tmp_path) == []


def test_the_search_for_tokens_finds_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log").write_text(f"Bearer {TOKEN}")
    assert planted(tmp_path) == [tmp_path / "log"]
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    try:
        raise OSError("no") from ValueError(f"a {TOKEN}\n\x1b[1m")
    except OSError as error:
        assert told(error) == "ValueError: a *** \\x1b[1m"


def test_the_token_is_sent_to_nobody_but_the_hub(
    hub: FakeHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.put("acme/shapes", files)
    find("hf:acme/shapes")
    assert set(hub.sent_tokens) == {TOKEN} and all(line.endswith("with a token") for line in hub.log)


@pytest.mark.parametrize(
    "text",
    ["hf:", "hf:acme", "hf:acme/", "hf:a/b/c", "hf:../b", "hf:a/..", "hf:a/b c", "hf:a/b@", "hf:a/b@../c", "hf:a/b@\n"],
)
def test_a_name_that_no_repository_has_is_refused_before_anything_is_asked(text: str, hub: FakeHub) -> None:
    with pytest.raises(UsageError, match=r"no repository of the hub|no revision"):
        find(text)
    assert hub.log == []


def test_what_stands_behind_the_at_is_a_revision() -> None:
    assert where("hf:acme/shapes@2024") == ("hf:acme/shapes@2024", "")
    assert where("hf:acme/shapes@BEST") == ("hf:acme/shapes@BEST", "")
    assert repository("acme/shapes.v2") and revision_of("refs/pr/1")


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("hf:acme/shapes", True),
        ("hf:acme/shapes@main", True),
        (f"hf:acme/shapes@{'1' * 40}", True),
        (f"hf:acme/shapes@{'2' * 40}", False),
        ("hf:acme/others", False),
        ("shapes", False),
        ("", False),
    ],
)
def test_a_restarted_job_may_name_the_branch(given: str, same: bool) -> None:
    assert same_source(f"hf:acme/shapes@{'1' * 40}", given) is same
