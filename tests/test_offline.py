"""Nothing is sent anywhere: a whole run, from training to its report, opens no connection."""

import socket
from pathlib import Path

import pytest

from ganzoo.cli import run_command

SCORED = ("--set", "score_images=50", "--set", "data.count=200", "--set", "held_out=0.5")


def test_a_run_its_scores_pictures_and_report_open_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    folder = str(tmp_path / "run")
    more = ["--tiny", "--device", "cpu", "--budget", "4steps", "--out", folder]
    assert run_command(["run", "dcgan", *more, "--score-every", "2steps", *SCORED]) == 0
    assert run_command(["sample", folder, "-n", "4"]) == 0
    assert run_command(["report", folder]) == 0
    assert run_command(["list"]) == 0
    assert asked == []
