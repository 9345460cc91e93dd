"""Every error that ganzoo raises on purpose, with its exit code.

GanzooError          1  the run failed
├── UsageError       2  an option, a name or a configuration is wrong
├── DataError        3  the images can't be used
├── PluginError      4  a plugin is broken, clashing or missing
├── DivergedError    5  training produced NaN or infinity
└── StorageError     6  a checkpoint or a disk failed

A message says what was given, what is allowed and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class GanzooError(Exception):
    """Base of all errors with a message meant for the user."""

    exit_code = 1
    """What the command exits with."""


class UsageError(GanzooError):
    """An option, a name or a configuration is wrong."""

    exit_code = 2


class DataError(GanzooError):
    """The images can't be used."""

    exit_code = 3


class PluginError(GanzooError):
    """A plugin is broken, clashing or missing."""

    exit_code = 4


class DivergedError(GanzooError):
    """Training produced a value that is not finite."""

    exit_code = 5


class StorageError(GanzooError):
    """A checkpoint or a disk failed."""

    exit_code = 6


def nearest(given: str, allowed: Iterable[str]) -> str:
    """The clause " Did you mean 'x'?" for the closest allowed name, or nothing when none is close."""
    names = {name.casefold(): name for name in allowed}
    close = get_close_matches(given.casefold(), names, n=1, cutoff=0.5)
    return f" Did you mean '{names[close[0]]}'?" if close else ""


def one_line(error: BaseException) -> str:
    """The error's type and message on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
