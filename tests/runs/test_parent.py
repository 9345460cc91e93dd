"""A process that asks for it ends when its parent is gone, and not before."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganzoo.runs import parent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
CHILD = "from ganzoo.runs.parent import end_with_parent; end_with_parent(); print('up', flush=True); import time; "
PARENT_CODE = """if True:
    import os, signal, subprocess, sys
    named = {**os.environ, sys.argv[1]: sys.argv[2] or str(os.getpid())}
    child = subprocess.Popen([sys.executable, "-c", sys.argv[3]], stdout=subprocess.PIPE, env=named)
    child.stdout.readline()
    print(child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie, which has ended but was not waited for, does not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not Path("/proc/self").exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def orphan(variable: str, value: str, code: str = "time.sleep(60)") -> int:
    """The number of a process whose parent has been killed."""
    command = [sys.executable, "-c", PARENT_CODE, variable, value, CHILD + code]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    return int(done.stdout)


def ends(pid: int, seconds: float = 10) -> bool:
    """Whether the process ends by itself in that time."""
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


@pytest.mark.parametrize(("variable", "value"), [(parent.PARENT, ""), ("TORCHELASTIC_RUN_ID", "any")])
def test_an_orphan_ends(variable: str, value: str) -> None:
    assert ends(orphan(variable, value))


def test_one_that_began_as_an_orphan_ends() -> None:
    """Its parent was killed before it looked for the first time."""
    named = {**os.environ, parent.PARENT: "999999999"}
    child = subprocess.Popen([sys.executable, "-c", CHILD + "time.sleep(60)"], env=named)
    assert child.wait(10) == -signal.SIGTERM


def test_one_that_does_not_save_in_time_is_killed() -> None:
    patch = "from ganzoo.runs import parent; parent.GRACE = 0.3; import signal; "
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    pid = orphan(parent.PARENT, "", patch + deaf + "time.sleep(60)")
    assert ends(pid)


def test_without_the_variable_it_lives_on() -> None:
    pid = orphan("OTHER", "", "time.sleep(3)")
    assert not ends(pid, 1.5)
    assert ends(pid)


def test_while_the_parent_lives_nothing_happens_and_the_variable_is_not_passed_on() -> None:
    code = f"import os; time.sleep(1); print(os.environ.get({parent.PARENT!r}))"
    named = {**os.environ, parent.PARENT: str(os.getpid())}
    done = subprocess.run([sys.executable, "-c", CHILD + code], env=named, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "up\nNone\n")
