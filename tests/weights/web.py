"""An https server on the loopback address whose answers a test chooses. loopback.pem is its key, of no other use."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PEM = Path(__file__).with_name("loopback.pem")


@dataclass(kw_only=True)
class Site:
    """What is served by path, how, and what was asked for: path and Range header."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    broken_after: list[int] = field(default_factory=list)
    """Bytes after which the next connections break off, one each."""
    redirects: dict[str, str] = field(default_factory=dict)
    status: int = 200
    kind: str = "application/octet-stream"
    before: Callable[[], None] = lambda: None
    """Called before each answer."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no matter here."""


@contextmanager
def serve() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append((self.path, wanted))
            site.before()
            if self.path in site.redirects:
                self.send_response(302)
                self.send_header("Location", site.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = site.files.get(self.path, b"")
            first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges else 0
            if self.path not in site.files or first >= len(content) > 0:
                self.send_error(416 if self.path in site.files else 404)
                return
            self.send_response(206 if first else site.status)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Type", site.kind)
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            end = first + site.broken_after.pop(0) if site.broken_after else len(content)
            self.wfile.write(content[first:end])

        def log_message(self, *_: object) -> None:
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.url = f"https://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve() as one:
        yield one
