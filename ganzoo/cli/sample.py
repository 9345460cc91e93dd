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
    "-n", "--count", type=click.IntRange(1, 4096), help="Pictures: 64, or 8 in the row of each of several styles."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the noise.")
@click.option("--walk", type=click.IntRange(0, 4096), default=0, metavar="FRAMES", help="An animation instead.")
@click.option("--style", "styles", multiple=True, help="A name that was learnt, or adain's file; once or more.")
@click.option("--still", is_flag=True, help="A walk that goes from style to style only.")
@click.option("--truncation", type=click.FloatRange(0, 2), help="Below 1 safer and less varied; for stylegan2-lite.")
@click.option("--step", default="LATEST", show_default=True, help="The checkpoint: LATEST or a step.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; its ending says the format.")
@click.pass_obj
def sample(
    context: Context,
    run: Path,
    count: int | None,
    seed: int,
    walk: int,
    styles: tuple[str, ...],
    still: bool,
    truncation: float | None,
    step: str,
    out: Path | None,
) -> None:
    """Draws from the run folder RUN: a grid of -n pictures, or a looping GIF or WebP with --walk FRAMES.

    Models that were trained with labels take their names: --style monet, or --style night+autumn. Several --style give
    a row for each with the same latents; --walk goes round them, and --walk with --still changes nothing else.

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
    if still and not (walk and len(styles) > 1):
        raise UsageError("--still is for --walk with several --style")
    gan, problems = load_run(run, which=step, catalog=context.catalog())
    for problem in problems:
        complain(problem)
    if gan.translates and len(styles) > 1 and not walk:
        raise UsageError("a translator's grid has one --style; --walk goes from one to the next")
    if truncation is not None:
        gan.truncate(truncation)
    count = count or (8 if len(styles) > 1 else 64)
    if gan.translates:
        gan.photos = held_out_photos(run, context.catalog(), most=count)
    try:
        if walk:
            save_animation(gan.to_pil(gan.walk(walk, seed=seed, styles=styles, still=still)), file)
        else:
            several = len(styles) > 1
            pictures = (
                gan.rows(count, styles, seed=seed)
                if several
                else gan.sample(count, seed=seed, style=(*styles, None)[0])
            )
            grid(pictures, pair_columns(pictures) if gan.translates else count if several else None).save(file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    drawn = f"{walk} frames" if walk else "photos and paintings" if gan.translates else f"{len(pictures)} pictures"
    say(f"{drawn} from step {gan.step}: {file}")
