"""Weights that a plugin declares: what can't be right is refused at once, what is fetched is checked before use."""

import errno
import hashlib
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from ganzoo import Weights
from ganzoo.errors import StorageError, UsageError
from ganzoo.weights import check, fetched, read
from tests.weights.web import Site, site

__all__ = ["site"]  # a fixture

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
        *((name, 3) for name in ("url", "sha256", "license", "summary")),
        ("summary", "two\nlines"),
    ],
)
def test_a_declaration_that_can_not_be_right_is_refused(field: str, value: object) -> None:
    Weights(**GOOD)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"^{'weights' if field == 'name' else field} "):
        Weights(**{**GOOD, field: value})  # type: ignore[arg-type]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the cache in which the files come to lie."""
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


def declared(site: Site, **changes: object) -> Weights:
    """The good file, which the site has, or another."""
    site.files.setdefault("/dusk.safetensors", CONTENT)
    return Weights(**{**GOOD, "url": f"{site.url}/dusk.safetensors", **changes})  # type: ignore[arg-type]


def draft(place: Path) -> Path:
    return place / f".{GOOD['sha256']}.part"


def test_what_is_declared_is_fetched_once_and_checked_at_every_use(site: Site, place: Path) -> None:
    weights = declared(site)
    file = fetched(weights)
    assert torch.equal(read(file)["a"], torch.ones(4)) and file.parent == place
    assert fetched(weights) == file and site.asked == [("/dusk.safetensors", "")]
    for damage in (CONTENT[:-1], CONTENT[:-1] + b"x"):
        file.write_bytes(damage)
        assert fetched(weights).read_bytes() == CONTENT
    assert len(site.asked) == 3 and os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[:-1] + b"x", "SHA-256"),
        (CONTENT[:-1], "bytes, declared are"),
        (CONTENT * 1000, f"have {len(CONTENT) + 1:,} bytes"),  # no more is taken than shows that it is another file
        (b"", "have 0 bytes"),
    ],
)
def test_another_file_than_declared_is_not_used(site: Site, place: Path, content: bytes, message: str) -> None:
    site.files["/dusk.safetensors"] = content
    with pytest.raises(StorageError, match=message):
        fetched(declared(site))
    assert not list(place.iterdir())


@pytest.mark.parametrize(("broken_after", "ranges"), [([10], True), ([10, 20, 5], True), ([10], False)])
def test_a_broken_download_goes_on(site: Site, place: Path, broken_after: list[int], ranges: bool) -> None:
    site.broken_after, site.ranges = [*broken_after], ranges
    assert fetched(declared(site)).read_bytes() == CONTENT
    begins = [sum(broken_after[: number + 1]) for number in range(len(broken_after))]
    assert [wanted for _, wanted in site.asked] == ["", *(f"bytes={one}-" for one in begins)]
    assert len(os.listdir(place)) == 1


def test_a_later_call_goes_on_where_one_broke_off(site: Site, place: Path) -> None:
    site.broken_after = [10, 0]
    with pytest.raises(UsageError, match=r"broke off after 0 of .* connect to the network"):
        fetched(declared(site))
    assert draft(place).read_bytes() == CONTENT[:10]
    fetched(declared(site))
    assert site.asked[-1] == ("/dusk.safetensors", "bytes=10-") and os.listdir(place) == [
        f"{GOOD['sha256']}.safetensors"
    ]


@pytest.mark.parametrize("rest", [b"other bytes", b"x" * (len(CONTENT) + 1), CONTENT + b"x", CONTENT[:-1] + b"x"])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_rest_of_another_file_is_thrown_away(site: Site, place: Path, rest: bytes, ranges: bool) -> None:
    site.ranges = ranges
    place.mkdir(parents=True)
    draft(place).write_bytes(rest)
    assert fetched(declared(site)).read_bytes() == CONTENT
    assert len(os.listdir(place)) == 1


def test_a_rest_that_is_longer_than_what_the_server_has_now(site: Site, place: Path) -> None:
    """It answers 416. The whole is asked for, and once more, as the draft may be to blame."""
    site.files["/dusk.safetensors"] = CONTENT[:20]
    place.mkdir(parents=True)
    draft(place).write_bytes(CONTENT[:30])
    with pytest.raises(StorageError, match="have 20 bytes"):
        fetched(declared(site))
    assert [wanted for _, wanted in site.asked] == ["bytes=30-", "", ""] and not os.listdir(place)


def test_redirects_stay_on_https(site: Site, place: Path) -> None:
    weights = declared(site, url=f"{site.url}/moved.safetensors")
    site.redirects["/moved.safetensors"] = "/there.safetensors"
    site.redirects["/there.safetensors"] = f"{site.url}/dusk.safetensors"
    site.broken_after = [10]
    assert fetched(weights).read_bytes() == CONTENT
    assert site.asked[-1] == ("/dusk.safetensors", "bytes=10-")
    fetched(weights).unlink()
    for url in (f"http{site.url.removeprefix('https')}/dusk.safetensors", "ftp://127.0.0.1/x", "file:///etc/passwd"):
        site.redirects["/there.safetensors"] = url
        with pytest.raises(UsageError, match=r"no https address|is not allowed"):
            fetched(weights)
    site.redirects["/there.safetensors"] = "/moved.safetensors"
    with pytest.raises(UsageError, match="infinite loop"):
        fetched(weights)
    assert not os.listdir(place)


def test_the_page_of_a_proxy_is_named(site: Site, place: Path) -> None:
    site.kind, site.files["/dusk.safetensors"] = "text/html; charset=utf-8", b"<html>Sign in</html>"
    with pytest.raises(StorageError, match=r"gave text/html: a proxy may have answered"):
        fetched(declared(site))
    assert not os.listdir(place)


def test_an_address_without_the_file_is_named(site: Site, place: Path) -> None:
    with pytest.raises(UsageError, match=r"'dusk-1' \(HTTPError: .*404.*put https://127.*/gone.safetensors at"):
        fetched(declared(site, url=f"{site.url}/gone.safetensors"))


def test_a_certificate_that_nobody_vouches_for_is_refused(
    site: Site, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(UsageError, match="CERTIFICATE_VERIFY_FAILED"):
        fetched(declared(site))


def test_without_a_network_it_says_where_to_put_the_file(place: Path) -> None:
    weights = Weights(**{**GOOD, "url": "https://127.0.0.1:9/dusk.safetensors"})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"connect to the network, or put https://127\.0\.0\.1:9") as caught:
        fetched(weights)
    file = Path(str(caught.value).rpartition(" at '")[2].rstrip("'"))
    file.write_bytes(CONTENT)
    assert fetched(weights) == file
    check(file, weights)


def test_a_full_disk_is_named_and_not_kept_full(site: Site, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, *_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ganzoo.weights.fetching.appending", lambda path: path.touch() or Full())
    with pytest.raises(StorageError, match=r"can't keep the weights 'dusk-1' .*No space left.*GANZOO_CACHE"):
        fetched(declared(site))
    assert not os.listdir(place)


def test_a_cache_that_can_only_be_read(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is there is used; what is missing, or is damaged, is one line."""
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    file = fetched(declared(site))
    monkeypatch.setattr("ganzoo.weights.fetching.one_at_a_time", read_only)
    assert fetched(declared(site)) == file
    monkeypatch.setattr(Path, "unlink", read_only)
    file.write_bytes(b"damaged")
    with pytest.raises(StorageError, match=r"can't keep the weights 'dusk-1'.*Read-only.*GANZOO_CACHE names another"):
        fetched(declared(site))


def read_only(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def test_two_that_want_one_file_fetch_it_once(site: Site, place: Path) -> None:
    both = threading.Barrier(2)
    site.before = lambda: time.sleep(0.3)
    found: list[Path] = []

    def fetch() -> None:
        both.wait()
        found.append(fetched(declared(site)))

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(site.asked) == 1 and len(found) == 2 and found[0].read_bytes() == CONTENT


def test_what_a_killed_process_has_fetched_is_not_fetched_again(site: Site, place: Path) -> None:
    weights, stop = declared(site), threading.Event()
    site.files["/slow.safetensors"] = CONTENT
    site.broken_after, site.before = [10], lambda: None if len(site.asked) < 2 else stop.wait(60)  # type: ignore[return-value]
    code = f"from ganzoo import Weights; from ganzoo.weights import fetched; fetched({weights!r})"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 60
        while len(site.asked) < 2:  # it has ten bytes, and waits for the others
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert draft(place).read_bytes() == CONTENT[:10]
    finally:
        process.kill()
        stop.set()
    site.before, before = lambda: None, len(site.asked)
    assert fetched(weights).read_bytes() == CONTENT
    assert site.asked[before:] == [("/dusk.safetensors", "bytes=10-")] and len(os.listdir(place)) == 1


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "a.safetensors")
    with pytest.raises(StorageError, match="cut off, or no"):
        read(tmp_path / "a.safetensors")
    with pytest.raises(StorageError, match="FileNotFoundError"):
        read(tmp_path / "b.safetensors")
    with pytest.raises(StorageError, match="import-weights"):
        read(tmp_path / "c.pt")
