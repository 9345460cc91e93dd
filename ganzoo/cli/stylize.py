"""`ganzoo stylize`: paints pictures and videos of any size with a trained translator."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.paths import PATH
from ganzoo.config.units import duration
from ganzoo.errors import GanzooError, UsageError

if TYPE_CHECKING:
    from ganzoo.stylize.jobs import Job
    from ganzoo.stylize.stylizer import StylizeOptions, Stylizer

_EVERY = 5.0
"""Seconds between two lines about a video."""


@click.command("stylize")
@click.argument("run", type=PATH)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option("--out", type=PATH, required=True, help="Folder for the painted files.")
@click.option(
    "--strength",
    type=click.FloatRange(0, 2),
    default=1.0,
    show_default=True,
    help="0 is the photo, 1 the painting; more than 1 exaggerates.",
)
@click.option("--keep-color", is_flag=True, help="Keep the colours of the photo.")
@click.option("--mask", type=PATH, help="Picture: white is painted, black stays a photo.")
@click.option("--style", help="A painting, or the name of a learnt style, for models that take one (adain).")
@click.option(
    "--work-size",
    type=click.IntRange(0, 16384),
    default=0,
    metavar="PIXELS",
    help="Paint a copy with this shorter side and transfer the change: larger strokes. 0 is full size.",
)
@click.option("--tile", default="auto", show_default=True, help="Side of tiles in pixels; auto depends on --memory.")
@click.option(
    "--memory", type=click.IntRange(50, 1_000_000), default=600, show_default=True, help="Megabytes for painting."
)
@click.option("--step", default="LATEST", show_default=True, help="The checkpoint: LATEST, BEST or a step.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, mps, cuda or cuda:1.")
@click.pass_obj
def stylize(
    context: Context,
    /,
    run: Path,
    inputs: tuple[str, ...],
    out: Path,
    strength: float,
    keep_color: bool,
    mask: Path | None,
    style: str | None,
    work_size: int,
    tile: str,
    memory: int,
    step: str,
    device: str,
) -> int:
    """Paints photos and videos.

    The translator of the run folder RUN paints each INPUT: a picture, a video, a folder or a pattern.
    """
    from ganzoo.runs.run_file import read_run_file

    read_run_file(run)  # a wrong folder is refused before torch is loaded
    side = _tile(tile)
    from ganzoo.data.walk import visible
    from ganzoo.inference.loaded import LoadedTranslator
    from ganzoo.inference.loading import load_run
    from ganzoo.stylize.jobs import jobs_of
    from ganzoo.stylize.stylizer import StylizeOptions

    jobs = jobs_of(inputs, out, complain)
    gan, problems = load_run(run, which=step, device=device, catalog=context.catalog())
    for problem in problems:
        complain(problem)
    if not isinstance(gan, LoadedTranslator):
        raise UsageError(
            "this model draws from noise and paints no photos (a translator: ganzoo list --task translate)"
        )
    stylizer = gan.stylizer(style=style)
    options = StylizeOptions(strength=strength, keep_color=keep_color, tile=side, memory=memory, work_size=work_size)
    bad = 0
    for number, job in enumerate(jobs, 1):
        started = time.perf_counter()
        try:
            what = _stylize(job, stylizer, options, mask)
        except GanzooError as error:
            if len(jobs) == 1:
                raise
            complain(f"ganzoo: {error}")
            bad += 1
            continue
        say(f"{number} of {len(jobs)}: {visible(str(job.target))}, {what}, {duration(time.perf_counter() - started)}")
    if bad:
        complain(f"ganzoo: {bad} of {len(jobs)} files could not be painted")
    return GanzooError.exit_code if bad else 0


def _tile(text: str) -> int:
    if text == "auto":
        return 0
    if not text.isdigit() or not 64 <= int(text) <= 16384:
        raise UsageError(f"--tile {text!r}: write auto, or a side from 64 to 16384 pixels")
    return int(text)


def _stylize(job: "Job", stylizer: "Stylizer", options: "StylizeOptions", mask: Path | None) -> str:
    from ganzoo.stylize.jobs import VIDEO
    from ganzoo.stylize.photo import read_mask, read_photo
    from ganzoo.stylize.video import stylize_video
    from ganzoo.stylize.writing import write_photo

    if job.kind == VIDEO:
        if mask is not None:
            raise UsageError("--mask is for pictures")
        job.target.parent.mkdir(parents=True, exist_ok=True)
        frames = stylize_video(job.source, job.target, partial(stylizer.stylize, options=options), _Progress(job))
        return f"{frames} frames"
    photo = read_photo(job.source)
    height, width = photo.pixels.shape[:2]
    where = None if mask is None else read_mask(mask, (height, width))
    write_photo(photo, stylizer.stylize(photo.pixels, options, mask=where), job.target)
    return f"{width} x {height}"


class _Progress:
    """A line now and then with the time that is left."""

    def __init__(self, job: "Job") -> None:
        self.job = job
        self.started = self.last = time.perf_counter()
        self.first = 0

    def __call__(self, done: int, total: int) -> None:
        now = time.perf_counter()
        self.first = self.first or done
        if now - self.last < _EVERY:
            return
        self.last = now
        rate = (done - self.first + 1) / (now - self.started)
        left = f" of {total}, {duration((total - done) / rate)} left" if total else ""
        say(f"{self.job.source}: frame {done}{left}, {rate:.1f} frames/s")
