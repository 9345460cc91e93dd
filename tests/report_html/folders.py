"""Made-up scores and comparisons to report on, and hostile text to put into them."""

import json
from pathlib import Path
from typing import Any

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>javascript:alert(3)\x1b[31m\u202eé雪\ud800{{7*7}}"
HARMLESS = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>javascript:alert(3)\ufffd[31m\ufffdé雪\ufffd{{7*7}}"
)
PROTOCOL = {
    **{"metric": "KID-test", "data": "content:1", "size": "16x16", "held_out": "6 of 64", "n_real": 6, "n_fake": 50},
    **{"encoder": "ab", "preprocessing": "none"},
}


def score_line(step: int, value: float) -> dict[str, Any]:
    score = {"value": value, "low": value - 0.05, "high": value + 0.05}
    floor = {"value": 0.01, "low": -0.01, "high": 0.03}
    others = {"precision": 0.5, "spread": 0.9}
    return {
        **{"protocol": dict(PROTOCOL), "score": score, "floor": floor, "ceiling": 1.2, "others": others},
        **{"step": step, "weights": "ema", "images": 8 * step, "seconds": step / 10},
    }


def write_scores(folder: Path, values: dict[int, float]) -> None:
    lines = [json.dumps(score_line(step, value)) for step, value in values.items()]
    (folder / "scores.jsonl").write_text("".join(f"{line}\n" for line in lines) + '{"step": 9, "cut o')


def comparison(folder: Path, name: str, runs: list[Path], **more: Any) -> Path:
    """A comparison of runs. The last row is that of a run that failed and left no files."""
    numbers = {"steps": 20, "images": 160, "seconds": 2.0, "images_per_second": 80.0, "peak_memory_mb": 500.0}
    scored = {key: value for key, value in score_line(20, 0.5).items() if key not in ("images", "seconds")}
    shared = {"name": name, "model": "dcgan/dcgan", "parameters": {"generator": 9}, "license": "Apache-2.0", **numbers}
    rows = [
        {**shared, "seed": i, "folder": str(run), "status": "done", "reason": "", "best": scored, "last": scored}
        for i, run in enumerate(runs)
    ]
    failed = {"seed": 9, "folder": "gone", "status": "failed", "reason": f"reason of {name}", "best": None}
    place = {"name": name, "rank": 1, "ties": [name], "best": scored["score"], "last": scored["score"]}
    rest = {"floor": scored["floor"], "ceiling": 1.2, "seeds": 2}
    content = {
        **{"schema": 1, "command": f"ganzoo compare {name}", "created": "2026-01-02", "budget": "20steps"},
        **{
            "seeds": [0, 1],
            "data": name,
            "ranked": True,
            "why_not": "",
            "rows": [*rows, {**shared, **failed, "last": None}],
        },
        "summary": [{**place, **rest}, {**place, **rest, "rank": None, "ties": [], "best": None, "last": None}],
        **more,
    }
    folder.mkdir()
    (folder / "comparison.json").write_text(json.dumps(content))
    return folder
