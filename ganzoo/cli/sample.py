"""`ganzoo sample`: a grid of pictures from a run, or an animation of a walk through its latent space."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.report import complain, say

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@click.command("sample")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-n", "--count", type=click.IntRange(1, 4096), default=64, show_default=True, help="Pictures in the grid."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the noise.")
@click.option("--walk", type=click.IntRange(0, 4096), default=0, metavar="FRAMES", help="An animation instead.")
@click.option("--style", "styles", multiple=True, help="File or learnt name, for adain; --walk goes round several.")
@click.option("--step", default="LATEST", show_default=True, help="The checkpoint: LATEST or a step.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; its ending says the format.")
@click.pass_obj
def sample(
    context: Context,
    run: Path,
    count: int,
    seed: int,
    walk: int,
    styles: tuple[str, ...],
    step: str,
    out: Path | None,
) -> None:
    """Draws from the run folder RUN: a grid of -n pictures, or a looping GIF or WebP with --walk FRAMES.

    A translator shows photos that it never saw, each beside its painting; its walk goes to the painting and back, or
    from style to style.
    """
    from ganzoo.runs import read_run_file

    read_run_file(run)  # a wrong folder is told before torch is loaded
    from ganzoo.images import ANIMATIONS, grid, pair_columns, save_animation
    from ganzoo.sampling import held_out_photos, load_run

    file = out or run / (f"walk-{seed}.gif" if walk else f"samples-{seed}.png")
    allowed = ANIMATIONS if walk else PICTURES
    if file.suffix.lower() not in allowed:
        raise UsageError(f"--out '{file}': the ending must be one of {', '.join(allowed)}")
    if len(styles) > 1 and not walk:
        raise UsageError("a grid has one --style; --walk goes from one to the next")
    gan, problems = load_run(run, which=step, catalog=context.catalog())
    for problem in problems:
        complain(problem)
    if gan.translates:
        gan.photos = held_out_photos(run, context.catalog(), most=count)
    try:
        if walk:
            save_animation(gan.to_pil(gan.walk(walk, seed=seed, styles=styles)), file)
        else:
            pictures = gan.sample(count, seed=seed, style=styles[0] if styles else None)
            grid(pictures, pair_columns(pictures) if gan.translates else None).save(file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    what = "photos and paintings" if gan.translates else f"{count} pictures"
    say(f"{f'{walk} frames' if walk else what} from step {gan.step}: {file}")
