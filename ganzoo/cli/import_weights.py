"""`ganzoo import-weights`: checkpoints of other programs as run folders, or plainly as safetensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import say
from ganzoo.cli.paths import PATH
from ganzoo.errors import UsageError

if TYPE_CHECKING:
    from ganzoo.importing import Files, Imported, Match

ENDING = ".safetensors"


@click.command("import-weights")
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE… [OUT]")
@click.option("--out", type=PATH, help="Run folder to write, or a file ending in .safetensors to convert only.")
@click.option("--plain", is_flag=True, help="Convert to safetensors only, whatever the file is.")
@click.option("--key", default="", help="Where in the file the tensors are, such as generator or state.ema.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option that tensors don't tell, such as generator.up=resize.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file or run folder that exists.")
@click.pass_obj
def import_weights(
    context: Context,
    files: tuple[Path, ...],
    out: Path | None,
    plain: bool,
    key: str,
    assignments: tuple[str, ...],
    overwrite: bool,
) -> None:
    """Makes runs of other programs' checkpoints.

    FILE (.pt, .pth, .ckpt, .safetensors), or all files of one model: from the names and shapes of its tensors ganzoo
    tells whose network it is and how large, and writes a run folder that stylize, sample, export and evaluate take.

    A file that is not recognised is converted to safetensors, and its tensors are listed. With OUT behind FILE, an
    existing folder or a path that ends in .safetensors, or with --plain, nothing else is done. That prints what a
    plugin's `Weights` declares, size and SHA-256; the file also serves `encoder.weights=FILE.safetensors`.

    ganzoo reads no pickles, as these can run code. torch's restricted loader, which takes nothing but tensors, reads
    FILE in a process with limits.
    """
    files, out, plain = _places(files, out, plain)
    if plain:
        if assignments:
            raise UsageError("--set is for a run folder, and a plain conversion makes none")
        for file in files:
            _convert(file, _target(file, out, several=len(files) > 1), key, overwrite)
        return
    _recognise(context, files, out, key, assignments, overwrite)


def _places(files: tuple[Path, ...], out: Path | None, plain: bool) -> tuple[tuple[Path, ...], Path | None, bool]:
    """The files, where to write, and whether to convert only: as older versions did, the last path may be OUT."""
    if out is None and len(files) > 1 and _is_out(files[-1], files[0]):
        files, out = files[:-1], files[-1]
        plain = plain or out.is_dir()
    return files, out, plain or (out is not None and out.suffix == ENDING)


def _is_out(last: Path, first: Path) -> bool:
    """Whether the last of several paths is what to write: a folder, a converted file, or nothing that is there yet."""
    from ganzoo.weights.files import PICKLED

    if last.suffix == ENDING:
        return first.suffix != ENDING
    return last.is_dir() or not (last.is_file() or last.suffix in PICKLED)


def _target(file: Path, out: Path | None, *, several: bool) -> Path:
    """The path of the converted file: OUT, or in the folder OUT, or here."""
    name = f"{file.stem}{ENDING}"
    if out is None:
        return Path(name)
    if several and not out.is_dir():
        raise UsageError(f"'{out}': for several files give an existing folder")
    return out / name if out.is_dir() else out


def _convert(file: Path, place: Path, key: str, overwrite: bool) -> None:
    from ganzoo.weights.foreign import import_weights as convert

    done = convert(file, place, key=key, overwrite=overwrite)
    say(f"{done.file}, {done.tensors} tensors")
    say(f"  size    {done.size}")
    say(f"  sha256  {done.sha256}")


def _recognise(
    context: Context, files: Sequence[Path], out: Path | None, key: str, assignments: Sequence[str], overwrite: bool
) -> None:
    from ganzoo.config.values import parse_assignments

    options = parse_assignments(tuple(assignments))
    for file in files:
        if not file.is_file():
            raise UsageError(f"'{file}': no such file")
    from ganzoo.importing import import_run, opened, recognise

    catalog = context.catalog()
    with opened(files, key) as found:
        match, near = recognise(found, catalog)
        if match is None:
            _unknown(files, found, near, out, key, overwrite)
            return
        done = import_run(files, match, catalog, out=out, options=options, overwrite=overwrite)
    _tell(done, out_of=files)


def _tell(done: "Imported", out_of: Sequence[Path]) -> None:
    """What was recognised, how it is made, and the next command."""
    names = ", ".join(file.name for file in out_of)
    say(f"{names}: {done.match.format.name}, {done.parameters / 1e6:.2f} M parameters")
    say(f"  generator {done.match.part.name}: {', '.join(f'{k} {v}' for k, v in done.options.items())}")
    for note in done.notes:
        say(f"  {note}")
    draws = done.configuration.model.spec.task == "generate"
    following = f"ganzoo sample {done.folder}" if draws else f"ganzoo stylize {done.folder} photo.jpg --out painted"
    say(f"{done.folder}, a run of {done.configuration.model.spec.name}: {following}")


def _unknown(
    files: Sequence[Path], found: "Files", near: "Match | None", out: Path | None, key: str, overwrite: bool
) -> None:
    """Lists what is in files that no plugin recognises, and converts them unless a run folder was asked for."""
    from ganzoo.importing import listed

    say("not recognised as a network of another program that ganzoo knows")
    for name, tensors in found.items():
        say(f"{name}, {len(tensors)} tensors:")
        for line in listed(tensors):
            say(f"  {line}")
    if near is not None:
        say(f"nearest: {near.format.name}; {near.problem}")
    if out is not None and not out.is_dir():
        raise UsageError(f"no run folder '{out}' can be made of it: to convert it, give --out FILE.safetensors")
    for file in files:
        if file.suffix != ENDING:
            _convert(file, _target(file, out, several=len(files) > 1), key, overwrite)
