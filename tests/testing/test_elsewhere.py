"""The second process that checks ask."""

from collections.abc import Iterator

import pytest

from ganzoo import Options
from ganzoo.testing import elsewhere
from ganzoo.testing.child import described
from ganzoo.testing.outcome import CheckFailed

PROBES = {"half": ("first", "second"), "kind": ("grey", "plain", "flat")}


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    with elsewhere.second_processes():
        yield


def ask(target: str, options: type[Options] = Options) -> object:
    return elsewhere.elsewhere({"what": "dataset", "target": target, "options": described(options())}, PROBES)


def test_one_process_answers_all_and_ends_with_the_report() -> None:
    with elsewhere.second_processes():
        for _ in range(2):
            with pytest.raises(CheckFailed, match=r"can't be built in a second process: .*nowhere"):
                ask("nowhere:Nothing")
        (second,) = elsewhere._running.values()
        assert not second.ended
    assert second.ended and not elsewhere._running


def test_a_process_that_crashes_fails_the_check_and_the_next_one_has_another() -> None:
    with pytest.raises(CheckFailed, match="can't be built in a second process"):
        ask("faulthandler:_sigsegv")
    with pytest.raises(CheckFailed, match="nowhere"):
        ask("nowhere:Nothing")


def test_what_is_built_may_print(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckFailed, match="NoneType"):  # what print returns is no data set
        ask("builtins:print")
    assert capfd.readouterr().out == ""


def test_sets_have_another_order_there() -> None:
    seed = elsewhere._seed((tuple(PROBES), *PROBES.values()))
    here = [list(set(probe)) for probe in PROBES.values()]
    assert all(one != other for one, other in zip(here, elsewhere._orders(seed, (*PROBES.values(),)), strict=True))
