"""Two runs are the same to the last bit, or the first thing that is not is named."""

from pathlib import Path

import pytest
import torch

from ganzoo.engine import checkpoint
from ganzoo.engine.checkpoint_files import Checkpoint
from ganzoo.errors import StorageError
from ganzoo.reproducing.verdict import Change, Difference, changes, compare_weights, first_unlike_line

THEN = [{"step": 2, "seconds": 1.0, "loss": 0.5}, {"step": 4, "seconds": 2.0, "loss": 0.0}]
FACTS = {
    "plugin": {"name": "dcgan", "distribution": "ganzoo-core", "version": "1"},
    "device": "cpu",
    "versions": {"torch": "2.10.0", "numpy": "2.4"},
    "hardware": {"threads": "1"},
    "configuration": {"lr": {"value": 1.0}, "old": {"value": 3}},
}


def test_times_do_not_count_nor_do_lines_in_between() -> None:
    now = [{**THEN[0], "seconds": 9.0}, {"step": 3, "loss": 7.0}, {**THEN[1], "images_per_second": 3.0}]
    assert first_unlike_line(THEN, now) is None


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ([THEN[0], {**THEN[1], "loss": -0.0}], ("loss", "0.0", "-0.0")),
        ([THEN[0], {**THEN[1], "loss": 5e-324}], ("loss", "0.0", "5e-324")),
        ([THEN[0], {**THEN[1], "more": 1.5}], ("more", "none", "1.5")),
        ([THEN[0], {"step": 4}], ("loss", "0.0", "none")),
        ([THEN[0]], ("step", "4", "none")),
    ],
)
def test_the_first_term_that_differs_in_a_bit_is_named(now: list[dict[str, float]], found: tuple[str, ...]) -> None:
    where, then, after = found
    assert first_unlike_line(THEN, now) == Difference(step=4, where=where, then=then, now=after)


def test_learning_rates_that_an_older_run_did_not_log_are_no_difference() -> None:
    now = [{**line, "lr/generator": 0.1} for line in THEN]
    assert first_unlike_line(THEN, now) is None
    assert first_unlike_line(now, THEN) == Difference(
        step=int(THEN[0]["step"]), where="lr/generator", then="0.1", now="none"
    )


def saved(folder: Path, **weights: torch.Tensor) -> Path:
    state = Checkpoint(tensors={"weights": weights, "train": {"rng": torch.arange(3)}}, state={})
    folder.mkdir()
    checkpoint.save(folder / "checkpoints", 4, state, keep=3)
    return folder


def test_weights_are_compared_by_their_bits(tmp_path: Path) -> None:
    values = torch.tensor([[1.0, float("nan")], [0.0, 2.0]])
    one = saved(tmp_path / "one", a=values)
    assert compare_weights(one, saved(tmp_path / "same", a=values.clone()), 4) == (2, None)
    other = saved(tmp_path / "other", a=torch.tensor([[1.0, float("nan")], [-0.0, 2.0]]))
    assert compare_weights(one, other, 4)[1] == Difference(step=4, where="weights/a", then="0.0", now="-0.0")
    short = compare_weights(one, saved(tmp_path / "short", a=values[0]), 4)[1]
    assert short is not None and short.now == "torch.float32 [2]"
    renamed = compare_weights(one, saved(tmp_path / "renamed", b=values), 4)[1]
    assert renamed == Difference(step=4, where="weights/a", then="there", now="none")
    with pytest.raises(StorageError, match="of step 5"):
        compare_weights(one, other, 5)


def test_versions_hardware_and_options_that_differ_are_listed() -> None:
    assert changes(FACTS, FACTS) == ()
    now = {
        **FACTS,
        "plugin": {**FACTS["plugin"], "version": "2"},
        "versions": {"torch": "2.14.1", "numpy": "2.4", "pillow": "13"},
        "configuration": {"lr": {"value": 2.0}, "new": {"value": 4}},
    }
    assert changes(FACTS, now) == (
        Change(what="plugin dcgan", then="ganzoo-core 1", now="ganzoo-core 2"),
        Change(what="torch", then="2.10.0", now="2.14.1"),
        Change(what="option new", then="none", now="4"),
        Change(what="option old", then="3", now="none"),
    )
