"""Words for how far a command is: reading images, or another longer work."""

import time

from ganzoo.cli.console import console, plain
from ganzoo.config.units import duration

LINE_EVERY = 10.0
"""Seconds between plain lines."""
_NAMED = 10
"""How many of the pictures that can't be used are named on the screen."""


class Reading:
    """Describes the progress of reading a data set. Its clock starts at the first call of `status`."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._first = 0
        self._named = 0

    def status(self, done: int, total: int | None, skipped: int) -> str:
        """How many images are read, how fast, and how many are skipped."""
        if not self._first:
            self._started, self._first = time.monotonic(), done
        seconds = time.monotonic() - self._started
        rate = f", {(done - self._first) / seconds:.0f} files/s" if seconds > 1 else ""
        return f"read {done}{f' of {total}' if total else ''} images{rate}{f', {skipped} skipped' if skipped else ''}"

    def name(self, name: str, problem: str) -> None:
        """Prints the name of a picture that can't be used, and why. Prints nothing after the first few."""
        from ganzoo.data.walk import visible

        self._named += 1
        if self._named <= _NAMED:
            console.print(plain(f"skipped '{visible(name)}': {problem}"))
        elif self._named == _NAMED + 1:
            console.print(plain("more pictures are skipped; run.json names them"))


class Counting:
    """Describes the progress of one longer work after the other. The clock starts anew with each."""

    def __init__(self) -> None:
        self._what = ""
        self._started = self._told = 0.0
        self._first = self._done = 0

    def status(self, what: str, done: int, total: int) -> str:
        """How much is done, and the time left where that can be said."""
        now = time.monotonic()
        if what != self._what or done <= self._done:
            self._what, self._started, self._told, self._first = what, now, now, done
        self._done = done
        rate = (done - self._first) / (now - self._started) if done > self._first else 0.0
        return f"{what}: {done} of {total}{f', {duration((total - done) / rate)} left' if rate else ''}"

    def line(self, what: str, done: int, total: int) -> str:
        """The same every ten seconds; empty in between, and for all of a short work."""
        text, now = self.status(what, done, total), time.monotonic()
        if now - self._told < LINE_EVERY:
            return ""
        self._told = now
        return text
