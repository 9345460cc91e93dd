"""`ganzoo list` as a whole process with 16 plugins installed, four of them bad."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
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
    """Prints the median, the fastest and the slowest run, and what the rows say."""
    builtin = [entry for entry in metadata.entry_points(group="ganzoo") if entry.dist.name == "ganzoo-core"]
    with tempfile.TemporaryDirectory() as site:
        for number in range(PLUGINS - len(builtin)):
            source = BAD[number] if number < len(BAD) else GOOD
            install(Path(site), f"bench-{number}", source)
        seconds = []
        for _ in range(RUNS + 1):
            started = time.perf_counter()
            done = run(site, "list")
            seconds.append(time.perf_counter() - started)
            assert done.returncode == 0, done.stderr
        plugins = json.loads(run(site, "plugins", "--format", "json").stdout)
        bad = sum(plugin["status"] != "ok" for plugin in plugins)
    timed = seconds[1:]
    print(
        f"ganzoo list, {len(plugins)} plugins, {bad} bad, {RUNS} runs: median {statistics.median(timed):.3f} s,"
        f" {min(timed):.3f} to {max(timed):.3f} s"
    )


def install(site: Path, name: str, source: str) -> None:
    """Lays a distribution out as pip would."""
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(source.replace("{name}", name).replace("{module}", module))
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ganzoo]\n{name} = {module}\n")


def run(site: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own that sees the plugins."""
    command = [str(Path(sys.executable).parent / "ganzoo"), *arguments]
    return subprocess.run(command, env={"PYTHONPATH": site}, capture_output=True, text=True, check=False)
