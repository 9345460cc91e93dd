"""`ganzoo sample`: a grid of pictures from a run, or an animation of a walk through its latent space."""

from pathlib import Path
from typing import Annotated

import typer

from ganzoo.cli.app import app
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.report import complain, say

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@app.command("sample")
def sample(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=4096, help="Pictures in the grid.")] = 64,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the noise.")] = 0,
    walk: Annotated[int, typer.Option(min=0, max=4096, metavar="FRAMES", help="An animation instead.")] = 0,
    step: Annotated[str, typer.Option(help="The checkpoint: LATEST or a step.")] = "LATEST",
    out: Annotated[Path | None, typer.Option(help="File to write; its ending says the format.")] = None,
) -> None:
    """Draws from a trained model: a grid of -n pictures, or a looping GIF or WebP with --walk FRAMES."""
    from ganzoo.runs import read_run_file

    read_run_file(run)  # a wrong folder is told before torch is loaded
    from ganzoo.images import ANIMATIONS, grid, save_animation
    from ganzoo.sampling import load_run

    file = out or run / (f"walk-{seed}.gif" if walk else f"samples-{seed}.png")
    allowed = ANIMATIONS if walk else PICTURES
    if file.suffix.lower() not in allowed:
        raise UsageError(f"--out '{file}': the ending must be one of {', '.join(allowed)}")
    gan, problems = load_run(run, which=step, catalog=context.obj.catalog())
    for problem in problems:
        complain(problem)
    try:
        if walk:
            save_animation(gan.to_pil(gan.walk(walk, seed=seed)), file)
        else:
            grid(gan.sample(count, seed=seed)).save(file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    say(f"{f'{walk} frames' if walk else f'{count} pictures'} from step {gan.step}: {file}")
