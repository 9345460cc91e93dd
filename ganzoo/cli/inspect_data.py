"""`ganzoo data inspect`: what is in a folder of images, what is wrong with it, and what to train on it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context, format_option
from ganzoo.cli.console import Format, complain, console, rows_as, say, table
from ganzoo.cli.flags import source_option
from ganzoo.cli.live import StderrView, make_view
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.cli.progress import Reading
from ganzoo.errors import GanzooError, StorageError, UsageError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ganzoo.catalog.lookup import Catalog
    from ganzoo.config.configuration import ResolvedPart
    from ganzoo.data.inspect.advice import Advice
    from ganzoo.data.inspect.clean import CleanedFile
    from ganzoo.data.inspect.summary import Inspection
    from ganzoo.engine.throughput import Throughput
    from ganzoo.runs.view import View

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
NOTHING_USABLE = 3
_TOLD_EVERY = 5.0
"""Seconds between two lines of progress."""
_MANY = 20_000
"""More pictures take long enough to compare that it is said."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What is printed; `reason` says why there is no throughput."""

    inspection: "Inspection"
    advice: "Advice"
    throughput: "Throughput | None"
    reason: str
    done: "list[CleanedFile] | None"


@click.command("inspect")
@click.argument("source", type=PathOrName(), metavar="SRC")
@source_option("--style", metavar="SRC", help="The images whose style is to be learned.")
@source_option("--held-out", metavar="SRC", help="Images kept for scores, which must not be in SRC.")
@click.option("--model", metavar="NAME", help="A model or preset to advise on; otherwise one is chosen.")
@click.option("--estimate/--no-estimate", default=True, help="Measure the time per 1,000 images; takes some seconds.")
@click.option("--sheet", type=PATH, metavar="FILE", help="Write a contact sheet, a picture of what was found.")
@click.option("--fix", type=PATH, metavar="DIR", help="Write a cleaned copy of SRC to DIR.")
@format_option
@click.pass_obj
def inspect_data(
    context: Context,
    source: str,
    style: str | None,
    held_out: str | None,
    model: str | None,
    estimate: bool,
    sheet: Path | None,
    fix: Path | None,
    form: Format,
) -> int:
    """Reports what is in a folder of images.

    SRC is the folder or a data set by name; nothing in it is changed. The report has counts, sizes, formats, JPEG
    quality and colours, files that can't be used, pictures that are the same or nearly, borders and grey pictures. It
    advises a model and settings, with the time they take here. The exit code is 3 when no picture can be used.
    """
    from ganzoo.config.configuration import resolve_part

    catalog = context.catalog()
    given = {"data": source, "style": style, "held-out": held_out}
    for remark in catalog.namesakes(*filter(None, given.values())):
        complain(remark)
    parts = {side: (text, resolve_part(catalog, "dataset", text, {})) for side, text in given.items() if text}
    if model:
        catalog.resolve(model)
    if sheet and sheet.suffix.lower() not in PICTURES:
        raise UsageError(f"--sheet '{sheet}': the ending must be one of {', '.join(PICTURES)}")
    _check_places(parts["data"], fix, sheet)
    inspection = _inspect(parts, form)
    advice, throughput, reason = _advise(inspection, catalog, source, model, estimate)
    if sheet:
        _write_sheet(inspection, sheet)
    done = _clean(inspection, fix) if fix else None
    _print(form, Findings(inspection=inspection, advice=advice, throughput=throughput, reason=reason, done=done))
    if form is Format.TABLE:
        for what, path in (("contact sheet", sheet), ("cleaned copy", fix)):
            if path:
                say(f"{what}: {path}")
    return 0 if inspection.summaries[0].usable else NOTHING_USABLE


def _check_places(data: "tuple[str, ResolvedPart]", fix: Path | None, sheet: Path | None) -> None:
    """Nothing may be written into the folder that is looked at."""
    text, part = data
    if part.spec.name != "folder":
        if fix:
            raise UsageError(f"--fix needs a folder of files, and the data set '{text}' has none")
        return
    root = Path(part.options.model_dump()["path"]).resolve()
    if sheet and root in sheet.resolve().parents:
        raise UsageError(f"--sheet '{sheet}' lies in '{text}', which is never touched; name a file elsewhere")
    if fix:
        from ganzoo.data.inspect.places import check_target

        check_target(root, fix)


def _inspect(parts: "Mapping[str, tuple[str, ResolvedPart]]", form: Format) -> "Inspection":
    import warnings

    from ganzoo.data.inspect.summary import inspect_surveys
    from ganzoo.data.inspect.survey import survey
    from ganzoo.specs import load_target

    surveys = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow remarks on odd files is in the notes
        for side, (text, part) in parts.items():
            with _view(form) as view:
                source = load_target(part.spec.target)(part.options)
                surveys.append(survey(source, side, text, view.reading))  # type: ignore[arg-type]  # a Side
        with _view(form) as view:
            if sum(len(one.facts) for one in surveys) > _MANY:
                view.notice("comparing the pictures with each other")
            return inspect_surveys(surveys)


class _Progress(StderrView):
    """Plain lines on the error stream, none for a short while."""

    def __init__(self) -> None:
        super().__init__()
        self._reading = Reading()
        self._last = time.monotonic()

    def reading(self, done: int, total: int | None, skipped: int) -> None:
        """Prints the progress, every few seconds."""
        text, now = self._reading.status(done, total, skipped), time.monotonic()
        if now - self._last >= _TOLD_EVERY:
            self._last = now
            complain(text)


def _view(form: Format) -> "View":
    return make_view() if form is Format.TABLE and console.is_terminal else _Progress()


def _advise(
    inspection: "Inspection", catalog: "Catalog", source: str, model: str | None, estimate: bool
) -> "tuple[Advice, Throughput | None, str]":
    """The advice, the measured throughput of its model, or why there is none."""
    from ganzoo.config.resolve import configure_run
    from ganzoo.data.inputs import DataSources
    from ganzoo.data.inspect.advice import advise
    from ganzoo.data.scale import scale_of, with_scale
    from ganzoo.engine.device import choose_device
    from ganzoo.engine.precision import AUTO, choose, with_precision
    from ganzoo.engine.throughput import measure_throughput, numbered

    device = choose_device("auto")
    advice = advise(inspection, catalog, gpu=device.type != "cpu", model=model)
    if not (estimate and advice.model and inspection.summaries[0].usable):
        return advice, None, "not measured (--estimate)"
    try:
        style = inspection.summary("style") if advice.task == "translate" else None
        settings: dict[str, object] = {"data": source, "size": advice.size}
        settings |= {"style": style.origin} if style else {}
        wanted = configure_run(advice.model, catalog, options=advice.options, settings=settings)
        wanted = with_scale(wanted, scale_of(wanted, DataSources(wanted).sides))
        labels = (style or inspection.summaries[0]).labels
        if wanted.settings.precision == AUTO:
            wanted = with_precision(wanted, choose(wanted, numbered(labels), device)[0])
        return advice, measure_throughput(wanted, labels), ""
    except GanzooError as error:
        return advice, None, str(error)


def _write_sheet(inspection: "Inspection", file: Path) -> None:
    from ganzoo.data.images import save_picture
    from ganzoo.data.inspect.contact import contact_sheet

    try:
        save_picture(contact_sheet(inspection), file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None


def _clean(inspection: "Inspection", fix: Path) -> "list[CleanedFile]":
    from ganzoo.data.inspect.clean import clean

    return clean(inspection, fix)


def _print(form: Format, findings: Findings) -> None:
    from ganzoo.data.inspect import tables

    inspection, throughput, done = findings.inspection, findings.throughput, findings.done
    if form is Format.NAMES:
        rows_as(form, tables.problem_names(inspection), ())
    elif form is not Format.TABLE:
        measured = (
            {**vars(throughput), "seconds_per_1000": round(throughput.per_1000, 2)}
            if throughput
            else {"reason": findings.reason}
        )
        extra = {} if done is None else {"cleaned": [one.to_json() for one in done]}
        rows_as(form, [tables.record(inspection, findings.advice, measured, extra)], ())
    else:
        _print_findings(inspection)
        _print_advice(findings)
        if done is not None:
            counts = (f"{sum(one.action == act for one in done)} {act}" for act in ("copied", "changed", "left out"))
            say(f"{', '.join(counts)}; cleaned.json says what and why")


def _print_findings(inspection: "Inspection") -> None:
    from ganzoo.data.inspect import tables

    table(tables.figure_rows(inspection), ("figure", *(summary.side for summary in inspection.summaries)))
    for (rows, more), columns in (
        (tables.problem_rows(inspection), ("side", "file", "problem")),
        (tables.pair_rows(inspection), ("pair", "alike", "one", "other")),
    ):
        if rows:
            table(rows, columns)
        if more:
            say(f"and {more} more: --format json has all of them")
    for line in (*(text for one in inspection.surveys for text in one.remarks), *tables.between_lines(inspection)):
        say(line)


def _print_advice(findings: Findings) -> None:
    advice, data = findings.advice, findings.inspection.summaries[0]
    for warning in advice.warnings:
        say(f"! {warning}")
    if not advice.model or not data.usable:
        say("; ".join(advice.reasons if data.usable else ["nothing to train on"]))
        return
    style = findings.inspection.summary("style")
    say(f"\nadvice: {advice.command(data.origin, style.origin if style else None)}")
    for why in advice.reasons:
        say(f"  {why}")
    throughput = findings.throughput
    if throughput is None:
        say(f"  time per 1,000 images: {findings.reason}")
        return
    shown = 600 / throughput.per_1000 * 1000
    say(
        f"  {throughput.per_1000:.1f} s per 1,000 images on {throughput.device} in {throughput.precision}"
        f" ({throughput.steps} steps measured):"
        f" ten minutes show {shown:,.0f} images, each picture about {shown / data.total:,.0f} times"
    )
