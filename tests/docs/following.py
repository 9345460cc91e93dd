"""Does what a page of the docs says: writes the files it shows, runs its commands, and compares what they print.

A block of code is a file when its path in backticks and a colon stand before it. In a `console` block the lines after
`$` are run, and `# exit code 4` promises one other than 0. The lines below must be in what is printed, with anything
for "…".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

STEP = re.compile(r"(?:`(?P<file>[\w./-]+)`:\n\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)


@dataclass
class Done:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str = ""


Run = Callable[[str, Path], Done]
"""Runs a command line in a folder."""


@dataclass
class Followed:
    """What was done."""

    files: list[str] = field(default_factory=list)
    commands: int = 0


def follow(page: Path, folder: Path, run: Run) -> Followed:
    """Does everything on the page, in its order; AssertionError for the first thing that is not as it says."""
    done = Followed()
    for step in STEP.finditer(page.read_text(encoding="utf-8")):
        if step["language"] == "console":
            done.commands += run_console(step["text"], folder, run)
            continue
        assert step["file"], f"a block without a file's name:\n{step['text'][:200]}"
        path = folder / step["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step["text"], encoding="utf-8")
        done.files.append(step["file"])
    return done


def in_order(pieces: list[str], text: str) -> bool:
    """Whether the pieces occur in the text one after the other."""
    return re.search(".*?".join(map(re.escape, pieces)), text) is not None


def run_console(text: str, folder: Path, run: Run) -> int:
    """Runs the lines after `$`, each with the code it promises, and looks for the lines shown below it; how many."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for part in parts:
        command, *shown = part.splitlines()
        command, _, promise = command.partition("  # exit code ")
        done = run(command, folder)
        assert done.code == int(promise or 0), f"{command}\n{done.out}\n{done.err}"
        printed = " ".join(done.out.split())
        for line in filter(str.strip, shown):
            pieces = [" ".join(piece.split()) for piece in line.split("…")]
            assert in_order(pieces, printed), f"{command} does not print {line!r}:\n{done.out}"
    return len(parts)
