"""Kills a training again and again at random moments, and looks whether it can always go on, losing no checkpoint.

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
"""Seconds after the first new checkpoint within which the process is killed."""


def started(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "ganzoo", "run", "dcgan", *OPTIONS, "--out", str(folder), "--continue"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def newest(folder: Path) -> int:
    steps = checkpoint.steps_in(folder)
    return steps[-1] if steps else -1


def main(kills: int) -> None:
    rng = random.Random(0)
    lost = damaged = strays = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        saved = folder / "checkpoints"
        for number in range(kills):
            before = newest(saved)
            process = started(folder)
            while newest(saved) <= before:
                if process.poll() is not None:
                    raise SystemExit(f"kill {number}: can't go on: {process.communicate()[1].decode()}")
                time.sleep(0.01)
            time.sleep(rng.uniform(0, LONGEST))
            published = newest(saved)
            process.kill()
            process.communicate()
            step, _, problems = checkpoint.load(saved, snapshot.GROUPS)
            lost += step < published
            damaged += len(problems)
            strays += len(list(saved.glob(".*")))
        found = f"{lost} checkpoints lost, {damaged} damaged, {strays} drafts left to sweep"
        print(f"{kills} kills, up to step {step}: {found}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100)
