"""What a check found, and the report over all of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

Status = Literal["passed", "failed", "expected", "not applicable", "skipped"]
_NOT_RUN = ("not applicable", "skipped")


class CheckFailed(AssertionError):
    """A rule is broken. The message says what was seen and what to do."""


class NotApplicable(Exception):
    """A rule does not apply to this model or part. The message says why."""


def fail(message: str) -> NoReturn:
    """Fails the check."""
    raise CheckFailed(message)


def skip(reason: str) -> NoReturn:
    """Ends a check that does not apply."""
    raise NotApplicable(reason)


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one check of one model or part.

    `message` says what failed, or why a failure was expected, the check does not apply, or it was skipped: what it
    builds on had failed.
    """

    subject: str
    """What was checked, such as "loss hinge"."""
    check: str
    """The name of the rule."""
    status: Status
    """How it ended."""
    message: str = ""
    seconds: float = 0.0
    """How long it took."""

    @property
    def ran(self) -> bool:
        """Whether the check looked at the subject."""
        return self.status not in _NOT_RUN


@dataclass(frozen=True)
class Report:
    """All results of one call."""

    results: Sequence[Result]
    """In the order in which the checks ran."""

    @property
    def failures(self) -> list[Result]:
        """The checks that failed, including those that passed although they were expected to fail."""
        return [result for result in self.results if result.status == "failed"]

    @property
    def ran(self) -> int:
        """How many checks ran."""
        return sum(result.ran for result in self.results)

    @property
    def ok(self) -> bool:
        """Whether at least one check ran and none failed."""
        return self.ran > 0 and not self.failures

    @property
    def seconds(self) -> float:
        """Time of all checks."""
        return sum(result.seconds for result in self.results)

    def summary(self) -> str:
        """One line: how many checks ran, with which outcomes."""
        count = Counter(result.status for result in self.results)
        parts = [f"{self.ran} checks ran", f"{count['passed']} passed", f"{count['failed']} failed"]
        parts += [f"{count['expected']} failed as expected"] if count["expected"] else []
        parts += [f"{count['not applicable']} do not apply"] if count["not applicable"] else []
        parts += [f"{count['skipped']} skipped after a failure"] if count["skipped"] else []
        return f"{', '.join(parts)} ({self.seconds:.1f} s)"

    def to_rows(self) -> list[dict[str, Any]]:
        """One plain dictionary for each result."""
        return [{**vars(result), "seconds": round(result.seconds, 3)} for result in self.results]
