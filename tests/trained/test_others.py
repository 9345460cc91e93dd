"""Published models that are another program's checkpoint: several files, fetched from their addresses and imported."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from ganzoo_plugins.microast.networks import MicroGenerator
from PIL import Image
from safetensors.torch import load_file

import ganzoo
from ganzoo.catalog.registry import load_registry
from ganzoo.cli import run_command
from ganzoo.config.resolve import configure_run
from ganzoo.engine.build import build_gan
from ganzoo.errors import StorageError, UsageError
from ganzoo.trained import find
from tests.built_in import CATALOG
from tests.weights.web import Site, site
from tests.zoo.test_microast import CLOSE, PUBLISHED
from tests.zoo.test_published import in_process

__all__ = ["in_process", "site"]  # fixtures
PARTS = ("content_encoder", "style_encoder", "modulator", "decoder")


def small() -> dict[str, dict[str, torch.Tensor]]:
    """The four files of a narrow network, by their names, with names of tensors as the authors wrote them."""
    torch.manual_seed(3)
    gan = build_gan(configure_run("microast", CATALOG, options={"generator.width": 4, "size": "16"}), {})
    network = gan.get_submodule("generator")
    assert isinstance(network, MicroGenerator)
    files = {}
    for part in PARTS:
        tensors = network.get_submodule(part).state_dict()
        theirs = {
            f"{name[: name.rindex('.')]}.conv_layer{name[name.rindex('.') :]}": one for name, one in tensors.items()
        }
        files[f"{part}_iter_160000.pth.tar"] = theirs
    return files


Sell = Callable[..., dict[str, object]]


@pytest.fixture
def sell(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sell:
    """Puts the small files at addresses, and the name `any` for them in a registry here, whose entry may change."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))

    def write(**changes: object) -> dict[str, object]:
        entries = []
        for name, tensors in small().items():
            torch.save(tensors, tmp_path / "file")
            site.files[f"/{name}"] = data = (tmp_path / "file").read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            entries.append({"url": f"{site.url}/{name}", "sha256": digest, "size": len(data)})
        entry = {"model": "microast/microast", "summary": "any style", "license": "MIT", "credit": "Jane Doe"}
        entry = {**entry, "files": entries, **changes}
        Path("registry.yaml").write_text(yaml.safe_dump({"schema": 1, "weights": {"any": entry}}))
        return entry

    return write


def test_files_are_fetched_checked_and_imported_once(
    sell: Sell, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    sell()
    found = find("any")
    assert found.name == "any" and sorted(site.paths) == sorted(f"/{part}_iter_160000.pth.tar" for part in PARTS)
    content = json.loads((found.folder / "run.json").read_text())
    assert [one["name"] for one in content["imported"]["files"]] == [path.removeprefix("/") for path in site.paths]
    gan = ganzoo.load("any", device="cpu")
    own = gan.gan.get_submodule("generator").state_dict()
    for part in PARTS:
        for name, tensor in small()[f"{part}_iter_160000.pth.tar"].items():
            assert torch.equal(own[f"{part}.{name.replace('conv_layer.', '')}"], tensor)
    assert len(site.asked) == len(PARTS)
    Image.new("RGB", (40, 32), (90, 120, 200)).save("lake.png")
    Image.linear_gradient("L").convert("RGB").save("style.png")
    assert run_command(["stylize", "any", "lake.png", "--style", "style.png", "--out", "painted"]) == 0
    assert Path("painted/lake.png").is_file()
    assert run_command(["show", "any"]) == 0 and "Jane Doe" in (card := capsys.readouterr().out)
    assert "MIT" in card and all(f"{site.url}/{part}_iter" in card for part in PARTS)
    line = (
        "run microast --tiny --set generator.width=4 --set generator.unbiased=true --budget 1steps --from any --out on"
    )
    assert run_command(line.split()) == 0
    start = json.loads(Path("on/run.json").read_text())["start"]
    assert start["source"] == "any" and start["taken"] >= len(own) - 1


def test_another_file_at_an_address_is_not_imported(sell: Sell, site: Site) -> None:
    sell()
    site.files["/decoder_iter_160000.pth.tar"] = site.files["/modulator_iter_160000.pth.tar"]
    with pytest.raises(StorageError, match="the file is not used"):
        find("any")
    assert not (Path("cache") / "published").exists() or not list((Path("cache") / "published").iterdir())


def test_a_damaged_copy_is_fetched_again(sell: Sell, site: Site) -> None:
    sell()
    folder = find("any").folder
    (folder / "run.json").write_text("{}")
    next((Path("cache") / "weights").rglob("decoder*")).write_bytes(b"x")
    assert find("any").folder == folder and ganzoo.load("any").step == 0
    assert site.paths[len(PARTS) :] == ["/decoder_iter_160000.pth.tar"]


def test_without_a_network_the_missing_file_is_named(
    sell: Sell, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = sell()
    files = [{**one, "url": one["url"].replace(site.url, "https://127.0.0.1:9")} for one in entry["files"]]  # type: ignore[attr-defined]
    sell(files=files)
    assert run_command(["stylize", "any", "x.png", "--out", "y"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("ganzoo: no weights 'any'") and err.count("\n") == 1
    assert "connect to the network, or put https://127.0.0.1:9/content_encoder_iter_160000.pth.tar at" in err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "adain/adain"}, r"a model of microast/microast, not of adain/adain"),
        ({"files": 1}, "of no network that ganzoo knows; nearest is MicroAST"),
    ],
)
def test_files_of_another_network_are_refused(sell: Sell, change: dict[str, object], told: str) -> None:
    entry = sell()
    sell(**({"files": entry["files"][:3]} if "files" in change else change))  # type: ignore[index]
    with pytest.raises(UsageError, match=told):
        find("any")


ONE = {"url": "https://a.b/c.pth.tar", "sha256": "0" * 64, "size": 3}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], "a list of up to"),
        ("x", "a list of up to"),
        ([ONE] * 17, "a list of up to"),
        ([3], "file 1: it needs url, sha256 and size"),
        ([{**ONE, "name": "x"}], "and nothing else"),
        ([ONE, ONE], "two have the same name"),
        ([{**ONE, "url": "http://a.b/c.pth"}], "write https"),
        ([{**ONE, "url": "https://a.b/c.exe"}], "with an ending of"),
        ([{**ONE, "url": "https://a.b/..%2Fc.pth"}], "write https"),
        ([{**ONE, "url": "https://a.b/.pth"}], "write https"),
        ([{**ONE, "url": "https://u:p@a.b/c.pth"}], "write https"),
        ([{**ONE, "url": "https://a.b/c.pth?x=/../../d.pth"}], ""),
        ([{**ONE, "url": 3}], "write https"),
        ([{**ONE, "sha256": 3}], "64 digits"),
        ([{**ONE, "size": True}], "number of bytes"),
    ],
)
def test_a_wrong_list_of_files_is_named(tmp_path: Path, files: object, told: str) -> None:
    entry = {"model": "microast/microast", "summary": "x", "license": "MIT", "files": json.loads(json.dumps(files))}
    file = tmp_path / "registry.yaml"
    file.write_text(yaml.safe_dump({"schema": 1, "weights": {"mine": entry}}))
    registry = load_registry(file)
    if told:
        assert told in registry.broken["mine"]
    else:
        assert [one.name for one in registry.published["mine"].files] == ["d.pth"]


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"the published weights are not here: {PUBLISHED}")
def test_the_published_entry_paints_as_its_authors_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are put where the line of a machine without a network says."""
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    for one in load_registry().published["microast-coco"].files:
        place = tmp_path / "weights" / one.sha256
        place.mkdir(parents=True)
        (place / one.name).write_bytes((PUBLISHED / one.name).read_bytes())
    gan = ganzoo.load("microast-coco", device="cpu").gan
    oracle = load_file(PUBLISHED / "oracle.safetensors")
    content, style = (2 * oracle[name] - 1 for name in ("content", "style"))
    with torch.no_grad():
        painted = (gan.translate(content, style=gan.style_of(style)) + 1) / 2  # type: ignore[attr-defined]
    assert (painted - oracle["output"].clamp(0, 1)).abs().max() < CLOSE
