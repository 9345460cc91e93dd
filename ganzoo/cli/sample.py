"""`ganzoo sample`: a grid of pictures from a run, or an animation of a walk through its latent space."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.flags import run_argument, source_option
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.errors import StorageError, UsageError, one_line

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.inference.loaded import LoadedGAN
    from ganzoo.inference.nearest import Nearest

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@click.command("sample")
@run_argument()
@click.option(
    "-n", "--count", type=click.IntRange(1, 4096), help="Pictures: 64, or 8 in the row of each of several styles."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the noise.")
@click.option("--walk", type=click.IntRange(0, 4096), default=0, metavar="FRAMES", help="An animation instead.")
@click.option(
    "--style",
    "styles",
    type=PathOrName(any_bytes=True),
    multiple=True,
    help="A name that was learnt, or a painting for adain and microast; once or more.",
)
@click.option("--still", is_flag=True, help="A walk that goes from style to style only.")
@click.option("--truncation", type=click.FloatRange(0, 2), help="Below 1 safer and less varied; for stylegan2-lite.")
@click.option("--nearest", is_flag=True, help="Each picture beside the nearest training image; tells of copies.")
@click.option("--step", help="The checkpoint: LATEST, BEST or a step; LATEST by default.")
@source_option("--data", metavar="SRC", help="Where the images of the training are now.")
@click.option("--out", type=PATH, help="File to write; its ending says the format.")
@click.pass_obj
def sample(
    context: Context,
    run: str,
    count: int | None,
    seed: int,
    walk: int,
    styles: tuple[str, ...],
    still: bool,
    truncation: float | None,
    nearest: bool,
    step: str | None,
    data: str | None,
    out: Path | None,
) -> None:
    """Draws pictures with a trained model.

    From the run folder or published model RUN: a grid of -n pictures, or with --walk FRAMES a looping GIF, WebP or MP4.

    A model that was trained with labels takes their names: --style monet, or --style night+autumn. Several --style
    give a row for each, with the same latents. --walk goes round them; with --still it changes nothing else.

    With --nearest each picture stands beside the most similar training image, near copies first.

    A translator shows photos that it never saw, each beside its painting. Its walk goes to the painting and back, or
    from style to style.
    """
    from ganzoo.runs.run_file import read_run_file

    wanted = _Wanted(count=count, seed=seed, frames=walk, styles=styles, still=still, nearest=nearest, data=data)
    found = context.trained(run, step)
    folder = found.folder
    read_run_file(folder)  # a wrong folder is refused before torch is loaded
    file = out or found.output(f"walk-{seed}.gif" if walk else f"samples-{seed}.png")
    _check_request(wanted, file)
    from ganzoo.inference.loading import load_run

    gan, problems = load_run(folder, which=found.which, catalog=context.catalog())
    for problem in problems:
        complain(problem)
    _prepare(gan, wanted, truncation, folder, context)
    try:
        if walk:
            save_walk(gan, wanted, file)
        else:
            save_grid(gan, wanted, file, folder, context)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    say(f"{_drawn(gan, wanted)} from step {gan.step}: {file}")


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What is to be drawn: a grid, or an animation where `frames` is not 0. `data` is where the images are now."""

    count: int | None
    seed: int
    frames: int
    styles: tuple[str, ...]
    still: bool
    nearest: bool
    data: str | None

    @property
    def in_rows(self) -> bool:
        """Whether each of several styles has a row."""
        return len(self.styles) > 1

    @property
    def pictures(self) -> int:
        """The number of pictures, or of those in a row."""
        return self.count or (8 if self.in_rows else 64)


def _check_request(wanted: _Wanted, file: Path) -> None:
    """Raises UsageError for options that don't go together, whatever the model is."""
    from ganzoo.inference.animation import ANIMATIONS

    allowed = ANIMATIONS if wanted.frames else PICTURES
    if file.suffix.lower() not in allowed:
        raise UsageError(f"--out '{file}': the ending must be one of {', '.join(allowed)}")
    if wanted.still and not (wanted.frames and wanted.in_rows):
        raise UsageError("--still is for --walk with several --style")
    if wanted.nearest and (wanted.frames or wanted.styles):
        raise UsageError("--nearest is for a plain grid, without --walk and --style")


def _prepare(gan: "LoadedGAN", wanted: _Wanted, truncation: float | None, run: Path, context: Context) -> None:
    """Gives the model what it draws from. Raises UsageError for options that don't fit the kind of model."""
    from ganzoo.inference.loaded import LoadedGenerator, LoadedTranslator
    from ganzoo.inference.loading import held_out_photos
    from ganzoo.translator import Translator

    if truncation is not None:
        if not isinstance(gan, LoadedGenerator):
            raise UsageError("truncation is for models with style vectors, such as stylegan2-lite")
        gan.truncate(truncation)
    if isinstance(gan, LoadedTranslator):
        if wanted.in_rows and not wanted.frames:
            raise UsageError("a translator's grid has one --style; --walk goes from one to the next")
        if wanted.nearest:
            raise UsageError("a translator's grid has each photo beside its painting already: no --nearest")
        multiple = gan.gan.size_multiple if isinstance(gan.gan, Translator) else 1
        gan.photos = held_out_photos(run, context.catalog(), wanted.count, data=wanted.data, multiple=multiple)


def save_walk(gan: "LoadedGAN", wanted: _Wanted, file: Path) -> None:
    """Writes the animation."""
    from ganzoo.inference.animation import save_animation

    frames = gan.walk(wanted.frames, seed=wanted.seed, styles=wanted.styles, still=wanted.still)
    save_animation(gan.to_pil(frames), file)


def save_grid(gan: "LoadedGAN", wanted: _Wanted, file: Path, run: Path, context: Context) -> None:
    """Writes the grid: pictures, rows of styles, photos beside their paintings, or pictures beside training images."""
    from ganzoo.data.images import grid, pair_columns, save_picture
    from ganzoo.inference.loaded import LoadedTranslator

    if wanted.in_rows:
        pictures = gan.rows(wanted.pictures, wanted.styles, seed=wanted.seed)
        save_picture(grid(pictures, wanted.pictures), file)
        return
    pictures = gan.sample(wanted.pictures, seed=wanted.seed, style=(*wanted.styles, None)[0])
    if wanted.nearest:
        pictures = _beside_nearest(pictures, gan, run, context, wanted.data)
    in_pairs = wanted.nearest or isinstance(gan, LoadedTranslator)
    save_picture(grid(pictures, pair_columns(pictures) if in_pairs else None), file)


def _beside_nearest(pictures: "Tensor", gan: "LoadedGAN", run: Path, context: Context, data: str | None) -> "Tensor":
    """The pictures, each followed by the most similar training image; says how many are near copies."""
    from ganzoo.inference.nearest import nearest_training

    found = nearest_training(run, pictures, context.catalog(), gan.device, data=data)
    say(_copies(found))
    return found.pairs()


def _drawn(gan: "LoadedGAN", wanted: _Wanted) -> str:
    from ganzoo.inference.loaded import LoadedTranslator

    if wanted.frames:
        return f"{wanted.frames} frames"
    return "photos and paintings" if isinstance(gan, LoadedTranslator) else f"{wanted.pictures} pictures"


def _copies(found: "Nearest") -> str:
    count, number = len(found.copies), int(found.copies.sum())
    chance = f"{found.expected * count:.1f} would be by chance"
    if not number:
        return f"none of {count} pictures is a near copy of a training image"
    first = "the first pair is one" if number == 1 else f"the first {number} pairs"
    return f"{number} of {count} pictures are near copies of training images ({first}; {chance})"
