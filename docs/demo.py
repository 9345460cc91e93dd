"""What `make demo` does before it trains anything: uses the published models whose files are installed.

`python docs/demo.py OUT` paints docs/images/photo.jpg with each painter, and draws a grid with each generator.
It prints every command before it runs it.
"""

import shlex
import sys
from pathlib import Path

from ganzoo.cli import run_command
from ganzoo.config.resolve import open_catalog

PHOTO = Path(__file__).parent / "images" / "photo.jpg"


def commands(out: Path) -> list[list[str]]:
    """A command for each published model: to paint the photograph, or to draw scenes."""
    catalog = open_catalog(third_party=False)
    here = [one for one in catalog.published.values() if one.file and one.file.is_file()]
    return [
        ["stylize", one.name, str(PHOTO), "--out", str(out / one.name)]
        if catalog.model(one.model).spec.task == "translate"
        else ["sample", one.name, "--out", str(out / f"{one.name}.png")]
        for one in here
    ]


def main(out: str) -> int:
    """Runs them all, up to the first that fails; its exit code."""
    for command in commands(Path(out)):
        print("$", shlex.join(["ganzoo", *command]), flush=True)
        if code := run_command(command):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
