"""YAML from others: plain mappings are read, and nothing that could run code or eat the memory."""

from pathlib import Path

import pytest

from ganzoo import UsageError
from ganzoo.io.yamlfile import MAX_BYTES, MAX_DEPTH, read_options, read_yaml


def written(folder, text):
    file = folder / "some.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", {}),
        ("# only a comment", {}),
        ("lr: 2.0e-4\nloss: {name: wgan-gp, weight: 3}", {"lr": 2e-4, "loss": {"name": "wgan-gp", "weight": 3}}),
        ("size: 96x160\nbudget: 10min", {"size": "96x160", "budget": "10min"}),
        ("name: caf\u00e9", {"name": "caf\u00e9"}),
    ],
)
def test_a_mapping_is_read(tmp_path, text, content):
    assert read_yaml(written(tmp_path, text)) == content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", r"aliases \(\*x\) are not read"),
        ("a: &x {b: *x}", "aliases"),
        ("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH, f"nested deeper than {MAX_DEPTH} levels"),
        ("a: " + "[" * 100_000, "nested deeper|maximum nesting depth"),  # newer parsers have a limit of their own
        ("a: " + "x" * MAX_BYTES, f"at most {MAX_BYTES} are read"),
        ("- a\n- b", "write a mapping of names to values"),
        ("just text", "write a mapping"),
        ("a: !!python/object/apply:os.system ['exit 1']", r"tags \(tag:yaml.org,2002:python/object"),
        ("a: !!python/name:os.system", "tags"),
        ("a: !!python/tuple [1]", "tags"),
        ("a: !!int ''", "tags"),  # PyYAML raises IndexError, KeyError and AttributeError for tags that don't fit
        ("!!bool x: 1", "tags"),
        ("a: !mine 3", "tags"),
        ("a: 1" + ":1" * 200_000, "a number of 400001 characters"),  # 22 seconds without the limit
        ("a: 0x" + "f" * 100_000, "a number of 100002 characters"),
        ("a: " + "9" * 101, "a number of 101 characters"),
        ("a: [1, 2", r"line \d: .*expected"),
        ("a: b\n---\na: c", "line 2: a second document begins here"),
        ("a: 1\nb: 2\na: 1", "line 3: 'a' is given twice, in line 1 too: keep one"),
        ('a:\n  b: {c: 1, "c": 2}', "line 2: 'c' is given twice"),
        ("- a", "line 1: write a mapping"),
        ("a: 1\n\tb: 2", "line 2: .*Indent with spaces instead of tabs"),
        ("a:\n\t- 1", "line 2: .*tabs"),
        ("x: 1\na: *b", r"line 2: aliases"),
        ("a: 2024-99-99", "ValueError"),
        ("? [a, b]\n: c", "line 1: write a mapping of names"),
        (b"a: caf\xe9", "line 1: .*no UTF-8 text"),
        (b"a: \x00", "line 1: .*no UTF-8 text"),
    ],
)
def test_anything_else_is_a_usage_error_with_the_path(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read_yaml(written(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'some.yaml'}: ")
    assert "\n" not in str(caught.value)


def test_the_deepest_nesting_allowed_is_read(tmp_path):
    assert read_yaml(written(tmp_path, "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)))


def test_a_long_text_is_no_number(tmp_path):
    text = "9" * 200 + " bottles"
    assert read_yaml(written(tmp_path, f"a: '{text}'\nb: {'x' * 500}")) == {"a": text, "b": "x" * 500}


def test_the_head_of_an_endless_file_is_enough():
    with pytest.raises(UsageError, match=f"at most {MAX_BYTES} are read"):
        read_yaml(Path("/dev/zero"))


def test_a_text_in_another_encoding_is_said_to_be_one(tmp_path):
    file = tmp_path / "latin.yaml"
    file.write_bytes("lr: 1\ndata: café\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.yaml: line 2: .*save the file as UTF-8$"):
        read_options(file)


@pytest.mark.parametrize(("name", "message"), [("missing.yaml", "FileNotFoundError"), (".", "IsADirectoryError")])
def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path, name, message):
    with pytest.raises(UsageError, match=message):
        read_yaml(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    ["no", "Yes", "off", "true", "007", "010", "0x10", "1_000", "12:30", "1e3", "1.10", "2024-01-01", "2024-99-99"],
)
def test_options_are_what_is_written(tmp_path, text):
    file = written(tmp_path, f"a: {text}\nb: {{c: [{text}]}}")
    assert read_options(file).values == {"a": text, "b": {"c": [text]}}
    assert read_yaml(file, as_written=("a", "b")) == {"a": text, "b": {"c": [text]}}


def test_options_keep_plain_numbers_and_nothing_and_their_lines(tmp_path):
    found = read_options(written(tmp_path, "a: 8\n\nb: '8'\nc: null\nd: ~\ne:\nloss:\n  name: wgan-gp\n  weight: 3"))
    assert found.values == {
        **{"a": 8, "b": "8", "c": None, "d": None, "e": None},
        "loss": {"name": "wgan-gp", "weight": 3},
    }
    assert found.lines == {"a": 1, "b": 3, "c": 4, "d": 5, "e": 6, "loss": 7, "loss.name": 8, "loss.weight": 9}
    assert read_options(written(tmp_path, "# nothing")).values == {}
