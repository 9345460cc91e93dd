"""A tiny run to report on, and the same run with hostile text."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ganzoo.runs.folder import Run
from tests.report_html.folders import HOSTILE, write_scores

Train = Callable[..., Run]


@pytest.fixture
def folder(train: Train) -> Path:
    """A tiny run with three grids and made-up scores."""
    run = train(budget="20steps", sample_every="10steps", log_every="2steps")
    write_scores(run.folder, {10: 0.5, 20: 0.9})
    return run.folder


@pytest.fixture
def hostile(folder: Path) -> Path:
    """The same run with hostile text wherever its files hold text."""
    content = json.loads((folder / "run.json").read_text())
    content["model"] = content["device"] = HOSTILE
    content["configuration"]["loss"] = {"value": HOSTILE, "origin": HOSTILE}
    content["configuration"][HOSTILE] = {"value": HOSTILE, "origin": "set"}
    content["versions"][HOSTILE] = HOSTILE
    content["plugin"]["name"] = HOSTILE
    content["data"] |= {"changed": {HOSTILE: 3}, "skipped": 1, "attributes": {HOSTILE: [HOSTILE]}}
    content["data"]["skipped_files"] = [{"name": HOSTILE, "problem": HOSTILE}]
    (folder / "run.json").write_text(json.dumps(content))
    (folder / "scalars.jsonl").write_text(
        "".join(json.dumps({"step": i, "images": i, "seconds": i, HOSTILE: i}) + "\n" for i in range(30))
    )
    (folder / "summary.json").write_text(json.dumps({"outcome": HOSTILE, "error": HOSTILE}))
    odd = folder.with_name("<img src=x onerror=alert(1)> \"run'")
    return folder.rename(odd)
