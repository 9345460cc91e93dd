"""Fetches declared files of weights once by https, and checks their size and SHA-256 before every use.

A download that breaks off is resumed, by the same process and by later ones. Of several processes that want the same
file, one fetches it and the others wait.
"""

import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Protocol
from urllib.error import HTTPError, URLError

from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.io.files import appending, cache_folder, one_at_a_time
from ganzoo.weights.files import ENDING, sha256

_TIMEOUT = 60.0
_BLOCK = 1 << 20
_BREAKS = 5
"""How often one call resumes a download that breaks off, as long as each connection brings something."""


class Declared(Protocol):
    """What is said of a file before it is read."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def sha256(self) -> str:
        """Hexadecimal."""


class Fetchable(Declared, Protocol):
    """A declared file with its address and a name for messages."""

    @property
    def name(self) -> str:
        """What users call it."""

    @property
    def url(self) -> str:
        """An https address."""


def fetched(weights: Fetchable) -> Path:
    """The file in ganzoo's cache, with the declared size and SHA-256. It is fetched from its address if need be.

    Raises UsageError when it is missing and can't be fetched, StorageError when the address gives another file, or
    when the file can't be written.
    """
    return fetched_to(weights, place(weights.sha256))


def fetched_to(weights: Fetchable, file: Path) -> Path:
    """The same at another place in the cache."""
    try:
        if not _is_good(file, weights):
            with one_at_a_time(weights.sha256):
                if not _is_good(file, weights):  # another process may have been faster
                    _fetch(weights, file)
    except URLError as error:
        raise UsageError(
            f"no weights '{weights.name}' ({one_line(error)}): connect to the network, or put {weights.url} at '{file}'"
        ) from None
    except OSError as error:
        raise StorageError(
            f"can't keep the weights '{weights.name}' at '{file}': {one_line(error)}. GANZOO_CACHE names another folder"
        ) from None
    return file


def _is_good(file: Path, weights: Declared) -> bool:
    """Whether the file exists as declared. Deletes one that was cut off by a crash, or has changed."""
    if not file.exists():
        return False
    try:
        check(file, weights)
    except StorageError:
        file.unlink()
        return False
    return True


def _fetch(weights: Fetchable, file: Path) -> None:
    """Downloads to a draft, which stays when the connection breaks, checks that, and only then gives it its name."""
    draft = file.with_name(f".{weights.sha256}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        begun = _length(draft) > 0
        kind = _complete(weights, draft)
        if begun and not _is_good(draft, weights):  # its first part was of another file
            kind = _complete(weights, draft)
        _check_answer(draft, weights, kind)
        draft.replace(file)
    except URLError:
        if not _length(draft):
            draft.unlink(missing_ok=True)
        raise
    except (OSError, StorageError):  # a full disk, which a draft would keep full, or another file
        with suppress(OSError):
            draft.unlink()
        raise


def _check_answer(draft: Path, weights: Fetchable, kind: str) -> None:
    try:
        check(draft, weights)
    except StorageError as error:
        page = (
            f". {weights.url} gave {kind}: a proxy may have answered in its place" if kind.startswith("text/") else ""
        )
        raise StorageError(f"{error}{page}") from None


def place(name: str) -> Path:
    """The path of a file of that name in ganzoo's cache."""
    return cache_folder() / "weights" / f"{name}{ENDING}"


def check(file: Path, weights: Declared) -> None:
    """Raises StorageError unless the file has the declared size and SHA-256."""
    size = file.stat().st_size
    if size != weights.size:
        raise StorageError(f"weights '{file}' have {size:,} bytes, declared are {weights.size:,}: the file is not used")
    if (digest := sha256(file)) != weights.sha256:
        raise StorageError(
            f"weights '{file}' have the SHA-256 {digest}, declared is {weights.sha256}: the file is not used"
        )


def _length(draft: Path) -> int:
    return draft.stat().st_size if draft.exists() else 0


def _complete(weights: Fetchable, draft: Path) -> str:
    """Downloads what the draft lacks, and returns the kind of content that the server names.

    Raises URLError for every network error. The draft has at most one byte more than declared then, which is enough to
    see that it is another file.
    """
    for again in range(_BREAKS, -1, -1):
        before = _length(draft)
        try:
            return _download(weights, draft)
        except URLError as error:
            refused = isinstance(error, HTTPError) and error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            if refused or not again or _length(draft) == before:
                raise
    raise AssertionError("the last try returns or raises")


def _download(weights: Fetchable, draft: Path) -> str:
    have = _length(draft)
    if have >= weights.size:
        have = 0
    with _answer(weights, have, draft) as answer:
        resumes = have > 0 and _resumes(answer, have)
        if not resumes:
            draft.unlink(missing_ok=True)
        with appending(draft) as file:
            for block in _blocks(answer, weights.size + 1 - (have if resumes else 0)):
                file.write(block)
        return answer.headers.get_content_type()


def _answer(weights: Fetchable, have: int, draft: Path) -> HTTPResponse:
    """What the server says to a request for the rest of the file."""
    request = urllib.request.Request(weights.url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        opener = urllib.request.build_opener(_OnlyHttps)
        answer: HTTPResponse = opener.open(request, timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            draft.unlink(missing_ok=True)  # so the next try asks for the whole
        raise
    except (OSError, HTTPException) as error:
        raise _network(error) from error
    return answer


def _resumes(answer: HTTPResponse, have: int) -> bool:
    """Whether the answer begins where the draft ends. A server may give the whole file instead."""
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return False
    given = answer.headers.get("Content-Range", "")
    if not given.startswith(f"bytes {have}-"):
        raise URLError(f"asked for the bytes from {have}, the server gives '{given}'")
    return True


def _blocks(answer: HTTPResponse, left: int) -> Iterator[bytes]:
    """Yields at most `left` bytes. Raises URLError for a connection that breaks off."""
    promised, got = answer.headers.get("Content-Length", ""), 0
    try:
        while left and (block := answer.read(min(_BLOCK, left))):
            yield block
            left -= len(block)
            got += len(block)
    except (OSError, HTTPException) as error:
        raise _network(error) from error
    if left and promised.isdigit() and got < int(promised):
        raise URLError(f"the connection broke off after {got:,} of {int(promised):,} bytes")


def _network(error: Exception) -> URLError:
    return error if isinstance(error, URLError) else URLError(one_line(error))


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follows redirects from https to https, and no others."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The request to the new address. Raises URLError for one that is no https address."""
        if not newurl.lower().startswith("https://"):
            fp.close()
            raise URLError(f"it leads to '{newurl[:200]}', which is no https address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
