"""The names of the files in a run folder, and paths as users write them."""

from pathlib import Path

RUN_FILE = "run.json"
SCALARS = "scalars.jsonl"
SCORES = "scores.jsonl"
PAINTED = "painted.jsonl"
"""The painted scores of a translator's checkpoints, once they were taken."""
TIMELINE = "timeline.jsonl"
SUMMARY = "summary.json"
LOCK = ".lock"
OWNER = ".owner.json"
"""Who holds the lock."""
LATEST, BEST = "LATEST", "BEST"
"""The names of two checkpoints: the newest, and the one with the best score."""


def file_name(path: Path) -> str:
    """The path as users wrote it: relative to the working folder where it is below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
