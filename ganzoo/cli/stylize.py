"""`ganzoo stylize`: paints pictures and videos of any size with a trained translator."""

import errno
import time
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.flags import LARGEST_STROKE, detail_option, run_argument, stroke_option
from ganzoo.cli.paths import PATH, PathOrName, UserPath
from ganzoo.config.units import duration
from ganzoo.deprecated import GONE
from ganzoo.errors import GanzooError, StorageError, UsageError, one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ganzoo.stylize.jobs import Job
    from ganzoo.stylize.photo import Photo
    from ganzoo.stylize.stylizer import StylizeOptions, Stylizer

_EVERY = 5.0
"""Seconds between two lines about a video."""


@click.command("stylize")
@run_argument()
@click.argument("inputs", type=PathOrName(any_bytes=True), nargs=-1, required=True, metavar="INPUT…")
@click.option("--out", type=PATH, required=True, help="Folder for the painted files.")
@click.option(
    "--strength",
    type=click.FloatRange(0, 2),
    default=1.0,
    show_default=True,
    help="0 is the photo, 1 the painting; more than 1 exaggerates.",
)
@click.option("--keep-color", is_flag=True, help="Keep the colours of the photo.")
@click.option("--mask", type=UserPath(any_bytes=True), help="Picture: white is painted, black stays a photo.")
@click.option(
    "--style",
    type=PathOrName(any_bytes=True),
    help="A painting, or the name of a learnt style, for models that take one (adain, microast).",
)
@stroke_option
@detail_option
@click.option("--work-size", type=click.IntRange(0, 16384), hidden=True)
@click.option("--tile", default="auto", show_default=True, help="Side of tiles in pixels; auto depends on --memory.")
@click.option(
    "--memory", type=click.IntRange(50, 1_000_000), default=600, show_default=True, help="Megabytes for painting."
)
@click.option(
    "--precision",
    type=click.Choice(("auto", "fp32", "bf16")),
    default="auto",
    show_default=True,
    help="Of the network; auto takes bf16 where it is faster and hardly differs, measured once.",
)
@click.option("--step", help="The checkpoint: LATEST, BEST or a step; LATEST by default.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, mps, cuda or cuda:1.")
@click.pass_obj
def stylize(
    context: Context,
    /,
    run: str,
    inputs: tuple[str, ...],
    out: Path,
    strength: float,
    keep_color: bool,
    mask: Path | None,
    style: str | None,
    stroke: float,
    detail: float,
    work_size: int | None,
    tile: str,
    memory: int,
    precision: str,
    step: str | None,
    device: str,
) -> int:
    """Paints photos and videos.

    RUN is the run folder of a translator, a published model, or hf:OWNER/NAME of the hub. It paints each INPUT: a
    picture, a video, a folder or a pattern. RUN@BEST takes its best checkpoint.
    """
    from ganzoo.runs.run_file import read_run_file

    given = click.get_current_context().get_parameter_source("stroke")
    if work_size is not None and given is not ParameterSource.DEFAULT:
        raise UsageError("--work-size is the old name of --stroke: give --stroke alone")
    found = context.trained(run, step)
    content = read_run_file(found.folder)  # a wrong folder is refused before torch is loaded
    side = _tile(tile)
    from ganzoo.data.walk import visible
    from ganzoo.engine.device import set_up
    from ganzoo.inference.loaded import LoadedTranslator
    from ganzoo.inference.loading import load_run
    from ganzoo.stylize.identity import identity_of
    from ganzoo.stylize.jobs import jobs_of
    from ganzoo.stylize.levels import stroke_of
    from ganzoo.stylize.stylizer import StylizeOptions
    from ganzoo.stylize.video import EndsEarlyError

    jobs = jobs_of(inputs, out, complain)
    gan, problems = load_run(found.folder, which=found.which, device=device, catalog=context.catalog())
    for problem in problems:
        complain(problem)
    if not isinstance(gan, LoadedTranslator):
        raise UsageError(
            "this model draws from noise and paints no photos (a translator: ganzoo list --task translate)"
        )
    set_up(gan.device, 0)
    stylizer = gan.stylizer(style=style)
    if work_size is not None:
        stroke = stroke_of(work_size, gan.whole_view)
        if stroke > LARGEST_STROKE:
            raise UsageError(
                f"--work-size {work_size} stands for --stroke {stroke:.3g}, and the largest is {LARGEST_STROKE}: give"
                " --stroke instead"
            )
        complain(f"--work-size {work_size} is now --stroke {stroke:.3g}; the old name goes with ganzoo-core {GONE}")
    options = StylizeOptions(
        strength=strength,
        keep_color=keep_color,
        tile=side,
        memory=memory,
        stroke=stroke,
        detail=detail,
        precision=precision,
    )
    shape = None if mask is None else _mask(mask)
    bad = partly = 0
    for number, job in enumerate(jobs, 1):
        started = time.perf_counter()
        try:
            what, notes = _stylize(
                job, stylizer, options, shape, lambda: identity_of(stylizer, options, content, gan.step)
            )
        except Exception as error:  # whatever is wrong with one file, the others are painted
            if len(jobs) == 1:
                raise
            if _is_full(error):
                done = f"{number - 1 - bad} of {len(jobs)} files are painted"
                raise StorageError(f"{error}: {done}, the others don't fit") from None
            what = str(error) if isinstance(error, GanzooError) else f"'{job.source}': {one_line(error)}"
            complain(f"ganzoo: {what}")
            if isinstance(error, EndsEarlyError):
                partly += 1
            else:
                bad += 1
            continue
        took = f"{duration(time.perf_counter() - started)} in {stylizer.way(options).precision}"
        line = ", ".join((visible(str(job.target)), what, took))
        say(f"{number} of {len(jobs)}: {'; '.join((line, *notes))}")
    if bad:
        complain(f"ganzoo: {bad} of {len(jobs)} files could not be painted")
    if partly:
        complain(f"ganzoo: {partly} of {len(jobs)} files {'is' if partly == 1 else 'are'} painted only in part")
    return GanzooError.exit_code if bad or partly else 0


def _tile(text: str) -> int:
    if text == "auto":
        return 0
    if not text.isdigit() or not 64 <= int(text) <= 16384:
        raise UsageError(f"--tile {text!r}: write auto, or a side from 64 to 16384 pixels")
    return int(text)


def _mask(path: Path) -> "Photo":
    """Reads a mask, and tells by which rules its values became white and black."""
    from ganzoo.stylize.photo import LOST, read_photo

    photo = read_photo(path)
    for note in photo.notes:
        if note != LOST and note not in photo.metadata.notes:  # nothing of a mask is written
            complain(f"--mask '{path}': {note}")
    return photo


def _is_full(error: BaseException) -> bool:
    """Whether the disk is full, which no other file would change."""
    cause = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _stylize(
    job: "Job",
    stylizer: "Stylizer",
    options: "StylizeOptions",
    mask: "Photo | None",
    made_of: Callable[[], dict[str, str]],
) -> tuple[str, tuple[str, ...]]:
    """Paints one file, and says how large it is and what was changed or is not kept."""
    from ganzoo.stylize.jobs import VIDEO
    from ganzoo.stylize.painting import paint_picture
    from ganzoo.stylize.photo import mask_of
    from ganzoo.stylize.video import stylize_video

    if job.kind == VIDEO:
        if mask is not None:
            raise UsageError(f"'{job.source}' is a video, and --mask is for pictures: paint it without")
        job.target.parent.mkdir(parents=True, exist_ok=True)
        paint = partial(stylizer.stylize, options=options)
        frames = stylize_video(job.source, job.target, paint, _Progress(job), made_of=made_of(), notice=complain)
        return f"{frames} frame{'' if frames == 1 else 's'}", ()

    @lru_cache(maxsize=1)  # frames of one file have one size
    def where(height: int, width: int) -> "NDArray[np.float32] | None":
        return None if mask is None else mask_of(mask, (height, width))

    def paint_still(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        return stylizer.stylize(pixels, options, mask=where(*pixels.shape[:2]))

    painted = paint_picture(job.source, job.target, paint_still, _Progress(job))
    several = f", {painted.frames} frames" if painted.frames > 1 else ""
    return f"{painted.size[0]} x {painted.size[1]}{several}", painted.notes


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
