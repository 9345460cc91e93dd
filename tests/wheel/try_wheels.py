"""`make wheel`: builds the wheels of ganzoo and of the example plugins, and uses them in an environment of their own.

Nothing of the source tree is seen there. Run by CI after the tests; it takes minutes, as it installs everything anew.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT, *sorted((ROOT / "docs" / "examples").glob("ganzoo-*")))
DRAGAN_EXCUSE = "critic-sees-images=the penalty looks around the data"
COMMANDS = (
    ("list",),
    ("run", "dcgan", "--tiny", "--out", "dcgan"),
    ("run", "dragan", "--tiny", "--out", "dragan"),
    ("run", "dcgan", "--tiny", "--set", "loss=smoothed", "--set", "augment=haze", "--out", "soft"),
    ("sample", "dragan", "-n", "16", "--out", "grid.png"),
    ("check", "dragan", "--expect", DRAGAN_EXCUSE),
    ("check", "softness"),
    ("new", "fresh-gan"),
    ("report", "dcgan"),
)


def run(*command: object, cwd: Path | None = None, **variables: str) -> None:
    """Runs a command, shows it, and ends everything when it fails."""
    print("$", *(Path(str(part)).name if Path(str(part)).is_absolute() else part for part in command), flush=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | variables
    subprocess.run([*map(str, command)], check=True, cwd=cwd, env=environment)


def main() -> None:
    """Builds, installs, runs."""
    with tempfile.TemporaryDirectory() as place:
        wheels, home, work = (Path(place, name) for name in ("wheels", "venv", "work"))
        work.mkdir()
        build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
        run(*build, "--wheel-dir", wheels, *SOURCES)
        venv.create(home, with_pip=True)
        python = home / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", *sorted(wheels.glob("*.whl")))
        run(python, "-m", "pip", "check")
        for arguments in COMMANDS:
            run(home / "bin" / "ganzoo", *arguments, cwd=work, GANZOO_CACHE=str(Path(place, "cache")))
        ours = subprocess.check_output([python, "-c", "import ganzoo; print(ganzoo.__file__)"], cwd=work, text=True)
        if not Path(ours.strip()).is_relative_to(home):
            sys.exit(f"not the wheel was tried but {ours}")
    print("the wheels work")


if __name__ == "__main__":
    main()
