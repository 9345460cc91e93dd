"""What the checks of single parts share: building one from its default options, and watching which it reads."""

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from ganzoo.errors import DataError, GanzooError, UsageError, one_line
from ganzoo.specs import load_target
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import Declared, names, watched


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Inside, nothing can be downloaded, and what tries says so at once and to nobody."""
    with (
        mock.patch("socket.getaddrinfo", side_effect=OSError("no network in a check")),
        mock.patch("huggingface_hub.constants.HF_HUB_OFFLINE", True),  # its client would try for a minute
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield


def built(subject: Declared, read: set[str] | None = None, **context: Any) -> Any:
    """The part with its default options, noting in `read` which are looked at.

    Skips the check for a part that can't be had here: one that must be told something, or whose weights, data or
    library are missing, which it says by a DataError or UsageError.
    """
    if needed := [name for name, field in subject.spec.options.model_fields.items() if field.is_required()]:
        skip(f"{names(needed)} must be given")
    options = subject.spec.options()
    target = load_target(subject.spec.target)
    try:
        return target(watched(options, set() if read is None else read), **context)
    except (DataError, UsageError) as error:
        skip(f"not to be had here: {error}")


def asked(call: Callable[[], Any]) -> Any:
    """What the call gives; skips when it says by an error of ganzoo that something is missing."""
    try:
        return call()
    except (DataError, UsageError) as error:
        skip(f"not to be had here: {error}")


def all_read(subject: Declared, read: set[str]) -> None:
    """Fails when an option was not looked at."""
    if dead := set(subject.spec.options.model_fields) - read:
        fail(f"never read: {names(dead)}; an option that does nothing misleads whoever sets it")


def refused_well(call: Callable[[], Any], what: str) -> None:
    """Fails unless the call works, or raises ValueError or an error of ganzoo."""
    try:
        call()
    except (ValueError, GanzooError):
        return
    except Exception as error:
        fail(f"{what} ends in {one_line(error)}: give a value, or raise ValueError that says what is needed")
