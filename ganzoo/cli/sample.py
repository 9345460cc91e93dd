"""`ganzoo sample`: a grid of pictures from a run, or an animation of a walk through its latent space."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.errors import StorageError, UsageError, one_line

if TYPE_CHECKING:
    from ganzoo.inference.nearest import Nearest

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
@click.option("--nearest", is_flag=True, help="Each picture beside the nearest training image; tells of copies.")
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
    nearest: bool,
    step: str,
    out: Path | None,
) -> None:
    """Draws pictures with a trained model.

    From the run folder RUN: a grid of -n pictures, or with --walk FRAMES a looping GIF, WebP or MP4.

    A model that was trained with labels takes their names: --style monet, or --style night+autumn. Several --style
    give a row for each, with the same latents. --walk goes round them; with --still it changes nothing else.

    With --nearest each picture stands beside the most similar training image, near copies first.

    A translator shows photos that it never saw, each beside its painting. Its walk goes to the painting and back, or
    from style to style.
    """
    from ganzoo.runs.folder import read_run_file

    read_run_file(run)  # so that a wrong folder is an error before torch is loaded
    from ganzoo.data.images import grid, pair_columns
    from ganzoo.inference.animation import ANIMATIONS, save_animation
    from ganzoo.inference.loaded import held_out_photos, load_run

    file = out or run / (f"walk-{seed}.gif" if walk else f"samples-{seed}.png")
    allowed = ANIMATIONS if walk else PICTURES
    if file.suffix.lower() not in allowed:
        raise UsageError(f"--out '{file}': the ending must be one of {', '.join(allowed)}")
    if still and not (walk and len(styles) > 1):
        raise UsageError("--still is for --walk with several --style")
    if nearest and (walk or styles):
        raise UsageError("--nearest is for a plain grid, without --walk and --style")
    gan, problems = load_run(run, which=step, catalog=context.catalog())
    for problem in problems:
        complain(problem)
    if gan.translates and len(styles) > 1 and not walk:
        raise UsageError("a translator's grid has one --style; --walk goes from one to the next")
    if gan.translates and nearest:
        raise UsageError("a translator's grid has each photo beside its painting already: no --nearest")
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
            if nearest:
                from ganzoo.inference.nearest import nearest_training

                found = nearest_training(run, pictures, context.catalog(), gan.device)
                say(_copies(found))
                pictures = found.pairs()
            pairs = gan.translates or nearest
            grid(pictures, pair_columns(pictures) if pairs else count if several else None).save(file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    drawn = f"{walk} frames" if walk else "photos and paintings" if gan.translates else f"{count} pictures"
    say(f"{drawn} from step {gan.step}: {file}")


def _copies(found: "Nearest") -> str:
    count, number = len(found.copies), int(found.copies.sum())
    chance = f"{found.expected * count:.1f} would be by chance"
    if not number:
        return f"none of {count} pictures is a near copy of a training image"
    first = "the first pair is one" if number == 1 else f"the first {number} pairs"
    return f"{number} of {count} pictures are near copies of training images ({first}; {chance})"
