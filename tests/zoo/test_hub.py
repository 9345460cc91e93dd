"""Hugging Face data sets: made in the test as parquet files and folders, read with and without streaming."""

import io
import json
import os
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import datasets
import pytest
from ganzoo_plugins.streams import HubOptions
from ganzoo_plugins.streams.hub import Hub
from PIL import Image
from pydantic import ValidationError

from ganzoo.cli import run_command
from ganzoo.config.units import Size
from ganzoo.data.cache import prepare
from ganzoo.data.source import Picture
from ganzoo.errors import DataError, UsageError
from ganzoo.runs.run_file import read_run_file

SIZE = Size(8, 8)
KINDS = ["sea", "wood", "hill"]


def jpeg(number: int) -> bytes:
    """A picture whose grey is its number."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (number,) * 3).save(file, "JPEG", quality=95)
    return file.getvalue()


def parquet(path: Path, numbers: Sequence[int], bad: Sequence[int] = (), unlabelled: Sequence[int] = ()) -> Path:
    """Rows of number, picture and class, as `datasets` writes them."""
    features = {"id": datasets.Value("int64"), "photo": datasets.Image(), "kind": datasets.ClassLabel(names=KINDS)}
    rows = {
        "id": list(numbers),
        "photo": [None if n in bad else {"bytes": jpeg(n), "path": f"{n}.jpg"} for n in numbers],
        "kind": [-1 if n in unlabelled else n % 3 for n in numbers],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    datasets.Dataset.from_dict(rows, features=datasets.Features(features)).to_parquet(path)
    return path


def hub(path: object, **options: object) -> Hub:
    return Hub(HubOptions(path=str(path), **options))  # type: ignore[arg-type]


def read(source: Hub) -> list[Picture]:
    return list(source.pictures(SIZE))


def greys(source: Hub) -> list[int]:
    """The numbers of the pictures that can be read."""
    return [round(float(picture.pixels.mean())) for picture in read(source) if picture.pixels is not None]


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked for over the network, and nothing is written to the user's cache."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()


@pytest.fixture
def two(tmp_path: Path) -> str:
    """Thirty rows in two files, as a pattern."""
    parquet(tmp_path / "rows" / "0.parquet", range(20))
    parquet(tmp_path / "rows" / "1.parquet", range(20, 30))
    return str(tmp_path / "rows" / "*.parquet")


@pytest.mark.parametrize("streaming", [True, False])
def test_rows_come_in_order_with_their_classes(two: str, streaming: bool) -> None:
    source = hub("parquet", files=two, streaming=streaming)
    assert source.count() == (None if streaming else 30)
    pictures = read(source)
    assert [picture.labels for picture in pictures] == [(number % 3,) for number in range(30)]
    assert source.attributes == {"kind": tuple(KINDS)}
    assert pictures[3].name == "row 3 (3.jpg)" and len({picture.digest for picture in pictures}) == 30
    assert greys(source) == list(range(30)) == greys(source)
    assert greys(hub(Path(two).parent, streaming=streaming)) == list(range(30))
    limited = hub("parquet", files=two, streaming=streaming, limit=7)
    assert limited.count() == (None if streaming else 7) and greys(limited) == list(range(7))


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shares_are_disjoint_and_complete(two: str, streaming: bool, parts: int) -> None:
    options = {"files": two, "streaming": streaming}
    shares = [hub("parquet", share=f"{number}/{parts}", **options) for number in range(1, parts + 1)]
    found = [greys(share) for share in shares]
    assert sorted(chain.from_iterable(found)) == list(range(30)) and all(found)
    assert {tuple(share.attributes["kind"]) for share in shares} == {tuple(KINDS)}
    assert streaming or [share.count() for share in shares] == [len(numbers) for numbers in found]
    assert len({share.fingerprint() for share in shares}) == parts


@pytest.mark.parametrize("streaming", [True, False])
def test_a_folder_of_images(tmp_path: Path, streaming: bool) -> None:
    for number in range(6):
        path = tmp_path / "photos" / KINDS[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(number))
    (tmp_path / "photos" / "sea" / "8.jpg").write_bytes(b"no picture")
    source = hub(tmp_path / "photos", streaming=streaming)
    assert greys(source) == [0, 2, 4, 1, 3, 5]
    assert source.attributes == {"label": ("sea", "wood")}
    assert [picture.name for picture in read(source) if "not an image" in picture.problem] == ["row 3 (8.jpg)"]


@pytest.mark.parametrize("streaming", [True, False])
def test_columns_chosen_by_name(tmp_path: Path, two: str, streaming: bool) -> None:
    options = {"files": two, "streaming": streaming}
    assert hub("parquet", label="-", **options).attributes == {}
    assert {picture.labels for picture in read(hub("parquet", label="-", **options))} == {()}
    numbered = hub("parquet", label="id", limit=4, **options)
    assert [picture.labels for picture in read(numbered)] == [(0,), (1,), (2,), (3,)]
    assert numbered.attributes == {"id": ("0", "1", "2", "3")}
    with pytest.raises(UsageError, match=r"data\.values"):
        read(hub("parquet", label="id", share="1/2", **options))
    plain = tmp_path / "plain.parquet"
    datasets.Dataset.from_dict({"raw": [jpeg(5), jpeg(6)], "id": [0, 1]}).to_parquet(plain)
    assert greys(hub("parquet", files=str(plain), image="raw", streaming=streaming)) == [5, 6]
    with pytest.raises(DataError, match=r"no column of images but raw, id: set data\.image"):
        read(hub("parquet", files=str(plain), streaming=streaming))


@pytest.mark.parametrize("streaming", [True, False])
def test_files_named_by_text_columns(tmp_path: Path, streaming: bool) -> None:
    (tmp_path / "4.jpg").write_bytes(jpeg(4))
    rows = [{"file": str(tmp_path / "4.jpg"), "kind": "sea"}, {"file": str(tmp_path / "no.jpg"), "kind": "sea"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source = hub("json", files=str(tmp_path / "rows.jsonl"), image="file", label="kind", streaming=streaming)
    good, missing = read(source)
    assert good.pixels is not None and "No such file" in missing.problem
    assert source.attributes == {"kind": ("sea",)}


def test_a_row_without_picture_or_label_is_skipped(tmp_path: Path) -> None:
    file = parquet(tmp_path / "x.parquet", range(4), bad=[1], unlabelled=[2])
    problems = [picture.problem for picture in read(hub("parquet", files=str(file)))]
    assert problems == ["", "the row has no image", "no label 'kind'", ""]


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("nobody/nothing-of-that-name", {}, "data set 'nobody/nothing-of-that-name' can't be read"),
        ("parquet", {"files": "no.parquet"}, "Unable to find"),
        ("parquet", {"files": "{two}", "split": "test"}, r"Bad split: test|Unknown split \"test\""),
        ("parquet", {"files": "{two}", "image": "foto"}, r"data\.image is one of id, photo, kind"),
        ("parquet", {"files": "{bad}"}, "bad.parquet|[Pp]arquet magic"),
        ("{empty}", {}, "can't be read"),
    ],
    ids=["unknown", "missing", "split", "column", "damaged", "empty"],
)
@pytest.mark.parametrize("streaming", [True, False])
def test_what_can_not_be_read_is_one_line(
    two: str, tmp_path: Path, path: str, options: dict[str, str], words: str, streaming: bool
) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "empty").mkdir()
    places = {"two": two, "bad": tmp_path / "bad.parquet", "empty": tmp_path / "empty"}
    source = hub(path.format(**places), streaming=streaming, **{k: v.format(**places) for k, v in options.items()})
    with pytest.raises(DataError, match=words) as caught:
        read(source)
    assert "\n" not in str(caught.value)


def test_damage_within_a_file_loses_no_row_silently(tmp_path: Path) -> None:
    file = parquet(tmp_path / "x.parquet", range(200))
    data = file.read_bytes()
    quarter = len(data) // 4
    file.write_bytes(data[:quarter] + bytes(quarter) + data[2 * quarter :])
    pictures = read(hub("parquet", files=str(file)))
    assert len(pictures) == 200 and 10 < sum(bool(picture.problem) for picture in pictures) < 190


def test_no_code_of_a_data_set_is_run(tmp_path: Path) -> None:
    script = tmp_path / "evil" / "evil.py"
    script.parent.mkdir()
    script.write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\n")
    for path in (script.parent, script):
        with pytest.raises(DataError):
            read(hub(path))
    with pytest.raises(ValidationError, match="reads pickles"):
        hub("pandas", files="x.pkl")
    assert not (tmp_path / "canary").exists()


def test_the_stamp_follows_files_and_options_and_opens_nothing(two: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    first = hub("parquet", files=two).fingerprint()
    assert hub("parquet", files=two, streaming=False).fingerprint() == first
    others = [hub("parquet", files=two, **{key: "x"}).fingerprint() for key in ("revision", "split", "image", "name")]
    os.utime(two.replace("*", "1"), ns=(1, 1))
    others.append(hub("parquet", files=two).fingerprint())
    assert len({first, *others}) == 6


def test_the_stamp_follows_a_file_that_was_written_again_in_place(tmp_path: Path) -> None:
    """With its old size and time; and a link that leads nowhere is no obstacle."""
    (tmp_path / "gone.parquet").symlink_to(tmp_path / "nowhere")
    stamps = []
    for content in (b"one", b"two"):
        (tmp_path / "x.parquet").write_bytes(content)
        os.utime(tmp_path / "x.parquet", ns=(1, 1))
        stamps.append(hub(tmp_path).fingerprint())
    assert stamps[0] != stamps[1]


def test_a_missing_package_says_what_to_install(two: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"pip install 'ganzoo-core\[datasets\]'"):
        read(hub("parquet", files=two))


def test_a_run_on_rows_is_resumed_elsewhere_from_the_cache(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ["--set", "data.path=parquet", "--set", "data.files=rows/*.parquet", "--device", "cpu", "--tiny"]
    assert run_command(["run", "dcgan", "--data", "hub", *settings, "--out", "run", "--budget", "4steps"]) == 0
    facts = read_run_file(tmp_path / "run")["data"]
    assert (facts["images"], facts["attributes"]) == (30, {"kind": KINDS})
    monkeypatch.chdir(tmp_path / "rows")
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert run_command(["run", "--resume", "../run", "--budget", "6steps"]) == 0


def test_streamed_and_kept_rows_are_the_same_pictures(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    streamed = prepare(hub("parquet", files=two), SIZE)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "other"))
    kept = prepare(hub("parquet", files=two, streaming=False), SIZE)
    assert (streamed.pixels == kept.pixels).all() and streamed.fingerprint == kept.fingerprint
