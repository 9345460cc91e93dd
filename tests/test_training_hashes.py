"""The script that compares what two commits compute: it sees no difference where there is none, and sees one."""

from pathlib import Path

import pytest

from tests import training_hashes
from tests.training_hashes import compare, model_hashes


def test_a_repeated_training_is_the_same_and_one_of_another_seed_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = (model_hashes("dcgan", tmp_path / name) for name in ("first", "again"))
    capsys.readouterr()
    assert compare({"dcgan": first}, {"dcgan": again}) == 0
    assert capsys.readouterr().out == "dcgan: the same\n"
    monkeypatch.setitem(training_hashes.TRAINING, "seed", 4)
    other = model_hashes("dcgan", tmp_path / "other")
    capsys.readouterr()
    assert compare({"dcgan": first}, {"dcgan": other}) == 1
    said = capsys.readouterr().out
    for run in ("20 steps", "3 + 3 steps"):
        for group in ("weights", "ema", "train", "scalars"):
            assert first[f"{run} {group}"] != other[f"{run} {group}"] and f"{run} {group}" in said
            assert first[f"{run} {group} names"] == other[f"{run} {group} names"]


def test_a_renamed_scalar_is_reported_and_is_no_other_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare({"a": {"scalars": "1", "scalars names": "2"}}, {"a": {"scalars": "1", "scalars names": "3"}}) == 0
    assert capsys.readouterr().out == "a: scalars names\n"
