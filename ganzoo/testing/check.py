"""A check: one rule, its name and the function that looks whether a subject keeps it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganzoo.errors import one_line
from ganzoo.testing.outcome import CheckFailed, NotApplicable, Result, Status


@dataclass(frozen=True)
class Check:
    """A rule. `look` returns when the subject keeps it, and otherwise calls `fail` or `skip` of `outcome`."""

    look: Callable[[Any], None]

    @property
    def name(self) -> str:
        """The function's name as users write it: "declaration-light"."""
        return self.look.__name__.replace("_", "-")

    @property
    def rule(self) -> str:
        """What must hold: the first line of the docstring."""
        return (self.look.__doc__ or "").strip().splitlines()[0]

    def run(self, subject: Any, expected: Mapping[str, str]) -> Result:
        """Looks, and compares with what was expected: a failure with a reason passes, its absence does not."""
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
        if self.name in expected:
            status, message = _as_expected(status, message, expected[self.name])
        seconds = time.perf_counter() - started
        return Result(subject=str(subject), check=self.name, status=status, message=message, seconds=seconds)


def _as_expected(status: Status, message: str, reason: str) -> tuple[Status, str]:
    if status == "failed":
        return "expected", f"{reason} ({message})"
    what = "passes" if status == "passed" else f"does not apply ({message})"
    return "failed", f"was expected to fail ({reason}) but {what}: take it off the list"


def run_checks(checks: Sequence[Check], subject: Any, expected: Mapping[str, str]) -> list[Result]:
    """All checks on one subject."""
    return [check.run(subject, expected) for check in checks]
