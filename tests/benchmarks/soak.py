"""Trains for an hour with a checkpoint every ten seconds, and watches whether memory, files, threads or disk use grow.

`python -m tests.benchmarks.soak [MINUTES]`.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from ganzoo.cli.console import Format, rows_as

WARM_UP = 120.0
EVERY = 30.0
COMMAND = ["run", "dcgan-laptop", "--set", "batch=8", "--checkpoint-every", "10s", "--sample-every", "30s"]
SCORES = ["--score-every", "5min", "--set", "score_images=50", "--threads", "1", "--device", "cpu"]


def measure(process: int, folder: Path) -> dict[str, float]:
    """The resources that the process uses now, and the size of its run folder."""
    status = Path(f"/proc/{process}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    checkpoints = folder / "checkpoints"
    return {
        "memory MB": int(fields["VmRSS"].split()[0]) / 1000,
        "open files": len(list(Path(f"/proc/{process}/fd").iterdir())),
        "threads": int(fields["Threads"]),
        "checkpoints": len(list(checkpoints.glob("step-*"))),
        "checkpoints MB": sum(map(size_of, checkpoints.rglob("*"))) / 1e6,
        "unfinished": len(list(checkpoints.glob(".*"))),
    }


def size_of(file: Path) -> int:
    """The size in bytes; 0 for a file that was pruned in the meantime."""
    with suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


def main(minutes: float) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        command = [sys.executable, "-m", "ganzoo", *COMMAND, *SCORES, "--budget", f"{minutes:g}min"]
        process = subprocess.Popen([*command, "--out", str(folder)], stdout=subprocess.DEVNULL)
        seen: list[dict[str, float]] = []
        time.sleep(min(WARM_UP, minutes * 15))
        while process.poll() is None:
            seen.append(measure(process.pid, folder))
            time.sleep(EVERY)
        saved = len(list((folder / "samples").iterdir()))
        print(f"{minutes:g} min, exit code {process.returncode}, {len(seen)} measurements, {saved} grids")
        named = {"first": seen[0], "middle": seen[len(seen) // 2], "last": seen[-1]}
        most = {key: max(one[key] for one in seen) for key in seen[0]}
        moments = {**named, "most": most}
        rows = [{"when": when, **{key: round(value, 1) for key, value in one.items()}} for when, one in moments.items()]
        rows_as(Format.TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 60.0)
