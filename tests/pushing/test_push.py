"""A push: the folder with its card, the upload to a hub that the test makes, and what never leaves this machine."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from huggingface_hub import ModelCard
from PIL import Image

import ganzoo
from ganzoo.cli import run_command
from ganzoo.cli.app import app
from ganzoo.config.resolve import open_catalog
from ganzoo.config.units import Size
from ganzoo.errors import UsageError
from ganzoo.pushing.folder import Words, write_folder
from ganzoo.trained import find
from ganzoo.weights.files import names_in
from tests.fake_hub import OTHER_TOKEN, TOKEN, FakeHub, Repository, serving, use
from tests.report_html.folders import score_line

SMALL = {"tiny": True, "device": "cpu", "threads": 1}
SMALLER = Size(64, 96)
WRITTEN = ["README.md", "model.safetensors", "run.json"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator with labels, and a recorded score."""
    place = tmp_path_factory.mktemp("private-place") / "run"
    folder = ganzoo.run("dcgan", out=place, budget="2steps", seed=5, **SMALL).folder
    (folder / "scores.jsonl").write_text(json.dumps(score_line(2, 0.2312)) + "\n")
    return folder


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator that learnt from photos of somebody's own, which are red."""
    place = tmp_path_factory.mktemp("private-place")
    (place / "mine").mkdir()
    for number in range(12):
        Image.new("RGB", (24, 24), (255, number, 0)).save(place / "mine" / f"{number}.png")
    options = {"data": str(place / "mine"), "budget": "1steps", **SMALL}
    return ganzoo.run("lptn", out=place / "painter", **options).folder


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos of a card are painted in seconds."""
    monkeypatch.setattr("ganzoo.pushing.pictures.SIZE", SMALLER)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    with serving() as found:
        use(found, tmp_path, monkeypatch)
        yield found


@pytest.fixture
def known(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    """The hub, at which we are logged in."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


def files_in(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def front(text: str) -> dict[str, object]:
    found = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(found, dict)
    return found


def test_a_dry_run_writes_the_folder_and_asks_nobody(
    hub: FakeHub, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["push", str(run), "acme/shapes", "--dry-run", "--summary", "tiny shapes"]) == 0
    out, err = capsys.readouterr()
    assert out == "hub/shapes: README.md, model.safetensors, run.json, samples/drawn.png\n"
    assert "licence CC0-1.0" in err and "nothing was uploaded" in err
    assert hub.log == []
    assert run_command(["push", str(run), "acme/shapes", "--dry-run"]) == 2
    assert "'hub/shapes' exists: give another --out, or --overwrite" in capsys.readouterr().err
    assert run_command(["push", str(run), "acme/shapes", "--dry-run", "--overwrite"]) == 0
    own = set(names_in(Path("hub/shapes/model.safetensors")))
    assert own == set(ganzoo.load(run).gan.averaged.state_dict())


def test_the_card_says_what_it_is_how_it_was_made_and_how_good(tmp_path: Path, run: Path) -> None:
    words = Words(summary="tiny shapes", license="CC-BY-4.0", bad_at="Everything: two steps are few.")
    folder = write_folder(find(run), tmp_path / "card", "acme/shapes", open_catalog(), words=words).folder
    card = ModelCard.load(folder / "README.md")  # the hub's own reader
    assert card.data.license == "cc-by-4.0" and card.data.library_name == "ganzoo"
    assert card.data.to_dict()["pipeline_tag"] == "unconditional-image-generation"
    assert card.data.tags is not None and {"ganzoo", "gan", "dcgan"} <= set(card.data.tags)
    (result,) = card.data.eval_results or ()
    assert (result.metric_type, result.metric_value) == ("kid-test", 231.2)
    line = score_line(2, 0.2312)
    low, high = (f"{1000 * line['score'][end]:.1f}" for end in ("low", "high"))
    assert f"95 % interval from {low} to {high}; floor" in str(result.metric_name)
    text = (folder / "README.md").read_text()
    for words_of_it in (
        "tiny shapes",
        "![16 pictures, drawn from noise with seed 0](samples/drawn.png)",
        "season (spring, ",
        "2 steps with seed 5",
        f"| KID-test times 1000 | 231.2 | {low} to {high} |",
        "held_out:",
        "## What it is bad at\n\nEverything: two steps are few.",
        "licensed under CC-BY-4.0",
    ):
        assert words_of_it in text, words_of_it


def test_a_metric_of_others_writes_nothing_of_its_own_into_a_card(tmp_path: Path, run: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    line = score_line(2, 0.2312)
    line["protocol"] |= {"metric": "KID-x\x1b[31m\n\n# Buy this\u202e", "held_out": "1\n```\n# Or that"}
    (tmp_path / "run" / "scores.jsonl").write_text(json.dumps(line) + "\n")
    folder = write_folder(find(tmp_path / "run"), tmp_path / "card", "acme/shapes", open_catalog()).folder
    text = (folder / "README.md").read_text()
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert not [one for one in text.splitlines() if one.startswith(("# Buy", "# Or"))] and "\\n# Buy this" in text


def test_a_run_without_scores_has_a_card_without(tmp_path: Path, painter: Path) -> None:
    folder = write_folder(find(painter), tmp_path / "card", "acme/strokes", open_catalog()).folder
    text = (folder / "README.md").read_text()
    assert "## Scores" not in text and "model-index" not in text and "## What it is bad at" not in text
    assert front(text)["pipeline_tag"] == "image-to-image"


def commands(text: str) -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines() if line.startswith("ganzoo ")]


def test_what_a_card_says_to_type_works(
    known: FakeHub, run: Path, painter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, name in ((run, "acme/shapes"), (painter, "acme/strokes")):
        assert run_command(["push", str(folder), name]) == 0
    Image.new("RGB", (40, 32), (90, 120, 200)).save("photo.jpg")
    for repository, made in (("acme/shapes", "drawn.png"), ("acme/strokes", "painted.jpg")):
        found = known.repositories[repository]
        text = found.commits[found.branches["main"]]["README.md"].decode()
        first, again, trained = commands(text)
        assert run_command(first) == 0
        (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        exec(compile(code, "card", "exec"), {})
        assert Path(made).is_file()
        again = [{"PHOTOS": "scenes", "PICTURES": "scenes", "PAINTINGS": "scenes"}.get(word, word) for word in again]
        assert run_command([*again, "--tiny", "--device", "cpu", "--budget", "1steps", "--out", made[:3]]) == 0
        start = json.loads(Path(made[:3], "run.json").read_text())["start"]
        assert start["source"].startswith(f"hf:{repository}@") and start["taken"]
        assert not [name for name in start["left"] if name.startswith("generator.")]
        command = app.get_command(click.Context(app), "run")
        assert command is not None and command.make_context("run", trained[1:], resilient_parsing=True)
    assert Path("painted/photo.jpg").is_file()


def test_the_log_of_a_push_and_a_pull(known: FakeHub, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["push", str(run), "acme/shapes", "--out", "sent", "--message", "first"]) == 0
    out, err = capsys.readouterr()
    repository = known.repositories["acme/shapes"]
    commit = repository.branches["main"]
    digest = next(iter(known.large))
    assert f"{known.address}/acme/shapes has it at commit {commit}, for everybody to see" in out
    assert f"hf:acme/shapes@{commit}" in out
    sent = files_in(Path("sent"))
    assert repository.commits[commit] == {".gitattributes": repository.commits[commit][".gitattributes"], **sent}
    assert known.log == [
        f"{line} with a token"
        for line in (
            "GET /api/whoami-v2 200",
            "POST /api/repos/create 200",
            "GET /api/models/acme/shapes 200",
            "GET /api/models/acme/shapes/tree/main 200",
            "POST /api/models/acme/shapes/preupload/main 200",
            "POST /acme/shapes.git/info/lfs/objects/batch 200",
        )
    ] + [f"PUT /lfs/{digest} 200", "POST /api/models/acme/shapes/commit/main 200 with a token"]
    pushed = len(known.log)
    assert ganzoo.load("hf:acme/shapes").step == 2
    place = f"/acme/shapes/resolve/{commit}"
    assert known.log[pushed:] == [
        f"{line} 200 with a token"
        for line in (
            "GET /api/models/acme/shapes/revision/main",
            *(f"{verb} {place}/{file}" for file in ("run.json", "model.safetensors") for verb in ("HEAD", "GET")),
        )
    ]
    (pulled,) = Path("cache/hub").rglob("model.safetensors")
    assert pulled.read_bytes() == sent["model.safetensors"]
    assert TOKEN not in out + err and not [name for name, data in files_in(Path()).items() if TOKEN.encode() in data]


def test_what_paints_here_paints_the_same_there(
    known: FakeHub, painter: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run_command(["push", str(painter), "acme/strokes", "--out", "sent"]) == 0
    Image.linear_gradient("L").resize((60, 40)).convert("RGB").save("lake.png")
    assert run_command(["stylize", "sent/model.safetensors", "lake.png", "--out", "here"]) == 0
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "elsewhere"))
    assert run_command(["stylize", "hf:acme/strokes", "lake.png", "--out", "there"]) == 0
    pictures = [Image.open(f"{place}/lake.png") for place in ("here", "there")]
    assert pictures[0].tobytes() == pictures[1].tobytes()


def test_no_picture_of_the_training_and_no_path_is_shared(tmp_path: Path, painter: Path) -> None:
    folder = write_folder(find(painter), tmp_path / "card", "acme/strokes", open_catalog()).folder
    assert not [name for name, data in files_in(folder).items() if b"private-place" in data]
    for file in sorted((folder / "samples").iterdir()):
        with Image.open(file) as pair:
            shown = (
                pair.crop((0, 0, SMALLER.width, SMALLER.height)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            )
        assert isinstance(shown, tuple) and shown[0] < shown[2] + 80, f"{file} shows something red"


def test_photos_that_the_user_names_are_shown_without_what_their_files_tell(
    tmp_path: Path, painter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in range(2):
        exif = Image.Exif()
        exif[0x010E] = "at the house of the secret friend"
        Image.new("RGB", (60, 40), (0, 0, 200)).save(f"photos/secret-place-{number}.jpg", exif=exif)
    line = ["push", str(painter), "acme/strokes", "--dry-run", "--out", "card"]
    assert run_command([*line, "--photos", "photos"]) == 0
    found = files_in(Path("card"))
    assert sorted(found) == sorted([*WRITTEN, "samples/1.jpg", "samples/2.jpg"])
    assert not [name for name, data in found.items() if b"secret" in data]
    assert "photos are the publisher's choice" in found["README.md"].decode()
    capsys.readouterr()
    assert run_command([*line[:-1], "other", "--photos", "nowhere"]) == 2
    assert "there is no such folder" in capsys.readouterr().err and not Path("other").exists()


def test_a_model_that_draws_shows_no_photos(tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["push", str(run), "acme/shapes", "--dry-run", "--out", str(tmp_path / "card")]
    assert run_command([*line, "--photos", str(tmp_path)]) == 2
    assert "leave out --photos" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_pictures_in_the_styles_that_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ganzoo.run("adain", out=tmp_path / "run", budget="1steps", **SMALL).folder
    Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(tmp_path / "painting.png")
    line = ["push", str(place), "acme/any", "--dry-run", "--out", str(tmp_path / "card")]
    assert run_command([*line, "--style", str(tmp_path / "painting.png")]) == 0
    assert len(list((tmp_path / "card" / "samples").iterdir())) == 3
    assert run_command([*line[:-1], str(tmp_path / "other"), "--style", "nobody"]) == 2
    assert "neither a file nor the name of a style" in capsys.readouterr().err


def test_a_second_push_replaces_pictures_and_leaves_the_rest(known: FakeHub, run: Path) -> None:
    known.put("acme/shapes", {"samples/old.jpg": b"x", "LICENSE": b"mine", "README.md": b"old"})
    assert run_command(["push", str(run), "acme/shapes"]) == 0
    repository = known.repositories["acme/shapes"]
    now = repository.commits[repository.branches["main"]]
    assert sorted(now) == sorted([*WRITTEN, "LICENSE", "samples/drawn.png"]) and now["README.md"] != b"old"


def test_a_branch_is_made_and_named_in_the_card(known: FakeHub, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = known.put("acme/shapes", {"README.md": b"old"})
    assert run_command(["push", str(run), "acme/shapes", "--revision", "trial"]) == 0
    repository = known.repositories["acme/shapes"]
    assert repository.branches["main"] == first != repository.branches["trial"]
    card = repository.commits[repository.branches["trial"]]["README.md"].decode()
    assert "ganzoo sample hf:acme/shapes@trial" in card
    assert "hf:acme/shapes@trial" in capsys.readouterr().out
    assert find("hf:acme/shapes@trial").name.endswith(repository.branches["trial"])


def test_private_is_private_or_nothing_is_sent(known: FakeHub, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["push", str(run), "acme/own", "--private"]) == 0
    assert known.repositories["acme/own"].private and "which is private" in capsys.readouterr().out
    known.repositories["acme/open"] = Repository()
    known.put("acme/open", {"README.md": b"old"})
    assert run_command(["push", str(run), "acme/open", "--private"]) == 2
    assert "exists and is public: nothing was uploaded" in capsys.readouterr().err
    assert len(known.repositories["acme/open"].commits) == 1


@pytest.mark.parametrize(
    ("token", "words"),
    [(None, "log in (hf auth login), or set HF_TOKEN"), (OTHER_TOKEN, "does not let you: log in")],
)
def test_who_may_not_push_learns_it_before_any_work(
    token: str | None,
    words: str,
    hub: FakeHub,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    assert run_command(["push", str(run), "acme/shapes", "--out", "sent"]) == 2
    out, err = capsys.readouterr()
    assert words in err and err.count("\n") == 1 and OTHER_TOKEN not in out + err
    assert not Path("sent").exists() and not hub.repositories


def test_a_hub_that_fails_in_the_middle_is_one_line_without_the_token(
    known: FakeHub, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ganzoo.pushing.upload.check_may", lambda _: setattr(known, "broken", 400))
    assert run_command(["push", str(run), "acme/shapes"]) == 2
    out, err = capsys.readouterr()
    assert "Bearer ***" in err.splitlines()[-1] and TOKEN not in out + err
    assert not [name for name, data in files_in(Path()).items() if TOKEN.encode() in data]


@pytest.mark.parametrize("name", ["acme", "acme/", "/shapes", "acme/shapes/more", "../shapes", "acme/sh apes"])
def test_a_name_that_is_none_is_refused(name: str, hub: FakeHub, run: Path) -> None:
    assert run_command(["push", str(run), name]) == 2
    assert hub.log == []


def test_a_folder_of_the_users_is_never_replaced(tmp_path: Path, run: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"exists: give another --out$"):
        write_folder(find(run), tmp_path, "acme/shapes", open_catalog(), overwrite=True)
    assert [one.name for one in tmp_path.iterdir()] == ["diary.txt"]


def test_weights_of_others_need_a_licence_and_say_from_where_they_are(
    known: FakeHub, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["push", str(run), "acme/shapes"]) == 0
    assert run_command(["push", "hf:acme/shapes", "other/shapes", "--dry-run"]) == 2
    assert "does not say under which licence" in capsys.readouterr().err
    assert run_command(["push", "hf:acme/shapes", "other/shapes", "--dry-run", "--license", "LicenseRef-own"]) == 0
    said = front(Path("hub/shapes/README.md").read_text())
    assert said["base_model"] == "acme/shapes"
    assert (said["license"], said["license_name"]) == ("other", "licenseref-own")


def test_imported_weights_need_a_licence_and_the_card_says_what_they_are(
    tmp_path: Path, painter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(painter, tmp_path / "run")
    file = tmp_path / "run" / "run.json"
    imported = {"format": "their-net", "files": [{"name": "net.pth", "size": 1, "sha256": "0"}]}
    file.write_text(json.dumps({**json.loads(file.read_text()), "imported": imported}))
    line = ["push", str(file.parent), "acme/theirs", "--dry-run", "--out", str(tmp_path / "card")]
    assert run_command(line) == 2
    assert "give --license SPDX-ID" in capsys.readouterr().err
    assert run_command([*line, "--license", "BSD-2-Clause"]) == 0
    card = (tmp_path / "card" / "README.md").read_text()
    assert "imported from a checkpoint of another program (`their-net`)" in card and "steps with seed" not in card
    assert front(card)["license"] == "bsd-2-clause"


def test_a_published_model_is_shared_with_its_own_licence_and_scores(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganzoo.publishing import publish

    monkeypatch.chdir(tmp_path)
    done = publish(find(run), tmp_path / "oil.safetensors", open_catalog(), license="MIT", summary="in oil")
    Path("registry.yaml").write_text(yaml.safe_dump({"schema": 1, "weights": {"oil": dict(done.entry)}}))
    folder = write_folder(find("oil"), tmp_path / "card", "acme/oil", open_catalog()).folder
    said = front((folder / "README.md").read_text())
    assert said["license"] == "mit" and "231.2" in (folder / "README.md").read_text()
