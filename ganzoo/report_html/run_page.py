"""The report of one run: pictures, curves, scores, settings, and the commands that repeat it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo.config.units import duration
from ganzoo.report_html import commands, page
from ganzoo.report_html.curves import Chart, Line, draw
from ganzoo.report_html.formatting import between, count, score, title, value
from ganzoo.report_html.pictures import (
    BUDGET,
    MOST_FRAMES,
    BeforeAfter,
    Frame,
    before_after,
    frame,
    sample_files,
    sizes_in_grid,
    spread_out,
)
from ganzoo.report_html.records import COUNTERS, Record, Scored, read_record
from ganzoo.report_html.sentences import best_and_last, explanations, meaning
from ganzoo.runs.evaluation import Evaluation
from ganzoo.runs.logs import LEARNING_RATE
from ganzoo.runs.paths import RUN_FILE
from ganzoo.runs.protocol import Protocol
from ganzoo.runs.run_file import IMPORTED, PUBLISHED, origin
from ganzoo.scoring import health

_OF_IMPORTED = ("size", "load_size", "crop")
"""Settings that say at which size an imported model paints."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One of the large numbers at the top."""

    name: str
    value: str
    note: str = ""


def write_run_report(folder: Path, *, name: str = "", trained_on: str = "", file: Path | None = None) -> Path:
    """Writes report.html into a run folder, or `file`, and returns its path.

    Raises as `render_run`, and StorageError when the file can't be written.
    """
    return page.write(file or folder / page.REPORT, render_run(folder, name=name, trained_on=trained_on))


def render_run(folder: Path, *, name: str = "", trained_on: str = "") -> str:
    """The report of a run, finished or not, as a self-contained HTML page.

    `name` is that of a published model, and `trained_on` what its card says.

    Raises UsageError when the folder holds no run, and StorageError when one of its files is damaged.
    """
    record = read_record(folder)
    with page.damaged(folder / RUN_FILE):
        return page.render("run", **_content(record, name, trained_on))


def _content(record: Record, name: str, card: str) -> dict[str, object]:
    configuration = record.content["configuration"]
    return {
        "title": name or record.folder.resolve().name,
        "record": record,
        "source": commands.public(configuration.get("data.path", configuration["data"])["value"]),
        "size": configuration["size"]["value"],
        "outcome": _outcome(record),
        "elsewhere": (card or origin(record.content)) if _is_elsewhere(record) else "",
        "tiles": _tiles(record),
        "notes": _notes(record),
        "frames": frames(record),
        "sides": _sides(record),
        **_score_section(record.best),
        **_painted_section(record.painted),
        "charts": [chart for chart in _charts(record) if any(line.points for line in chart.lines)],
        "draw": draw,
        **_commands(record, name),
        **_settings(record),
    }


def _settings(record: Record) -> dict[str, object]:
    """Values that were chosen and defaults. Of a model that was imported, those of its network: nothing was trained."""
    known = record.content["configuration"]
    if record.content.get(IMPORTED):
        known = {key: entry for key, entry in known.items() if key in _OF_IMPORTED or key.startswith("generator")}
    shown = {key: {**entry, "value": commands.public(entry["value"])} for key, entry in known.items()}
    return {
        "chosen": {key: entry for key, entry in shown.items() if entry["origin"] != "default"},
        "defaults": {key: entry for key, entry in shown.items() if entry["origin"] == "default"},
    }


def _is_elsewhere(record: Record) -> bool:
    """Whether the folder holds no training, but what was published or imported."""
    return _outcome(record) in (PUBLISHED, IMPORTED)


def _outcome(record: Record) -> str:
    """How the training ended, or that there was none here."""
    without = next((word for word in (PUBLISHED, IMPORTED) if record.content.get(word)), "")
    return without or str(record.summary.get("outcome", "unfinished"))


def _commands(record: Record, name: str) -> dict[str, str]:
    """Those that repeat and resume the training, empty where it was elsewhere, and one that uses the model."""
    here = not _is_elsewhere(record)
    model = Path(name) if name else record.folder
    return {
        "repeat": commands.repeat(record.content) if here else "",
        "resume": commands.resume(record.folder) if here else "",
        "sample": commands.sample(model) if here or "sources" not in record.content else commands.stylize(model),
    }


def _score_section(best: Scored | None) -> dict[str, object]:
    return {
        "best": best,
        "terms": explanations(best.evaluation) if best else [],
        "meaning": meaning,
        "protocol": _filled(best.evaluation.protocol) if best else {},
    }


def _painted_section(painted: Sequence[Evaluation]) -> dict[str, object]:
    """A line for each painted score, and what the newest one means."""
    columns: dict[str, None] = {}
    lines = []
    for one in painted:
        line = {
            title(each.protocol): f"{score(each.score.value, 1)} ({between(each.score, 1)})"
            for each in (one, *one.beside)
        }
        line |= {name: value(one.others[name]) for name in ("content", "contours") if name in one.others}
        columns |= dict.fromkeys(line)
        lines.append((one.step, one.weights, line))
    return {
        "painted": lines,
        "painted_columns": list(columns),
        "painted_terms": explanations(painted[-1]) if painted else [],
        "painted_protocol": _filled(painted[-1].protocol) if painted else {},
    }


def _filled(protocol: Protocol) -> dict[str, object]:
    """The fields of the protocol that say something."""
    return {key: value for key, value in protocol.to_dict().items() if value != ""}


def _sides(record: Record) -> BeforeAfter | None:
    """The photos and the paintings of a translator's newest grid; None for other models."""
    files = sample_files(record.folder)
    if "sources" not in record.content or not files:
        return None
    found = (before_after(files[-1][1], size, limit=BUDGET // 6) for size in sizes_in_grid(record.content))
    return next((one for one in found if one is not None), None)


def frames(
    record: Record, most: int = MOST_FRAMES, budget: int = BUDGET, *, by_percent: bool = False
) -> Sequence[Frame]:
    """The sample grids, evenly spread over the run, in about `budget` bytes.

    The slider counts the grids; with `by_percent` it moves in per cent of the run, so that runs line up.
    """
    files = spread_out(sample_files(record.folder), most)
    end = max((step for step, _ in files), default=0) or 1
    found = [
        frame(
            path,
            step=step,
            at=round(100 * step / end, 2) if by_percent else number,
            label=_moment(step, record.logged_until(step)),
            limit=budget // len(files),
        )
        for number, (step, path) in enumerate(files)
    ]
    return [picture for picture in found if picture is not None]


def _moment(step: int, logged: Mapping[str, float]) -> str:
    if not step or "seconds" not in logged:
        return f"step {count(step)}"
    return f"step {count(step)}, {duration(logged['seconds'])}"


def _tiles(record: Record) -> list[Tile]:
    last, best = record.last, record.best
    tiles = []
    if best:
        interval = best.evaluation.score
        name = f"best {best.evaluation.protocol.metric} \u00d7 1000"
        tiles.append(Tile(name=name, value=score(interval.value), note=f"interval {between(interval)}"))
    if not _is_elsewhere(record):
        images = f"{count(last.get('images', 0))} images"
        rate = f"{count(last['images_per_second'])} images/s" if "images_per_second" in last else ""
        tiles.append(Tile(name="steps", value=count(last.get("step", 0)), note=images))
        tiles.append(Tile(name="trained for", value=duration(last.get("seconds", 0)), note=rate))
    tiles += [
        Tile(name=name, value=count(number), note="parameters")
        for name, number in sorted(record.content["parameters"].items(), reverse=True)
        if name == "generator" or not record.content.get(IMPORTED)
    ]
    if "peak_memory_mb" in record.summary:
        tiles.append(
            Tile(
                name="peak memory",
                value=f"{count(record.summary['peak_memory_mb'])} MB",
                note=f"on {record.content['device']}",
            )
        )
    return tiles


def _notes(record: Record) -> list[str]:
    """Remarks for the top of the page: what is left out, how the score developed, what it started from, signs of
    trouble, and why the run ended early.
    """
    evaluations = record.evaluations
    notes = [*record.left_out, *([best_and_last(evaluations)] if evaluations else [])]
    if source := record.content.get("start", {}).get("source"):
        notes.append(f"It started from the trained weights of {commands.public(source)}.")
    found = health.warnings(evaluations, record.scalars, probabilities=record.records_probabilities)
    notes += [f"{sentence[0].upper()}{sentence[1:]}." for sentence in found]
    for key in ("stopped", "error"):
        if key in record.summary:
            notes.append(f"The run ended early: {record.summary[key]}.")
    return notes


def _charts(record: Record) -> list[Chart]:
    """The score, the losses, the discriminator's outputs, rates that change, and the images per second."""
    logged = list(dict.fromkeys(key for line in record.scalars for key in line if key not in COUNTERS))
    rates = [name for name in logged if name.startswith(LEARNING_RATE)]
    names = [name for name in logged if name not in rates]
    scores = [name for name in names if name.startswith("D(")]
    losses = [name for name in names if name not in scores and not name.startswith("augment.")]
    charts = [score_chart([("score", record)])] if record.scores else []
    charts += [
        Chart(title="Losses", x_label="images seen", lines=[_line(record, name) for name in losses]),
        Chart(
            title="Discriminator output for real and generated images",
            x_label="images seen",
            lines=[_line(record, name) for name in scores],
        ),
        *_rate_charts(record, rates),
        Chart(title="Images per second", x_label="images seen", lines=[_line(record, "images_per_second", "images/s")]),
    ]
    return charts


def _rate_charts(record: Record, names: Sequence[str]) -> list[Chart]:
    """The learning rates, where one of them changes."""
    lines = [_line(record, name, name.removeprefix(LEARNING_RATE)) for name in names]
    if all(len({rate for _, rate in line.points}) < 2 for line in lines):
        return []
    return [Chart(title="Learning rate", x_label="images seen", lines=lines)]


def score_chart(records: Sequence[tuple[str, Record]], bands: bool = True) -> Chart:
    """The scores of one or several runs over the number of images seen. At least one run must have a score."""
    lines = [Line(name=name, points=_score_points(record, bands)) for name, record in records]
    scored = [record.best for _, record in records if record.best]
    best = min(scored, key=lambda one: one.evaluation.score.value)
    return Chart(
        title=f"{title(best.evaluation.protocol)}, lower is better",
        x_label="images seen",
        lines=lines,
        floor=1000 * best.evaluation.floor.value,
        mark=(best.images, 1000 * best.evaluation.score.value),
    )


def _score_points(record: Record, bands: bool) -> list[tuple[float, ...]]:
    intervals = [(scored.images, scored.evaluation.score) for scored in record.scores]
    if not bands:
        return [(images, 1000 * interval.value) for images, interval in intervals]
    return [(images, *(1000 * end for end in (i.value, i.low, i.high))) for images, i in intervals]


def _line(record: Record, key: str, name: str = "") -> Line:
    points = [(line["images"], line[key]) for line in record.scalars if key in line and "images" in line]
    return Line(name=name or key, points=points)
