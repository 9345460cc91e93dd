"""`ganzoo project`: the picture of a model that is nearest to a photo."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.flags import run_argument
from ganzoo.cli.paths import PATH, UserPath
from ganzoo.errors import StorageError, UsageError, one_line

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@click.command("project")
@run_argument()
@click.argument("photo", type=UserPath(any_bytes=True))
@click.option("--steps", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Steps of the search.")
@click.option("--neighbours", type=click.IntRange(0, 64), default=8, show_default=True, help="Pictures around it.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the search.")
@click.option("--step", help="The checkpoint: LATEST, BEST or a step; LATEST by default.")
@click.option("--out", type=PATH, help="Picture to write; project-PHOTO.png in RUN by default.")
@click.pass_obj
def project(
    context: Context,
    /,
    run: str,
    photo: Path,
    steps: int,
    neighbours: int,
    seed: int,
    step: str | None,
    out: Path | None,
) -> None:
    """Finds the drawn picture nearest to a photo.

    The model of the run folder or published model RUN draws it, and its neighbours. The file shows PHOTO as
    the model sees it, then its projection, then pictures from around there.
    """
    from ganzoo.runs.run_file import read_run_file

    if out is not None and out.suffix.lower() not in PICTURES:
        raise UsageError(f"--out '{out}': the ending must be one of {', '.join(PICTURES)}")
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"--out '{out}': there is no folder '{out.parent}'")
    found_run = context.trained(run, step)
    content = read_run_file(found_run.folder)  # a wrong folder is refused before torch is loaded
    from ganzoo.config import resolve
    from ganzoo.data.images import grid, save_picture
    from ganzoo.inference import projection
    from ganzoo.inference.loading import load_run
    from ganzoo.scoring.build import build_encoder
    from ganzoo.stylize.photo import on_white, read_photo

    catalog = context.catalog()
    gan, problems = load_run(found_run.folder, which=found_run.which, catalog=catalog)
    for problem in problems:
        complain(problem)
    encoder = build_encoder(resolve.recorded_configuration(content, catalog))
    found = projection.project(gan, on_white(read_photo(photo)), encoder, steps=steps, neighbours=neighbours, seed=seed)
    file = out or found_run.output(f"project-{photo.stem}.png")
    try:
        save_picture(grid(found.pictures(), 2 + neighbours), file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    say(f"distance {found.before:.3f} of the nearest random picture, {found.after:.3f} after {steps} steps: {file}")
