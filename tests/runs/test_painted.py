"""Painted scores are kept in the run's folder, with what further encoders say, until their step is trained anew."""

from dataclasses import replace
from pathlib import Path

import pytest

from ganzoo.errors import StorageError
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import keep_until, log_painted, recorded_painted
from ganzoo.runs.paths import PAINTED
from ganzoo.runs.protocol import PAINTED as PAINTED_VERSION
from ganzoo.runs.protocol import Protocol
from tests.scoring.small import evaluation


def painted(value: float, step: int) -> Evaluation:
    one = evaluation(value, step=step)
    return replace(one, beside=(replace(one, protocol=replace(one.protocol, metric="left-other")),))


def test_they_are_read_as_they_were_written(tmp_path: Path) -> None:
    for step in (3, 6):
        log_painted(tmp_path, painted(50, step))
    assert recorded_painted(tmp_path) == [painted(50, 3), painted(50, 6)]
    keep_until(tmp_path / PAINTED, 3)
    assert recorded_painted(tmp_path) == [painted(50, 3)]


def test_a_run_without_them_has_none(tmp_path: Path) -> None:
    assert recorded_painted(tmp_path) == []


def test_damage_is_told(tmp_path: Path) -> None:
    (tmp_path / PAINTED).write_text('{"step": 3, "beside": 4}\n')
    with pytest.raises(StorageError, match="is damaged"):
        recorded_painted(tmp_path)


def test_a_protocol_of_before_is_a_quick_score() -> None:
    fields = {"metric": "KID-x", "data": "d", "size": "8x8", "held_out": "1", "n_real": 1, "n_fake": 1}
    old = Protocol.from_dict({**fields, "encoder": "e", "preprocessing": "p", "sources": "s", "version": 1})
    assert (old.name, old.painted, old.scale, old.encoder_name) == ("quick score", False, 1000, "x")
    new = replace(old, metric="left-x", painted_at="16x16", version=2)
    assert (new.name, new.painted, new.scale) == ("painted score", True, 1)
    assert old.differences(new).keys() == {"metric", "painted_at", "version"}
    assert replace(new, version=PAINTED_VERSION).differences(new).keys() == {"version"}
