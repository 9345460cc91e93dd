"""Files are text in UTF-8 whatever the locale is, so every call that opens one says so."""

import ast
from collections.abc import Iterator

from tests.import_graph import ROOT

OPEN_NO_TEXT = {"Image", "os", "tarfile", "zipfile", "av", "library", "opener"}


def unsaid(source: str) -> Iterator[ast.Call]:
    """The calls that open text without an encoding. A mode that is no literal counts as that of text."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or any(word.arg == "encoding" for word in call.keywords):
            continue
        match call.func:
            case ast.Name(id="open"):
                binary = _is_binary(call, 1)
            case ast.Attribute(attr="open", value=ast.Name(id=name) | ast.Attribute(attr=name)) if name in OPEN_NO_TEXT:
                continue
            case ast.Attribute(attr="open"):
                binary = _is_binary(call, 0)
            case ast.Attribute(attr="read_text"):
                binary = bool(call.args)  # the encoding, or the file of an installed distribution, which is UTF-8
            case ast.Attribute(attr="write_text"):
                binary = len(call.args) > 1
            case _:
                continue
        if not binary:
            yield call


def _is_binary(call: ast.Call, position: int) -> bool:
    modes = [*call.args[position : position + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and "b" in str(mode.value) for mode in modes)


def test_every_text_file_is_opened_as_utf_8() -> None:
    files = [file for folder in ("ganzoo", "plugins", "docs") for file in sorted((ROOT / folder).rglob("*.py"))]
    assert [
        f"{file.relative_to(ROOT)}:{call.lineno}" for file in files for call in unsaid(file.read_text(encoding="utf-8"))
    ] == []


def test_the_check_sees_what_it_must() -> None:
    assert len(list(unsaid("open(f)\np.open()\np.open('w')\np.read_text()\np.write_text(t)\nopen(f, mode='w')"))) == 6
    assert not list(unsaid("open(f, 'rb')\np.open('rb')\np.read_text(encoding='utf-8')\nImage.open(f)"))
