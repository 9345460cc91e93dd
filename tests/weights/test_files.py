"""Weights that a plugin declares: what can't be right is refused at once, what is fetched is checked before use."""

import hashlib
import io
import os
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save

from ganzoo import Weights
from ganzoo.errors import StorageError, UsageError
from ganzoo.weights import check, fetched, read

CONTENT = save({"a": torch.ones(4)})
GOOD = {
    "name": "dusk-1",
    "url": "https://example.org/models/dusk.safetensors",
    "sha256": hashlib.sha256(CONTENT).hexdigest(),
    "size": len(CONTENT),
    "license": "CC-BY-4.0",
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("url", url)
            for url in ("http://example.org/a.safetensors", "file:///etc/a.safetensors", "", "a.safetensors")
        ),
        *(("url", url) for url in ("https://example.org/a.pt", "https://x/a b.safetensors", "https:///a.safetensors")),
        *(("url", url) for url in ("https://u:p@example.org/a.safetensors", "https://x/\x1b[31m.safetensors")),
        *(("sha256", text) for text in ("", "abc", "g" * 64, GOOD["sha256"] + "0", str(GOOD["sha256"]).upper())),
        *(("size", size) for size in (0, -1, 10**12, 1.5, True, "4")),
        *(("name", name) for name in ("", "../x", "a/b", "a\nb", "x" * 101, ".hidden")),
        ("license", " "),
    ],
)
def test_a_declaration_that_can_not_be_right_is_refused(field: str, value: object) -> None:
    Weights(**GOOD)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"^{'weights' if field == 'name' else field} "):
        Weights(**{**GOOD, field: value})  # type: ignore[arg-type]


class Web:
    """Stands in for the network; counts what is asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []

    def __call__(self, url: str, timeout: float) -> io.BytesIO:
        self.asked.append(url)
        return io.BytesIO(self.content)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Web:
    web = Web(CONTENT)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", web)
    return web


def test_what_is_declared_is_fetched_once_and_checked_at_every_use(web: Web, tmp_path: Path) -> None:
    weights = Weights(**GOOD)  # type: ignore[arg-type]
    file = fetched(weights)
    assert torch.equal(read(file)["a"], torch.ones(4)) and file.is_relative_to(tmp_path)
    assert fetched(weights) == file and web.asked == [GOOD["url"]]
    for damage in (CONTENT[:-1], CONTENT[:-1] + b"x"):
        file.write_bytes(damage)
        assert fetched(weights).read_bytes() == CONTENT
    assert len(web.asked) == 3 and os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[:-1] + b"x", "SHA-256"),
        (CONTENT[:-1], "bytes, declared are"),
        (CONTENT * 1000, f"have {len(CONTENT) + 1:,} bytes"),  # no more is taken than shows that it is another file
        (b"", "have 0 bytes"),
    ],
)
def test_another_file_than_declared_is_not_used(web: Web, tmp_path: Path, content: bytes, message: str) -> None:
    web.content = content
    with pytest.raises(StorageError, match=message):
        fetched(Weights(**GOOD))  # type: ignore[arg-type]
    assert not list((tmp_path / "weights").iterdir())


def test_without_a_network_it_says_where_to_put_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", fail)
    weights = Weights(**GOOD)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"connect to the network, or put https://example\.org") as caught:
        fetched(weights)
    place = Path(str(caught.value).rpartition(" at '")[2].rstrip("'"))
    place.write_bytes(CONTENT)
    assert fetched(weights) == place
    check(place, weights)


@pytest.mark.parametrize(
    "trouble", [TimeoutError("timed out"), ConnectionResetError(104, "reset by peer"), IncompleteRead(b"x", 5)]
)
def test_a_connection_that_breaks_off_is_the_networks_trouble(
    web: Web, trouble: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Breaking(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise trouble

    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Breaking())
    with pytest.raises(UsageError, match="connect to the network"):
        fetched(Weights(**GOOD))  # type: ignore[arg-type]
    assert not list((tmp_path / "weights").iterdir())


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "a.safetensors")
    with pytest.raises(StorageError, match="cut off, or no"):
        read(tmp_path / "a.safetensors")
    with pytest.raises(StorageError, match="FileNotFoundError"):
        read(tmp_path / "b.safetensors")
    with pytest.raises(StorageError, match="import-weights"):
        read(tmp_path / "c.pt")
