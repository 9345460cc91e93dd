"""Logs are read line by line: of a long one a part, evenly spread, and what is left out is said."""

import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from ganzoo.errors import StorageError
from ganzoo.io.untrusted import MAX_LINE, MAX_LOG, read_end, read_lines
from ganzoo.runs import logs
from ganzoo.runs.logs import each_scalar, keep_until, read_log, recorded_scalars, recorded_scores, recorded_timeline
from ganzoo.runs.paths import SCALARS, SCORES, TIMELINE


def write(folder: Path, steps: Sequence[int], name: str = SCALARS) -> Path:
    path = folder / name
    path.write_text("".join(f'{{"step": {step}, "loss": 0.5}}\n' for step in steps))
    return path


def steps(folder: Path) -> list[float]:
    return [line["step"] for line in recorded_scalars(folder)]


def test_a_short_log_is_read_whole(tmp_path: Path) -> None:
    log = read_log(write(tmp_path, range(10)))
    assert [line["step"] for line in log.lines] == list(range(10)) and log.left_out == ""


@pytest.mark.parametrize(("lines", "every"), [(50, 2), (51, 2), (80, 4), (7, 1)])
def test_of_a_long_one_every_second_fourth_line_and_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int, every: int
) -> None:
    path = write(tmp_path, range(10, 10 + lines))
    monkeypatch.setattr(logs, "MAX_KEPT", 30 * 127)
    log = read_log(path)
    last = 10 + lines - 1
    kept = list(range(10, 10 + lines, every))
    assert steps(tmp_path) == (kept if kept[-1] == last else [*kept, last])
    assert log.left_out == ("" if every == 1 else f"of {lines} lines of {SCALARS} one in {every} is read")
    assert [line["step"] for line in each_scalar(tmp_path)] == list(range(10, 10 + lines))


@pytest.mark.parametrize(("name", "read"), [(SCORES, recorded_scores), (TIMELINE, recorded_timeline)])
def test_a_part_of_the_scores_or_of_the_timeline_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, read: object
) -> None:
    write(tmp_path, range(50), name)
    monkeypatch.setattr(logs, "MAX_KEPT", 3000)
    with pytest.raises(StorageError, match=f"{name}' is too large"):
        read(tmp_path)


def test_lines_that_are_too_long_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, [1])
    with path.open("a") as file:
        for length in (MAX_LINE - 1, MAX_LINE, 3 * MAX_LINE):
            file.write("x" * length + "\n")
        file.write('{"step": 2}')
    assert [len(line) for line in read_lines(path)] == [25, MAX_LINE, 0, 0, 11]
    log = read_log(path)
    assert [line["step"] for line in log.lines] == [1, 2]
    assert log.left_out == f"2 lines of {SCALARS} have more than 1,000,000 bytes and are left out"


def test_a_line_of_a_gigabyte_takes_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path, [1])
    os.truncate(path, 200_000_000)
    tracemalloc.start()
    try:
        assert steps(tmp_path) == [1]
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_larger_file_than_any_log_is_refused(tmp_path: Path) -> None:
    os.truncate(write(tmp_path, [1]), MAX_LOG + 1)
    with pytest.raises(StorageError, match="at most 4,000,000,000 are read"):
        recorded_scalars(tmp_path)


@pytest.mark.parametrize("line", ["[]", "3", '"step"', '{"step": "5"}', '{"step": null}', '{"step": NaN}', "[" * 9999])
def test_what_is_no_line_of_a_log_is_left_out(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, [1])
    path.write_text(f'{line}\n{{"step": 2}}\n')
    assert steps(tmp_path) == [2]
    keep_until(path, 5)
    assert path.read_text() == '{"step": 2}\n'


def test_a_pipe_is_no_log(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / SCALARS)
    assert steps(tmp_path) == []
    with pytest.raises(OSError):
        read_end(tmp_path / SCALARS, 10)


def test_later_lines_and_half_ones_go_and_the_rest_stays_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, [1, 2, 3])
    before = path.stat()
    keep_until(path, 3)
    assert path.stat().st_ino == before.st_ino
    with path.open("a") as file:
        file.write('{"step": 4')
    keep_until(path, 2)
    assert path.read_bytes() == b'{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.5}\n'
    path.write_text('{"step": 1}')
    keep_until(path, 2)
    assert path.read_text() == '{"step": 1}\n'
    keep_until(tmp_path / "none", 2)
    assert [one.name for one in tmp_path.iterdir()] == [SCALARS]
