"""`python -m tests.benchmarks [NAME]…` runs the named benchmarks (the keys of BENCHMARKS), or all of them."""

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from tests.benchmarks import (
    apart,
    by_colour,
    checks,
    encoders,
    exchange,
    list_command,
    many_images,
    metrics,
    painting,
    photos,
    processes,
    scenes,
    sees,
    together,
    training_step,
    translators,
)

BENCHMARKS: dict[str, Callable[[], None]] = {
    "apart": apart.main,
    "by_colour": by_colour.main,
    "checks": checks.main,
    "encoders": encoders.main,
    "exchange": exchange.main,
    "list": list_command.main,
    "many": many_images.main,
    "metrics": metrics.main,
    "painting": painting.main,
    "photos": photos.main,
    "processes": processes.main,
    "scenes": scenes.main,
    "sees": sees.main,
    "together": together.main,
    "step": training_step.main,
    "translators": translators.main,
}

if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}  {platform.machine()}, {platform.platform()}")
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
