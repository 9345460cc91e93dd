"""One resolver: run folders, their checkpoints and published models are found alike by every command and by Python."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image

import ganzoo
from ganzoo.catalog.registry import load_registry
from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog
from ganzoo.errors import DataError, StorageError, UsageError
from ganzoo.inference.loading import held_out_photos
from ganzoo.publishing import publish, without_private
from ganzoo.runs.run_file import UNSAID
from ganzoo.trained import find, sought
from ganzoo.trained.published import content_of
from ganzoo.weights.files import names_in
from tests.weights.web import Site, site

__all__ = ["site"]  # a fixture

SUMMARY = "tiny shapes, for tests"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator with checkpoints of the steps 0, 2 and 4."""
    place = tmp_path_factory.mktemp("runs") / "scenes@home"
    return ganzoo.run("dcgan", tiny=True, out=place, device="cpu", budget="4steps", checkpoint_every="2steps").folder


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs") / "painter"
    return ganzoo.run("lptn", tiny=True, out=place, device="cpu", budget="2steps").folder


@pytest.fixture
def shop(tmp_path: Path, run: Path, painter: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Publishes two models, `shapes` and `strokes`, in the working folder, with a registry whose entries may change."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))

    def write(**changes: object) -> Path:
        entries = {}
        for name, folder in (("shapes", run), ("strokes", painter)):
            out = tmp_path / f"{name}.safetensors"
            done = publish(find(folder), out, open_catalog(), summary=SUMMARY, overwrite=True)
            entries[name] = {**done.entry, **changes}
        file = tmp_path / "registry.yaml"
        plain = json.loads(json.dumps(entries))  # without aliases, which are not read
        file.write_text(yaml.safe_dump({"schema": 1, "weights": plain}))
        return file

    return write


@pytest.mark.parametrize(
    ("text", "asked", "step"),
    [
        ("", "", 4),
        ("@LATEST", "LATEST", 4),
        ("@2", "2", 2),
        ("@step-000002", "step-000002", 2),
        ("@latest", "LATEST", 4),
    ],
)
def test_a_checkpoint_stands_behind_an_at(run: Path, text: str, asked: str, step: int) -> None:
    found = find(f"{run}{text}")
    assert (found.folder, found.asked) == (run, asked)
    assert ganzoo.load(f"{run}{text}").step == step
    assert ganzoo.load(run, which=step).step == step


def test_a_path_with_an_at_is_a_path(run: Path, tmp_path: Path) -> None:
    odd = tmp_path / "coast@2"
    shutil.copytree(run, odd)
    assert find(odd).folder == odd and ganzoo.load(odd).step == 4
    assert ganzoo.load(f"{odd}@2").step == 2


def test_two_checkpoints_are_one_too_many(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="not both"):
        ganzoo.load(f"{run}@2", which=4)
    for command in ("sample {}@2 --step 4", "evaluate {}@2 --checkpoint 4", "export {}@2 --step 2"):
        assert run_command(command.format(run).split()) == 2
        assert "not both" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["report {}@2", "reproduce {}@2"])
def test_what_is_of_a_whole_run_takes_no_checkpoint(
    run: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(command.format(run).split()) == 2
    assert "leave out @2" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nothing", "nothing@BEST", "a@b", "hub:owner/name@main"])
def test_what_is_neither_names_what_there_is(shop: Callable[..., Path], text: str) -> None:
    shop()
    assert sought(text) is None
    with pytest.raises(UsageError, match=r"not a run folder.*Published models: .*shapes, strokes"):
        find(text)


def test_a_similar_name_is_proposed(shop: Callable[..., Path]) -> None:
    shop()
    with pytest.raises(UsageError, match="Did you mean 'strokes'"):
        find("stroke")


def test_a_published_model_draws_as_its_run_does(shop: Callable[..., Path], run: Path) -> None:
    shop()
    pictures = [ganzoo.load(name).to_pil(ganzoo.load(name).sample(8)) for name in ("shapes", str(run))]
    apart = [
        abs(ours - theirs)
        for one, other in zip(*pictures, strict=True)
        for ours, theirs in zip(one.tobytes(), other.tobytes(), strict=True)
    ]
    assert sum(apart) / len(apart) <= 1 and max(apart) <= 3
    assert ganzoo.load("shapes").step == 4


def test_the_file_holds_the_averaged_network_alone_and_no_paths(shop: Callable[..., Path], painter: Path) -> None:
    shop()
    loaded = ganzoo.load(painter)
    assert set(names_in(Path("strokes.safetensors"))) == set(loaded.gan.averaged.state_dict())
    content = content_of(Path("strokes.safetensors"))
    assert content is not None and content.step == 2
    assert "hardware" not in content.run and str(painter.parent) not in json.dumps(content.run)
    private = {"data": {"value": "/home/me/photos/coast", "origin": "flag"}, "lr": {"value": 1, "origin": "default"}}
    kept = without_private({**json.loads((painter / "run.json").read_text()), "configuration": private})
    assert kept["configuration"]["data"]["value"] == f"{UNSAID}/coast" and kept["configuration"]["lr"]["value"] == 1


def test_a_frozen_encoder_is_not_stored(tmp_path: Path) -> None:
    place = tmp_path / "run"
    ganzoo.run("adain", tiny=True, out=place, device="cpu", budget="1steps")
    done = publish(find(place), tmp_path / "any.safetensors", open_catalog())
    assert not [name for name in names_in(done.file) if ".encoder." in name or name.startswith("encoder.")]
    styles = ganzoo.load(tmp_path / "any.safetensors").gan.styles()
    torch.testing.assert_close(styles[""], ganzoo.load(place).gan.styles()[""], atol=1e-3, rtol=1e-3)


def test_weights_that_half_precision_would_change_are_kept_whole(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganzoo.publishing.MOST", -1.0)
    done = publish(find(run), tmp_path / "whole.safetensors", open_catalog())
    assert not done.rounded
    loaded = [ganzoo.load(place).gan.averaged.state_dict() for place in (run, done.file)]
    assert all(torch.equal(loaded[0][name], loaded[1][name]) for name in loaded[0])


def test_every_command_takes_a_published_name(
    shop: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop()
    Image.new("RGB", (40, 32), (90, 120, 200)).save("lake.png")
    assert run_command(["stylize", "strokes", "lake.png", "--out", "painted"]) == 0
    with Image.open("painted/lake.png") as painted:
        assert painted.size == (40, 32)
    assert run_command(["sample", "shapes", "-n", "4"]) == 0 and Path("shapes-samples-0.png").is_file()
    assert run_command(["evaluate", "shapes", "--format", "json"]) in (0, 3)  # a tiny run holds out no images
    assert run_command(["list"]) == 0
    listed = capsys.readouterr().out
    assert listed.index("shapes") < listed.index("dcgan-laptop") and "published models" in listed
    assert run_command(["list", "--format", "names"]) == 0
    names = capsys.readouterr().out.split()
    assert names[: len(open_catalog().published)] == list(open_catalog().published) and "strokes" in names
    assert run_command(["show", "strokes"]) == 0
    card = capsys.readouterr().out
    assert "a published model of lptn/lptn" in card and SUMMARY in card and "CC0-1.0" in card
    done = ganzoo.distil("strokes", budget="1steps", batch=2, out="small", options={"generator.width": 8})
    content = json.loads((done.folder / "run.json").read_text())["configuration"]
    assert content["teacher"]["value"] == "strokes"


NO_RECORD = "holds no record of its training"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("run shapes", "'shapes' is a published model, trained already: to train it further, ganzoo run dcgan --from"),
        ("run --resume shapes", NO_RECORD),
        ("reproduce shapes", NO_RECORD),
        ("report shapes@4", "leave out @4"),
        ("sample shapes@BEST", "'shapes' has one checkpoint, that of step 4: leave out @BEST"),
        ("sample shapes@7", "'shapes' has one checkpoint, that of step 4: leave out @7"),
        ("sample Shapes", "Did you mean 'shapes'"),
        ("sample SHAPE", "Did you mean 'shapes'"),
        ("show SHAPE", "Did you mean 'shapes'"),
        ("run SHAPE", "Did you mean 'shapes'"),
        ("sample dcgan-laptop", "'dcgan-laptop' is no trained model: ganzoo run dcgan-laptop trains one"),
        ("stylize shapes lake.png --out painted", "draws from noise"),
        ("sample shapes --style x", "has learnt no styles by name"),
        ("distil shapes", "only translators can be distilled"),
        ("publish strokes.safetensors --out other.safetensors", "give their licence by --license"),
        ("compare shapes shapes", "given more than once"),
    ],
)
def test_what_a_published_model_can_not_do_is_one_line(
    shop: Callable[..., Path], command: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = shop()
    if "publish" in command:
        registry.unlink()
    Image.new("RGB", (40, 32), (90, 120, 200)).save("lake.png")
    assert run_command(command.split()) in (2, 6)
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1 and "--debug" not in err


def test_private_pictures_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, count in (("mine", 20), ("paintings", 20)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            Image.new("RGB", (24, 24), (10 * number, 90, count)).save(tmp_path / folder / f"{number}.png")
    mine, paintings = str(tmp_path / "mine"), str(tmp_path / "paintings")
    ganzoo.run("lptn", tiny=True, out=tmp_path / "run", device="cpu", budget="1steps", data=mine, style=paintings)
    file = str(publish(find(tmp_path / "run"), tmp_path / "strokes.safetensors", open_catalog()).file)
    for command, options in (
        (["evaluate", file], "--data FOLDER and --style FOLDER"),
        (["evaluate", file, "--data", mine], "--style FOLDER"),
        (["evaluate", file, "--style", mine], "--data FOLDER"),
        (["sample", file], "--data FOLDER"),
        (["distil", file], "--data FOLDER"),
    ):
        assert run_command(command) == 2
        err = capsys.readouterr().err
        assert f"give yours by {options}\n" in err and "are not published" in err and err.count("\n") == 1


def test_a_report_and_a_second_publication_keep_the_card(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shop(license="MIT", credit="Jane Doe", scores={"KID-lite0": [0.2, 0.1, 0.3]})
    assert run_command(["report", "shapes"]) == 0
    page = re.sub("</?span>", "", Path("shapes-report.html").read_text())
    assert (
        "ganzoo sample shapes" in page and "published" in page and "--resume" not in page and "ganzoo run " not in page
    )
    assert run_command(["report", "strokes"]) == 0
    assert "ganzoo stylize strokes photo.jpg --out painted" in re.sub(
        "</?span>", "", Path("strokes-report.html").read_text()
    )
    capsys.readouterr()
    assert run_command(["publish", "shapes", "--out", "again.safetensors"]) == 0
    entry = yaml.safe_load(capsys.readouterr().out)["again"]
    assert (entry["license"], entry["credit"], entry["scores"]) == ("MIT", "Jane Doe", {"KID-lite0": [0.2, 0.1, 0.3]})
    assert Path("again.safetensors").read_bytes() == Path("shapes.safetensors").read_bytes()


def test_a_model_of_that_name_wins_where_models_are_taken(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Elsewhere only trained models are taken, so the published one is meant. Such a name is no good, and found."""
    file = shop()
    content = yaml.safe_load(file.read_text())
    content["weights"]["dcgan"] = {**content["weights"]["shapes"]}
    file.write_text(yaml.safe_dump({**content, "models": []}))
    assert ganzoo.load("dcgan").step == 4 and find("dcgan").name == "dcgan"
    assert run_command(["show", "dcgan"]) == 0 and "a published model of" not in capsys.readouterr().out
    from ganzoo.cli.registry import _check_published

    catalog = open_catalog()
    with pytest.raises(UsageError, match="a model or preset has that name"):
        _check_published(catalog.published["dcgan"], catalog)
    content["weights"] = {"mine": {**content["weights"]["shapes"], "model": "nobody/none"}}
    file.write_text(yaml.safe_dump(content))
    catalog = open_catalog()
    with pytest.raises(UsageError, match="there is no model 'nobody/none'"):
        _check_published(catalog.published["mine"], catalog)


def test_a_folder_of_that_name_wins_if_it_is_a_run(shop: Callable[..., Path], run: Path) -> None:
    shop()
    Path("shapes").mkdir()  # such as a folder of paintings
    assert find("shapes").name == "shapes"
    shutil.rmtree("shapes")
    shutil.copytree(run, "shapes")
    assert find("shapes").name == "" and find("shapes").folder == Path("shapes")


@pytest.mark.parametrize(("change", "told"), [({"sha256": "0" * 64}, "SHA-256"), ({"size": 7}, "declared are 7")])
def test_another_file_than_published_is_not_used(
    shop: Callable[..., Path], change: dict[str, object], told: str
) -> None:
    shop(**change)
    with pytest.raises(StorageError, match=told):
        find("shapes")


def test_a_missing_file_is_named(shop: Callable[..., Path]) -> None:
    shop()
    Path("shapes.safetensors").unlink()
    with pytest.raises(UsageError, match=r"no weights 'shapes': .*shapes\.safetensors.* is not there"):
        find("shapes")


def test_an_address_that_does_not_answer_is_named(shop: Callable[..., Path]) -> None:
    file = shop()
    content = yaml.safe_load(file.read_text())
    del content["weights"]["shapes"]["file"]
    content["weights"]["shapes"]["url"] = "https://127.0.0.1:9/shapes.safetensors"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(UsageError, match=r"connect to the network, or put https://127.0.0.1:9/shapes.safetensors at"):
        find("shapes")


def test_a_fetched_file_is_unpacked(shop: Callable[..., Path], site: Site) -> None:
    file = shop()
    content = yaml.safe_load(file.read_text())
    del content["weights"]["shapes"]["file"]
    content["weights"]["shapes"]["url"] = f"{site.url}/shapes.safetensors"
    site.files["/shapes.safetensors"] = Path("shapes.safetensors").read_bytes()
    file.write_text(yaml.safe_dump(content))
    assert ganzoo.load("shapes").step == 4 and ganzoo.load("shapes").step == 4
    assert site.paths == ["/shapes.safetensors"]


def test_a_damaged_cache_is_made_anew(shop: Callable[..., Path]) -> None:
    shop()
    folder = find("shapes").folder
    for name in ("checkpoints/step-000004/ema.safetensors", "checkpoints/LATEST", "run.json", "unpacked.sha256"):
        (folder / name).write_bytes(b"cut off")
        assert ganzoo.load("shapes").step == 4
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_a_file_of_others_is_no_published_model(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match="no published model"):
        find(tmp_path / "other.safetensors")


def test_a_plugin_publishes_through_its_model(shop: Callable[..., Path]) -> None:
    from dataclasses import replace

    file = shop()
    entry = yaml.safe_load(file.read_text())["weights"]["shapes"]
    file.unlink()
    catalog = open_catalog()
    weights = ganzoo.Weights(
        name="theirs",
        summary="of a plugin",
        url="https://127.0.0.1:9/theirs.safetensors",
        **{key: entry[key] for key in ("sha256", "size", "license")},
    )
    first = catalog.models[0]
    body = replace(weights, name="body", summary="")  # what the recipe reads itself
    spec = replace(first.spec, weights=(weights, body))
    catalog.__dict__["models"] = (replace(first, spec=spec), *catalog.models[1:])
    assert (
        list(catalog.published) == [*load_registry().published, "theirs"]
        and catalog.published["theirs"].model == first.full_name
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sha256": "12"}, "64 digits"),
        ({"size": -1}, "number of bytes"),
        ({"license": " "}, "SPDX"),
        ({"file": "../x.safetensors"}, "without folders"),
        ({"url": "https://a.b/c.safetensors"}, "one of them"),
        ({"scores": {"KID-lite0": [1]}}, "two ends"),
        ({"colour": "red"}, "unknown colour"),
        ({"summary": 3}, "summary is no text"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: dict[str, object], told: str) -> None:
    entry = {
        "model": "dcgan/dcgan",
        "file": "x.safetensors",
        "sha256": "0" * 64,
        "size": 3,
        "license": "CC0-1.0",
        "summary": "x",
    }
    file = tmp_path / "registry.yaml"
    good = {**entry, "summary": "other"}
    file.write_text(yaml.safe_dump({"schema": 1, "weights": {"mine": {**entry, **change}, "other": good}}))
    registry = load_registry(file)
    assert re.search(f"weights 'mine'.*{told}", registry.broken["mine"]) and "mine" not in registry.published
    assert registry.published["other"].summary == "other"
    file.write_text(yaml.safe_dump({"schema": 1, "weights": {"mine": entry}}))
    assert load_registry(file).published["mine"].file == tmp_path / "x.safetensors"


@pytest.mark.parametrize(
    "section", [3, ["mine"], "text", {"mine": None}, {"mine": [1]}, {"../x": {}}, {7: {}}, {"": {}}]
)
def test_a_section_of_another_kind_is_one_line_of_the_list(
    section: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    Path("registry.yaml").write_text(yaml.safe_dump({"schema": 1, "weights": section}))
    assert run_command(["list", "--format", "json"]) == 0
    rows = [row for row in json.loads(capsys.readouterr().out) if row["kind"] == "unusable"]
    assert len(rows) == 1 and "registry.yaml" in rows[0]["summary"]
    assert run_command(["registry", "check", "registry.yaml"]) == 2


def test_a_wrong_entry_is_one_line_where_it_is_asked_for_and_harms_nothing(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = shop()
    content = yaml.safe_load(file.read_text())
    wrong = {**content["weights"]["shapes"], "url": "http://127.0.0.1/x.safetensors"}
    del wrong["file"]
    strange = {**content["weights"]["shapes"], "model": "nobody/nothing"}
    file.write_text(yaml.safe_dump({"schema": 1, "weights": {**content["weights"], "bad": wrong, "odd": strange}}))
    told = f"ganzoo: {file}: weights 'bad': url 'http://127.0.0.1/x.safetensors' of weights 'bad': write https://"
    for command in ("sample bad", "stylize bad x.png --out y", "show bad", "run bad", "run dcgan --tiny --from bad"):
        assert run_command(command.split()) == 2
        assert capsys.readouterr().err.startswith(told), command
    assert run_command(["list"]) == 0
    listed = capsys.readouterr().out
    assert "published models that can't be used" in listed and "no model 'nobody/nothing' is installed" in listed
    assert run_command(["list", "--format", "names"]) == 0
    assert not {"bad", "odd"} & set(capsys.readouterr().out.split())
    assert find("shapes").name == "shapes"


def test_a_comparison_takes_a_checkpoint_and_a_published_model(
    shop: Callable[..., Path], run: Path, tmp_path: Path
) -> None:
    from ganzoo.comparing.plan import entries_of, settings_of

    shop()
    names = [f"{run}@2", "shapes", "dcgan"]
    settings = settings_of(names, budget="1steps", seeds=1, options={}, jobs=1, threads=1, tiny=True)
    entries = entries_of(settings, open_catalog(), tmp_path / "comparison")
    assert [(one.trained, one.which) for one in entries] == [(True, "2"), (True, ""), (False, "")]
    assert entries[0].name.endswith("@2") and entries[1].name == "shapes"


def test_a_published_painter_shows_any_photos(tmp_path: Path) -> None:
    """Those of its training are private: their folder is not named, and need not be here."""
    for folder, count in (("mine", 20), ("yours", 5)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            Image.new("RGB", (24, 24), (10 * number, 90, count)).save(tmp_path / folder / f"{number}.png")
    mine, yours = str(tmp_path / "mine"), str(tmp_path / "yours")
    ganzoo.run("lptn", tiny=True, out=tmp_path / "run", device="cpu", budget="1steps", data=mine)
    done = publish(find(tmp_path / "run"), tmp_path / "strokes.safetensors", open_catalog())
    assert mine not in done.file.read_bytes().decode(errors="replace") and "mine" in done.entry["trained_on"]
    folder = find(done.file).folder
    with pytest.raises(UsageError, match="--data FOLDER"):
        held_out_photos(folder, open_catalog())
    assert len(held_out_photos(folder, open_catalog(), data=yours)) == 5
    with pytest.raises(DataError, match="not the photos"):
        held_out_photos(tmp_path / "run", open_catalog(), data=yours)
