"""Checks of listeners: their hooks exist, are marked, and ask for what the hooks give."""

from ganzoo.catalog.discovery import misspelt, new_manager
from ganzoo.testing.checks.parts import all_read, built
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Declared


def listener_hears(subject: Declared) -> None:
    """Each method that is named like a hook is one, is marked, and asks for arguments of that hook."""
    listener, manager = built(subject), new_manager()
    if problem := misspelt(manager, listener):
        fail(problem)
    if not manager.get_hookcallers(listener):
        fail("no method is a hook: mark some with @ganzoo.hookimpl")


def listener_options_read(subject: Declared) -> None:
    """Every option of the listener is read when it is built."""
    read: set[str] = set()
    built(subject, read)
    all_read(subject, read)
