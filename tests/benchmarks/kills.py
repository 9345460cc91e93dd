"""Kills a run at random moments, again and again, and checks that it always resumes and loses no checkpoint.

`python -m tests.benchmarks.kills [KILLS]`.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ganzoo.engine import checkpoint, snapshot

OPTIONS = ["--tiny", "--device", "cpu", "--threads", "1", "--budget", "1000000steps", "--checkpoint-every", "1steps"]
LONGEST = 3.0
"""The process is killed within this many seconds after its first new checkpoint."""


def started(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "ganzoo", "run", "dcgan", *OPTIONS, "--out", str(folder), "--continue"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def newest(folder: Path) -> int:
    steps = checkpoint.steps_in(folder)
    return steps[-1] if steps else -1


def main(kills: int) -> None:
    rng = random.Random(0)
    lost = damaged = leftovers = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        saved = folder / "checkpoints"
        for number in range(kills):
            before = newest(saved)
            process = started(folder)
            while newest(saved) <= before:
                if process.poll() is not None:
                    raise SystemExit(f"kill {number}: can't resume: {process.communicate()[1].decode()}")
                time.sleep(0.01)
            time.sleep(rng.uniform(0, LONGEST))
            published = newest(saved)
            process.kill()
            process.communicate()
            step, _, problems = checkpoint.load(saved, snapshot.GROUPS)
            lost += step < published
            damaged += len(problems)
            leftovers += len(list(saved.glob(".*")))
        found = f"{lost} checkpoints lost, {damaged} damaged, {leftovers} unfinished ones left over"
        print(f"{kills} kills, up to step {step}: {found}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100)
