"""A check: one rule with its name, and the function that tests whether a subject follows it."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganzoo.errors import one_line
from ganzoo.testing.outcome import CheckFailed, NotApplicable, Result, Status

BUILDS = "builds"
"""When this check does not pass, no later one can run."""


@dataclass(frozen=True)
class Check:
    """A rule. `look` returns when the subject follows it; otherwise it calls `fail` or `skip` of `outcome`.

    `needs` names the checks without which this one would only report the same cause again.
    """

    look: Callable[[Any], None]
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The function's name as users write it: "declaration-light"."""
        return self.look.__name__.replace("_", "-")

    @property
    def rule(self) -> str:
        """The rule in words: the first line of the docstring."""
        return (self.look.__doc__ or "").strip().splitlines()[0]

    def run(self, subject: Any) -> Result:
        """Runs the check and measures its time."""
        started = time.perf_counter()
        status: Status
        try:
            self.look(subject)
            status, message = "passed", ""
        except NotApplicable as reason:
            status, message = "not applicable", str(reason)
        except CheckFailed as finding:
            status, message = "failed", str(finding)
        except Exception as error:  # whatever a plugin raises is a finding about the plugin
            status, message = "failed", f"raised {one_line(error)}"
        seconds = time.perf_counter() - started
        return Result(subject=str(subject), check=self.name, status=status, message=message, seconds=seconds)


def run_checks(
    checks: Iterable[Check], subject: Any, earlier: Sequence[Result] = (), expected: Collection[str] = ()
) -> list[Result]:
    """Runs all checks on one subject, and stops when the subject can't be built.

    A check is skipped when one that it needs failed or was skipped, be it here or among the `earlier` results. Those
    that are `expected` to fail hold up no other.
    """
    results: list[Result] = []
    for check in checks:
        reason = _missing(set(check.needs).difference(expected), [*earlier, *results])
        results.append(
            Result(subject=str(subject), check=check.name, status="skipped", message=reason)
            if reason
            else check.run(subject)
        )
        if check.name == BUILDS and results[-1].status != "passed":
            break
    return results


def _missing(needed: Collection[str], results: Iterable[Result]) -> str:
    """Why a check that needs these can't say anything; empty when it can."""
    for one in results:
        if one.check in needed and one.status in ("failed", "skipped"):
            return one.message if one.status == "skipped" else f"{one.check} failed"
    return ""


def as_expected(results: Sequence[Result], expected: Mapping[str, str]) -> list[Result]:
    """Marks expected failures as such, and adds a failure for each expected one that did not occur."""
    failing = {result.check for result in results if result.status in ("failed", "skipped")}
    checked = [
        replace(result, status="expected", message=f"{expected[result.check]} ({result.message})")
        if result.status == "failed" and result.check in expected
        else result
        for result in results
    ]
    subject = results[0].subject if results else ""
    return checked + [
        Result(
            subject=subject,
            check=name,
            status="failed",
            message=f"was expected to fail ({reason}) but does not: take it off the list",
        )
        for name, reason in expected.items()
        if name not in failing
    ]
