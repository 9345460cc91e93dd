"""A check: one rule with its name, and the function that tests whether a subject follows it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganzoo.errors import one_line
from ganzoo.testing.outcome import CheckFailed, NotApplicable, Result, Status

BUILDS = "builds"
"""When this check fails, no later one can run."""


@dataclass(frozen=True)
class Check:
    """A rule. `look` returns when the subject follows it; otherwise it calls `fail` or `skip` of `outcome`."""

    look: Callable[[Any], None]

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


def run_checks(checks: Iterable[Check], subject: Any) -> list[Result]:
    """Runs all checks on one subject, and stops when the subject can't be built."""
    results = []
    for check in checks:
        results.append(check.run(subject))
        if check.name == BUILDS and results[-1].status != "passed":
            break
    return results


def as_expected(results: Sequence[Result], expected: Mapping[str, str]) -> list[Result]:
    """Marks expected failures as such, and adds a failure for each expected one that did not occur."""
    failing = {result.check for result in results if result.status == "failed"}
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
