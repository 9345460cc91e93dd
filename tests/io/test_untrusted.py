"""Files from others: bounded, JSON without surprises, and no link that leads out of a run folder."""

import os
from pathlib import Path

import pytest

from ganzoo.errors import UsageError
from ganzoo.io.untrusted import MAX_BYTES, check_links, parse_json, read_bytes, read_json


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 1_000_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a": NaN}', "not a finite number"),
        ('{"a": -Infinity}', "not a finite number"),
        ('{"a": 1e999}', "not a finite number"),
        ('{"a": ' + "9" * 21 + "}", "64 bits"),
        ('{"a": -' + "9" * 100_000 + "}", "64 bits"),
        ('{"a": 1, "b": {"c": 2, "d": 3, "c": 4}}', "'c' is given twice"),
        ("{", "Expecting"),
        ("", "Expecting"),
        (b"\xff\xfe\xff", "codec|Expecting"),
    ],
)
def test_json_that_is_none_or_hostile_is_a_value_error(text: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_json(text)


def test_ordinary_json_is_read() -> None:
    assert parse_json('{"a": [1, -2.5e3, null, "x"], "seed": 18446744073709551615}') == {
        "a": [1, -2500.0, None, "x"],
        "seed": 2**64 - 1,
    }
    assert parse_json('{"loss": NaN}', finite=False)["loss"] != parse_json("0")


def test_only_objects_of_a_bounded_size(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("[1]")
    with pytest.raises(ValueError, match="not hold a JSON object"):
        read_json(file)
    with file.open("r+b") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(ValueError, match="at most"):
        read_json(file)


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="not an ordinary file"):
            read_bytes(path, 10)


@pytest.mark.parametrize("place", ["", "samples", "checkpoints/step-000001"])
@pytest.mark.parametrize("target", ["../../secret", "/etc/passwd", "/nowhere/at/all", "circle"])
def test_a_link_out_of_the_folder_is_refused_wherever_it_is(tmp_path: Path, place: str, target: str) -> None:
    folder = tmp_path / "run"
    (folder / place).mkdir(parents=True)
    check_links(folder)
    link = folder / place / ("circle" if target == "circle" else "link")
    link.symlink_to(os.path.relpath(tmp_path / "secret", link.parent) if target.startswith("..") else target)
    with pytest.raises(UsageError, match="leads out of"):
        check_links(folder)


def test_links_within_the_folder_and_to_the_folder_are_fine(tmp_path: Path) -> None:
    (tmp_path / "run" / "samples").mkdir(parents=True)
    (tmp_path / "run" / "newest").symlink_to("samples")
    (tmp_path / "alias").symlink_to("run")
    check_links(tmp_path / "run")
    check_links(tmp_path / "alias")
