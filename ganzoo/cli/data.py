"""`ganzoo data`: looks at data before anything is trained on them."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.inspect_data import inspect_data
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.errors import StorageError, UsageError, one_line

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@click.group("data")
def data() -> None:
    """Looks at data before training."""


data.add_command(inspect_data)


@data.command("preview")
@click.argument("source", type=PathOrName(), metavar="SRC")
@click.option("--augment", metavar="NAME", help="An augmentation by name: scene, diffaug, ada.")
@click.option("--crop", is_flag=True, help="Show crops, as translators are trained on them.")
@click.option("--load-size", metavar="PIXELS", help="Shorter side of the pictures that crops are taken of.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="An option of the augmentation.")
@click.option("--size", default="64", show_default=True, help="Pixels: 64, or height x width as 96x160.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the changes.")
@click.option("--out", type=PATH, help="File to write; preview-NAME.png by default.")
@click.pass_obj
def preview(
    context: Context,
    source: str,
    augment: str | None,
    crop: bool,
    load_size: str | None,
    assignments: tuple[str, ...],
    size: str,
    seed: int,
    out: Path | None,
) -> None:
    """Shows what a training sees: what an augmentation does, crops, or both.

    SRC is a folder of images or a data set by name. The picture has a row for each image: the image itself, then
    changed versions or crops of it. Set an option of the data set as data.KEY.
    """
    from ganzoo.config.configuration import resolve_part
    from ganzoo.config.settings import AUTO, pixels
    from ganzoo.config.units import Size
    from ganzoo.config.values import parse_assignments

    if augment is None and not crop:
        raise UsageError("say what to show: --augment NAME, --crop, or both")
    if load_size and not crop:
        raise UsageError("--load-size is for crops: give --crop as well")
    what = augment or "crop"
    file = out or Path(f"preview-{what.replace('/', '-')}.png")
    if file.suffix.lower() not in PICTURES:
        raise UsageError(f"--out '{file}': the ending must be one of {', '.join(PICTURES)}")
    options = parse_assignments(assignments)
    of_data = {key.removeprefix("data."): value for key, value in options.items() if key.startswith("data.")}
    of_augment = {key: value for key, value in options.items() if not key.startswith("data.")}
    catalog = context.catalog()
    for remark in catalog.namesakes(source):
        complain(remark)
    images = resolve_part(catalog, "dataset", source, of_data)
    augmentation = resolve_part(catalog, "augmentation", augment or "none", of_augment)
    try:
        wanted = Size.parse(size)
    except ValueError as error:
        raise UsageError(f"--size '{size}': {error}") from None
    try:
        kept = pixels(load_size or AUTO) if crop else 0
    except ValueError as error:
        raise UsageError(f"--load-size '{load_size}': {error}") from None
    from ganzoo.data.images import save_picture
    from ganzoo.inference.preview import preview as draw

    picture = draw(images, augmentation, wanted, seed=seed, load_size=kept)
    try:
        save_picture(picture, file)
    except OSError as error:
        raise StorageError(f"can't write '{file}': {one_line(error)}") from None
    say(f"'{what}' on '{source}': {file}")
