"""The audit of what is installed: run where it can be, skipped with its reason where not. Row 45 of the faults."""

import subprocess
import sys
import time
from urllib.error import URLError

import pytest

from tests import audit


def offline(*_: object, **__: object) -> None:
    raise URLError("no network")


def test_offline_it_is_skipped_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "find_spec", lambda _: object())
    monkeypatch.setattr("urllib.request.urlopen", offline)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it was run"))
    assert audit.main() == 0
    assert "skipped: no service of advisories can be reached" in capsys.readouterr().out


def test_not_installed_it_is_skipped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(audit, "find_spec", lambda _: None)
    assert audit.main() == 0 and "not installed" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1])
def test_what_it_finds_decides(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], timeout: float) -> "subprocess.CompletedProcess[bytes]":
        asked.append(command)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(audit, "find_spec", lambda _: object())
    monkeypatch.setattr(audit, "reachable", lambda address: "osv" in address)
    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main() == code and asked[0][-1] == "osv"


def test_a_slow_service_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: object, timeout: float) -> None:
        raise subprocess.TimeoutExpired("pip-audit", timeout)

    monkeypatch.setattr(audit, "find_spec", lambda _: object())
    monkeypatch.setattr(audit, "reachable", lambda _: True)
    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main() == 0


def test_as_a_command_without_a_network_it_takes_seconds() -> None:
    started = time.monotonic()
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "no_proxy": "", "PATH": "/bin"}
    done = subprocess.run([sys.executable, "-m", "tests.audit"], env=nowhere, capture_output=True, text=True)
    assert done.returncode == 0 and "skipped" in done.stdout and time.monotonic() - started < 20
