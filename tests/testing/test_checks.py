"""What runs the checks: outcomes, expected failures, and the command."""

import json
import subprocess
from collections.abc import Callable, Sequence
from itertools import chain

import pytest

from ganzoo import UsageError
from ganzoo.catalog.lookup import Catalog
from ganzoo.cli import run_command
from ganzoo.testing import Report, Result, conformance
from ganzoo.testing.check import Check, as_expected, run_checks
from ganzoo.testing.checks import ALL, DECLARATION, MODEL, PARTS
from ganzoo.testing.conform import check_name, declarations
from ganzoo.testing.outcome import fail, skip
from tests.mutants import Mutant

Command = Callable[..., "subprocess.CompletedProcess[str]"]
FLIPPED = Mutant(recipe="drawing:WithoutTanh").spec()


def keeps(subject: object) -> None:
    """A rule that is kept."""


def breaks(subject: object) -> None:
    """A rule that is broken."""
    fail("seen: something")


def is_silent(subject: object) -> None:
    """A rule that has nothing to say."""
    skip("no such thing here")


def raises(subject: object) -> None:
    """A rule whose subject raises."""
    raise ZeroDivisionError("of the plugin")


def builds(subject: object) -> None:
    """One without which the others say nothing."""
    fail("can't")


def results(*looks: Callable[[object], None]) -> list[Result]:
    return run_checks(map(Check, looks), "model x")


def test_every_outcome_is_a_result_with_its_reason() -> None:
    found = [(one.check, one.status, one.message) for one in results(keeps, breaks, is_silent, raises)]
    assert found == [
        ("keeps", "passed", ""),
        ("breaks", "failed", "seen: something"),
        ("is-silent", "not applicable", "no such thing here"),
        ("raises", "failed", "raised ZeroDivisionError: of the plugin"),
    ]


def test_nothing_runs_after_a_model_that_can_not_be_built() -> None:
    assert [one.check for one in results(keeps, builds, keeps)] == ["keeps", "builds"]


def needing(*needs: str) -> Check:
    return Check(is_silent, needs)


def test_a_check_is_skipped_after_a_failure_of_one_that_it_needs_unless_that_was_expected() -> None:
    found = run_checks([Check(breaks), Check(keeps, ("breaks",)), needing("keeps"), needing("other")], "model x")
    assert [one.status for one in found] == ["failed", "skipped", "skipped", "not applicable"]
    assert [one.message for one in found[1:3]] == ["breaks failed"] * 2
    assert Report(found).ran == 1 and "2 skipped after a failure" in Report(found).summary()
    found = run_checks([Check(breaks), Check(keeps, ("breaks",))], "model x", expected=["breaks"])
    assert [one.status for one in found] == ["failed", "passed"]


def test_what_a_check_needs_runs_before_it() -> None:
    """Otherwise nothing would skip it."""
    first = {check.name for check in (*DECLARATION, *chain.from_iterable(PARTS.values()))}
    for checks in PARTS.values():
        _check_order({check.name for check in DECLARATION}, checks)
    _check_order(first, MODEL)


def _check_order(earlier: set[str], checks: Sequence[Check]) -> None:
    for check in checks:
        assert set(check.needs) <= earlier, check.name
        earlier = earlier | {check.name}


def test_the_summary_always_says_how_many_checks_ran() -> None:
    report = Report(results(keeps, keeps, breaks, is_silent))
    assert report.summary().startswith("3 checks ran, 2 passed, 1 failed, 1 do not apply")
    assert not report.ok and report.ran == 3


def test_a_report_of_nothing_is_not_ok() -> None:
    assert not Report([]).ok and not Report(results(is_silent)).ok


def test_an_expected_failure_needs_to_fail_and_keeps_its_reason() -> None:
    good = as_expected(results(keeps, breaks), {"breaks": "by design"})
    assert [one.status for one in good] == ["passed", "expected"] and good[1].message == "by design (seen: something)"
    assert Report(good).ok and "1 failed as expected" in Report(good).summary()
    stale = as_expected(results(keeps), {"keeps": "once it did not"})
    assert not Report(stale).ok and "take it off the list" in stale[-1].message


def test_conformance_raises_what_failed(catalog: Catalog) -> None:
    with pytest.raises(
        AssertionError, match=r"(?s)checks ran.*model mutant: output-range: images reach .* end with tanh"
    ):
        conformance(FLIPPED, catalog=catalog)
    report = conformance(FLIPPED, catalog=catalog, expected={"output-range": "draws light, not pixels"})
    assert report.ok and report.ran >= 34
    with pytest.raises(UsageError, match=r"no check 'output-rage'\. Did you mean 'output-range'"):
        conformance(FLIPPED, catalog=catalog, expected={"output-rage": "no"})


def test_a_name_is_a_plugin_a_model_or_a_part(catalog: Catalog) -> None:
    assert [str(one) for one in declarations("lsgan", catalog)] == ["model lsgan", "loss least-squares"]
    assert [str(one) for one in declarations("least-squares", catalog)] == ["loss least-squares"]
    assert {str(one) for one in declarations("scenes", catalog)} == {"dataset scenes"}
    assert [str(one) for one in declarations("generator dcgan", catalog)] == ["generator dcgan"]
    assert [str(one) for one in declarations("model dcgan", catalog)] == ["model dcgan"]
    with pytest.raises(UsageError, match=r"no model or preset 'lsgam'\. Did you mean 'lsgan'"):
        declarations("lsgam", catalog)


def test_the_command_prints_results_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--no-plugins", "check", "wgan", "--only", "resume-exact", "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] and content["ran"] == 2
    assert {(one["subject"], one["check"], one["status"]) for one in content["results"]} == {
        ("model wgan", "resume-exact", "passed"),
        ("loss wgan", "resume-exact", "passed"),
    }


def test_the_command_lists_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["check", "--rules", "--format", "json"]) == 0
    assert [row["check"] for row in json.loads(capsys.readouterr().out)] == [check.name for check in ALL]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give the NAME"),
        (("wgan", "--all"), "give the NAME"),
        (("wgan", "--expect", "resume-exact"), "write CHECK=REASON"),
        (("wgan", "--only", "nothing"), "no check 'nothing'"),
    ],
)
def test_what_it_can_not_do_is_one_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["check", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1


def test_a_broken_plugin_is_a_failed_check_with_its_reason(ganzoo_command: Command) -> None:
    checked = ganzoo_command("check", "broken", "good", "--only", "options-frozen", plugins=True)
    assert checked.returncode == 4, checked.stderr
    assert "plugin broken: 1 checks, 1 failed" in checked.stdout and "plugin-loads: broken: " in checked.stdout
    assert "model good" in checked.stdout


def test_all_plugins_are_checked_the_broken_ones_too(ganzoo_command: Command) -> None:
    checked = ganzoo_command("check", "--all", "--only", "options-frozen", "--format", "json", plugins=True)
    content = json.loads(checked.stdout)
    failed = {one["subject"] for one in content["results"] if one["status"] == "failed"}
    assert checked.returncode == 4 and {"plugin broken", "plugin exiting", "plugin oldapi"} <= failed
    assert {"model dcgan", "loss least-squares"} <= {one["subject"] for one in content["results"]}


def test_a_part_that_asks_for_too_much_is_checked_in_its_host(catalog: Catalog) -> None:
    report = check_name("none", catalog, only=["output-shape"])
    assert [one.subject for one in report.results] == ["augmentation none"]
