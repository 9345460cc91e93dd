"""`ganzoo evaluate`: scores the images of a run against real images that it never saw."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ganzoo.cli.app import Context, answer_option
from ganzoo.cli.console import Format, complain, rows_as, say, table
from ganzoo.cli.flags import detail_option, run_argument, source_option, stroke_option
from ganzoo.cli.live import StderrView
from ganzoo.errors import UsageError

if TYPE_CHECKING:
    from ganzoo.runs.evaluation import Evaluation, Interval

_DIGITS = 12
"""Of a fingerprint that is shown."""
_SCORED_BY = ("data", "style", "encoder", "metrics")
"""What `--set` may change: images and how they are looked at, not what drew them."""


@click.command("evaluate")
@run_argument()
@click.option("--checkpoint", help="LATEST, BEST or a step; LATEST by default.")
@source_option("--data", metavar="SRC", help="Score on these images: a folder, or a data set by name.")
@source_option("--style", metavar="SRC", help="Of a translator: score on these paintings.")
@click.option("--encoder", metavar="NAME", help="Use another encoder; scores of different encoders are not comparable.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="An option of encoder, data, style or metrics."
)
@click.option(
    "-n",
    "images",
    type=click.IntRange(50, 50_000),
    help="Images drawn, or photos painted; score_images of the run by default, and at most 200 photos.",
)
@stroke_option
@detail_option
@click.option("--quick", is_flag=True, help="Of a translator: the quick score, on thumbnails, as while training.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, mps, cuda or cuda:1.")
@answer_option
@click.pass_obj
def evaluate(
    context: Context,
    run: str,
    checkpoint: str | None,
    data: str | None,
    style: str | None,
    encoder: str | None,
    assignments: tuple[str, ...],
    images: int | None,
    stroke: float,
    detail: float,
    quick: bool,
    device: str,
    form: Format,
) -> None:
    """Scores a run on held-out images.

    What a checkpoint of the run folder or published model RUN draws is compared with images that its training never
    saw.
    """
    from ganzoo.config.configuration import Layer, metric_parts, namesake_notices
    from ganzoo.config.recorded import recorded_model
    from ganzoo.config.resolve import recorded_configuration
    from ganzoo.runs.run_file import read_run_file

    changes = {"data": data, "style": style, "encoder": encoder, "score_images": images}
    given: dict[str, object] = {key: value for key, value in changes.items() if value is not None}
    given = {**_settings(assignments, other_images="data" in given), **given}
    found = context.trained(run, checkpoint)
    content, catalog = read_run_file(found.folder), context.catalog()
    _check_brush(translator=recorded_model(content, catalog).spec.task == "translate", quick=quick)
    for remark in namesake_notices(given, catalog):
        complain(remark)
    layer = Layer(origin="evaluate", values={**given, "device": device})
    metric_parts(
        recorded_configuration(content, catalog, [layer]), catalog
    )  # so that mistakes are errors before torch is loaded
    from ganzoo.cli.live import make_view
    from ganzoo.comparing.evaluator import FURTHER, Evaluator
    from ganzoo.stylize.stylizer import StylizeOptions

    brush, further = StylizeOptions(stroke=stroke, detail=detail), () if encoder else FURTHER
    with make_view() if form is Format.TABLE else StderrView() as view:
        evaluator = Evaluator(catalog, view, given, device=device, quick=quick, further=further, options=brush)
        evaluation = evaluator.evaluate(found.folder, found.which)
    if form is not Format.TABLE:
        rows_as(form, [{"run": found.name or str(found.folder), **evaluation.to_dict()}], ())
        return
    table(_rows(evaluation, evaluator.meanings), ("what", "value", "meaning"))
    for line in _protocol(evaluation):
        say(line)


def _check_brush(*, translator: bool, quick: bool) -> None:
    """Raises UsageError where `--stroke` or `--detail` was given for a score that paints no photo."""
    source = click.get_current_context().get_parameter_source
    for name in ("stroke", "detail"):
        if source(name) is ParameterSource.DEFAULT:
            continue
        if not translator:
            raise UsageError(f"--{name} is for translators, and this model paints no photos: leave it out")
        if quick:
            raise UsageError(f"--{name} is for the painted score: leave it out, or --quick")


def _settings(assignments: tuple[str, ...], *, other_images: bool) -> dict[str, object]:
    """What `--set` gives. Raises UsageError for what is no matter of scoring.

    What is held out may change only where `other_images` are scored on: of its own a run has seen all the rest.
    """
    from ganzoo.config.values import parse_assignments

    given = parse_assignments(assignments)
    allowed = (*_SCORED_BY, "held_out") if other_images else _SCORED_BY
    if others := [key for key in given if key.partition(".")[0] not in allowed]:
        known = ", ".join(allowed)
        raise UsageError(f"--set {others[0]}: a run that is evaluated stays as it was trained; choose from {known}")
    return given


def _rows(evaluation: "Evaluation", meanings: Mapping[str, str]) -> list[dict[str, str]]:
    main = _of_painted(evaluation) if evaluation.protocol.painted else _of_drawn(evaluation)
    others = {name: (f"{value:.3f}", meanings.get(name, "")) for name, value in evaluation.others.items()}
    beside = {
        f"{name} {one.protocol.encoder_name}": (f"{value:.3f}", f"the same by {one.protocol.encoder_name}")
        for one in evaluation.beside
        for name, value in one.others.items()
    }
    rows = {**main, **others, **beside}
    return [{"what": name, "value": value, "meaning": text} for name, (value, text) in rows.items()]


def _of_drawn(evaluation: "Evaluation") -> dict[str, tuple[str, str]]:
    score = f"{evaluation.protocol.metric} x1000"
    real, floor, ceiling = (
        ("the paintings", "one half of the paintings against the other", "the photos as they are")
        if evaluation.protocol.sources
        else ("real images", "other real images: no model does better but by chance", "pure noise")
    )
    return {
        score: (_interval(evaluation.score, 1000), f"distance from {real} with its 95 % interval; lower is better"),
        "floor": (_interval(evaluation.floor, 1000), f"the same of {floor}"),
        "ceiling": (f"{1000 * evaluation.ceiling:.1f}", f"the same of {ceiling}"),
    }


def _of_painted(evaluation: "Evaluation") -> dict[str, tuple[str, str]]:
    """What is left by each encoder."""
    rows = {}
    for one in (evaluation, *evaluation.beside):
        rows[one.protocol.metric] = (
            _interval(one.score),
            "% of the photos' distance from the paintings with its 95 % interval; lower is better",
        )
        rows[f"floor of {one.protocol.metric}"] = (_interval(one.floor), "the same of paintings, as many as photos")
    return rows


def _interval(interval: "Interval", scale: float = 1) -> str:
    value, low, high = (round(scale * end, 1) + 0.0 for end in (interval.value, interval.low, interval.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _protocol(evaluation: "Evaluation") -> list[str]:
    """How it was taken: only scores with the same lines may be compared."""
    protocol = evaluation.protocol
    weights = "averaged weights (EMA)" if evaluation.weights == "ema" else "live weights"
    encoders = [
        f"encoder: {one.encoder_name} {one.encoder[:_DIGITS]}; {one.preprocessing}; {one.quantisation}"
        for one in (protocol, *(further.protocol for further in evaluation.beside))
    ]
    translated = f"step {evaluation.step}, {weights}; {protocol.n_fake} photos, {protocol.n_real} paintings"
    if protocol.painted:
        return [
            f"{protocol.name}, {translated}",
            f"held out: {protocol.held_out}; data {protocol.data}",
            f"painted at {protocol.painted_at} px ({protocol.painting}), whole view {protocol.size} px, crops"
            f" {protocol.crops}",
            *encoders,
        ]
    if protocol.sources:
        return [
            f"{protocol.name}, {translated}",
            f"held out: {protocol.held_out}, at {protocol.size} px; data {protocol.data}",
            *encoders,
        ]
    return [
        f"step {evaluation.step}, {weights}; {protocol.n_fake} images drawn, {protocol.n_real} real ones",
        f"held out: {protocol.held_out} images at {protocol.size} px, data {protocol.data}",
        *encoders,
    ]
