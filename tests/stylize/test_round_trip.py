"""Strength 0 gives every picture back, whatever its format and mode."""

from pathlib import Path

import pytest

from tests.stylize.round_trip import CASES, DELAYS, Case, round_trip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_strength_0_gives_the_picture_back(case: Case, tmp_path: Path) -> None:
    result = round_trip(case, tmp_path)
    largest, mean = case.bounds
    assert result.largest <= largest and result.mean <= mean
    assert result.frames == case.frames or any("the first of several" in note for note in result.told)
    if "duration" in case.options:
        assert result.times == DELAYS
