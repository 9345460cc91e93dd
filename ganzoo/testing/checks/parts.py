"""Shared by the checks of single parts: builds one from its default options, and notes which options it reads."""

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from ganzoo.config.configuration import resolve_part
from ganzoo.config.resolve import open_catalog
from ganzoo.errors import DataError, GanzooError, UsageError, one_line
from ganzoo.options import part_kind
from ganzoo.parts import Parts
from ganzoo.specs import load_target
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import Declared, names, watched


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Inside, downloads fail at once, and their messages are discarded."""
    with (
        mock.patch("socket.getaddrinfo", side_effect=OSError("no network in a check")),
        mock.patch("huggingface_hub.constants.HF_HUB_OFFLINE", True),  # its client would try for a minute
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield


def built(subject: Declared, read: set[str] | None = None, **context: Any) -> Any:
    """The part with its default options; each option that it reads is added to `read`.

    Skips the check for a part that can't be built here: one with a required option, or one whose weights, data or
    library are missing, so that it raises DataError or UsageError.
    """
    if needed := [name for name, field in subject.spec.options.model_fields.items() if field.is_required()]:
        skip(f"{names(needed)} must be given")
    options = subject.spec.options()
    target = load_target(subject.spec.target)
    context |= _own_parts(subject)
    try:
        return target(watched(options, set() if read is None else read), **context)
    except (DataError, UsageError) as error:
        skip(f"not available here: {error}")


def _own_parts(subject: Declared) -> dict[str, Parts]:
    """What it is made of by default, as it is built with; nothing for a part that is made of none."""
    fields = subject.spec.options.model_fields.items()
    chosen = {name: (kind, field.default) for name, field in fields if (kind := part_kind(field))}
    if not chosen:
        return {}
    catalog, near = open_catalog(), (subject.plugin.distribution,)
    inner = {key: resolve_part(catalog, kind, one.name, one.options, near) for key, (kind, one) in chosen.items()}
    return {"parts": Parts(inner)}


def asked(call: Callable[[], Any]) -> Any:
    """The result of the call; skips the check if DataError or UsageError says that something is missing."""
    try:
        return call()
    except (DataError, UsageError) as error:
        skip(f"not available here: {error}")


def all_read(subject: Declared, read: set[str]) -> None:
    """Fails if an option was not read."""
    if dead := set(subject.spec.options.model_fields) - read:
        fail(f"never read: {names(dead)}; an option that does nothing misleads whoever sets it")


def refused_well(call: Callable[[], Any], what: str) -> Any:
    """What the call returns, None when it raises ValueError or an error of ganzoo; fails when it raises another."""
    try:
        return call()
    except (ValueError, GanzooError):
        return None
    except Exception as error:
        fail(f"{what} ends in {one_line(error)}: return a value, or raise ValueError that says what is needed")
