"""A second process, in which Python puts sets in another order, computes what checks compare."""

import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ganzoo.testing.outcome import fail

_SECONDS = 300
"""Most of them start torch, which takes a while on a busy machine."""
_SEEDS = tuple(map(str, range(1, 41)))
"""Tried one after the other; a few are enough."""
_ORDER = "import json, sys\nprint(json.dumps([list(set(names)) for names in json.loads(sys.argv[1])]))"


class _Second:
    """A process that answers one description after the other."""

    def __init__(self, seed: str) -> None:
        path = os.pathsep.join(filter(None, sys.path))
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # `close` closes it
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ganzoo.testing.child"],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def ask(self, content: Mapping[str, object]) -> Any:
        """Its answer. Fails the check when it gives none."""
        assert self._process.stdin and self._process.stdout
        limit = threading.Timer(_SECONDS, self._process.kill)
        limit.start()
        try:
            self._process.stdin.write(json.dumps(content) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            limit.cancel()
        answer = json.loads(line) if line else {"error": self._last_words()}
        if "error" in answer:
            fail(f"it can't be built in a second process: {answer['error']}")
        return answer["state"]

    def _last_words(self) -> str:
        self._process.wait(_SECONDS)
        self._said.seek(0)
        return (self._said.read().strip().splitlines() or ["it ended without a message"])[-1]

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()
        self._said.close()


_running: dict[str, _Second] = {}
"""By the seed of their hashes."""


@contextmanager
def second_processes() -> Iterator[None]:
    """Checks inside share second processes, which then end: files may have changed before the next report."""
    try:
        yield
    finally:
        while _running:
            _running.popitem()[1].close()


def elsewhere(content: Mapping[str, object], probes: Mapping[str, tuple[str, ...]]) -> Any:
    """What a second process says about the description; one in which sets of such names have another order."""
    seed = _seed((tuple(probes), *map(tuple, probes.values())))
    if seed in _running and _running[seed].ended:
        _running.pop(seed).close()
    if seed not in _running:
        _running[seed] = _Second(seed)
    return _running[seed].ask(content)


@functools.cache
def _seed(probes: tuple[tuple[str, ...], ...]) -> str:
    """A hash seed with which the most of these sets have another order than here."""
    here = [list(set(probe)) for probe in probes]
    most = sum(len(probe) > 1 for probe in probes)
    changed: dict[str, int] = {}
    for seed in _SEEDS:
        changed[seed] = sum(one != other for one, other in zip(here, _orders(seed, probes), strict=True))
        if changed[seed] == most:
            break
    return max(changed, key=lambda seed: changed[seed])


def _orders(seed: str, probes: tuple[tuple[str, ...], ...]) -> Any:
    found = subprocess.run(
        [sys.executable, "-S", "-c", _ORDER, json.dumps(probes)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(found.stdout)
