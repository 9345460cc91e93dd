"""`python -m tests.benchmarks [list] [scenes] [step]`: runs the benchmarks named, or all."""

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from tests.benchmarks import list_command, scenes, training_step

BENCHMARKS: dict[str, Callable[[], None]] = {
    "list": list_command.main,
    "scenes": scenes.main,
    "step": training_step.main,
}

if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}  {platform.machine()}, {platform.platform()}")
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
