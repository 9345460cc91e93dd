"""Amounts and sizes as users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganzoo.config.units import Amount, Progress, Size


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10min", Amount(10, "min")),
        ("90s", Amount(90, "s")),
        ("1.5h", Amount(1.5, "h")),
        ("2000steps", Amount(2000, "steps")),
        ("1step", Amount(1, "steps")),
        ("200kimg", Amount(200, "kimg")),
        (" 10 MIN ", Amount(10, "min")),
        ("5m", Amount(5, "min")),
        ("5sec", Amount(5, "s")),
        ("2hours", Amount(2, "h")),
        (Amount(3, "s"), Amount(3, "s")),
    ],
)
def test_an_amount_is_read(text, amount):
    assert Amount.parse(text) == amount


@pytest.mark.parametrize("text", ["", "10", "min", "-5min", "0steps", "10 parsecs", "1e3steps", "5min30s", None, 10])
def test_a_wrong_amount_is_refused_with_examples(text):
    with pytest.raises(ValueError, match="such as 10min, 90s, 2h, 2000steps or 200kimg"):
        Amount.parse(text)


@pytest.mark.parametrize("text", ["10min", "1.5h", "2000steps", "0.25kimg", "90s"])
def test_an_amount_reads_back_what_it_writes(text):
    assert str(Amount.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "count"), [("10steps", 5.0), ("2kimg", 1.5), ("30s", 4.0), ("2min", 1.0), ("1h", 2 / 60)]
)
def test_an_amount_counts_how_often_it_fits_into_progress(text, count):
    assert Amount.parse(text).count(Progress(steps=50, images=3000, seconds=120)) == pytest.approx(count)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64", Size(64, 64)),
        (64, Size(64, 64)),
        ("96x160", Size(96, 160)),
        ("96 x 160", Size(96, 160)),
        ("96X160", Size(96, 160)),
        ("96\u00d7160", Size(96, 160)),
        (Size(1, 2), Size(1, 2)),
    ],
)
def test_a_size_is_height_by_width(text, size):
    assert Size.parse(text) == size


@pytest.mark.parametrize("text", ["", "0", "64x0", "-64", "64.0", "64x64x3", "large", "100000", "64 64", None])
def test_a_wrong_size_is_refused_with_examples(text):
    with pytest.raises(ValueError, match=r"square \(64\) or height x width \(96x160\)"):
        Size.parse(text)


@pytest.mark.parametrize("text", ["64", "96x160"])
def test_a_size_reads_back_what_it_writes(text):
    assert str(Size.parse(text)) == text


@given(
    value=st.one_of(st.integers(1, 10**12), st.floats(1e-3, 1e6)), unit=st.sampled_from(["s", "min", "steps", "kimg"])
)
def test_any_amount_survives_being_written_down(value: float, unit: str) -> None:
    amount = Amount(float(value), unit)  # type: ignore[arg-type]
    assert Amount.parse(str(amount)) == amount
