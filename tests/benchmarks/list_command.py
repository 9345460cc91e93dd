"""The time of `ganzoo list`, as a whole process, with 16 plugins installed of which four are broken."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

PLUGINS = 16
RUNS = 10
GOOD = """
from ganzoo import AdversarialOptions, ModelSpec, hookimpl

@hookimpl
def ganzoo_models():
    yield ModelSpec(name="{name}", target="{module}.model:GAN", options=AdversarialOptions, summary="a model")
"""
BAD = ("import nothing_of_that_name", "import sys\nsys.exit('stop')", "def broken(:\n", GOOD.replace("@hookimpl", ""))


def main() -> None:
    """Prints the median, the fastest and the slowest run of two commands."""
    builtin = [entry for entry in metadata.entry_points(group="ganzoo") if entry.dist.name == "ganzoo-core"]
    with tempfile.TemporaryDirectory() as site:
        for number in range(PLUGINS - len(builtin)):
            source = BAD[number] if number < len(BAD) else GOOD
            install(Path(site), f"bench-{number}", source)
        seconds = [timed(lambda: run(site, "list")) for _ in range(RUNS + 1)]
        plugins = json.loads(run(site, "plugins", "--format", "json").stdout)
        bad = sum(plugin["status"] != "ok" for plugin in plugins)
        mistakes = [timed(lambda: run(site, "run", "dcgan", "--set", "lrr=1"), code=2) for _ in range(RUNS)]
    print(f"ganzoo list, {len(plugins)} plugins, {bad} broken, {RUNS} runs: {spread(seconds[1:])};", end=" ")
    print(f"the first, which imports them all: {seconds[0]:.3f} s")
    print(f"ganzoo run dcgan --set lrr=1, {RUNS} runs: {spread(mistakes)}")


def spread(seconds: list[float]) -> str:
    """The median, the fastest and the slowest."""
    return f"median {statistics.median(seconds):.3f} s, {min(seconds):.3f} to {max(seconds):.3f} s"


def timed(command: Callable[[], subprocess.CompletedProcess[str]], code: int = 0) -> float:
    """The seconds that a command takes. It must end with that exit code."""
    started = time.perf_counter()
    done = command()
    seconds = time.perf_counter() - started
    assert done.returncode == code, done.stderr
    return seconds


def install(site: Path, name: str, source: str) -> None:
    """Writes the files of a distribution as pip would."""
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(source.replace("{name}", name).replace("{module}", module))
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ganzoo]\n{name} = {module}\n")


def run(site: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in its own process, with the plugins installed."""
    command = [str(Path(sys.executable).parent / "ganzoo"), *arguments]
    environment = {"PYTHONPATH": site, "GANZOO_CACHE": f"{site}/cache"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
