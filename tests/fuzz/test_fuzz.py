"""Randomly changed files are read or refused with a known error, without another exception, a hang, or much memory.

In `make test` this takes a few seconds. `make fuzz` runs `FUZZ` seconds per reader, with new files each time.
"""

import os
import resource
import time
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Target

SECONDS = float(os.environ.get("FUZZ") or 0)
_EXAMPLES = 40
_SLOW = 10.0
_MEMORY = 1_000_000_000
"""The bytes of memory that one test may add to the process."""
_WORDS = (
    *(
        b"null",
        b"NaN",
        b"1e999",
        b"-1",
        b"[",
        b"{",
        b"[" * 3000,
        b'{"a":' * 3000,
        b"9" * 5000,
        b"true",
        b'""',
        b"[]",
        b"{}",
    ),
    *(
        b"../../x",
        b"/etc/passwd",
        b"\x1b[31m",
        b"\x00",
        b"\xff\xfe",
        b"<script>",
        b".inf",
        b"0x" + b"f" * 99,
        b"1:1:1.5",
    ),
    *(
        b"&a [1]",
        b"*a",
        b"!!int ''",
        b"!!python/name:os.system",
        b"<<: {a: 1}",
        b"? ",
        b"\n",
        b": ",
        b"2001-01-01 00:00:00 +99:99",
    ),
    *(b"\xff" * 8, b"\x7f" * 8, b"\x00" * 512, b"F64", b"data_offsets", b"__metadata__", b"schema", b"value"),
)


@st.composite
def changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """One of the files with bytes inserted, removed and replaced, and sometimes cut off."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        removed = draw(st.sampled_from((0, 1, 2, 4, 8, 40)))
        data[at : at + removed] = draw(st.one_of(st.sampled_from(_WORDS), st.binary(max_size=8)))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 9)) == 0 else data)


def attempt(target: Target, data: bytes) -> None:
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damage that it can repair
        try:
            target.read(data)
        except target.errors as error:
            text = str(error)
            assert text and len(text) < 20_000
    assert time.perf_counter() - started < _SLOW


@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.parametrize("name", TARGETS)
def test_a_changed_file_is_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds():
        attempt(target, seed)
    before, end, runs = _memory(), time.monotonic() + SECONDS, 0

    # `make test` always uses the same files, so that it fails for the change that broke something and for no other.
    @given(data=changed(target.seeds()))
    @settings(
        max_examples=_EXAMPLES if not SECONDS else 200,
        deadline=None,
        derandomize=not SECONDS,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def explore(data: bytes) -> None:
        nonlocal runs
        runs += 1
        attempt(target, data)

    explore()
    while time.monotonic() < end:
        explore()
    if SECONDS:
        print(f"\n{name:>12}: {runs:,} files")
    assert runs >= _EXAMPLES // 2 and _memory() - before < _MEMORY


def test_a_faulty_reader_is_detected() -> None:
    faulty = Target(read=lambda data: data.decode(), seeds=lambda: (b"abc",))
    with pytest.raises(UnicodeDecodeError):
        attempt(faulty, b"\xff")


def _memory() -> int:
    """The peak memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
