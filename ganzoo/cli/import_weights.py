"""`ganzoo import-weights`: pickled weights of other programs as safetensors, which everything here reads."""

from pathlib import Path

import click

from ganzoo.cli.console import say
from ganzoo.cli.paths import PATH


@click.command("import-weights")
@click.argument("file", type=PATH)
@click.argument("out", type=PATH)
@click.option("--key", default="", help="Where in the file the tensors are, such as generator or state.ema.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def import_weights(file: Path, out: Path, key: str, overwrite: bool) -> None:
    """Converts pickled weights to safetensors.

    The tensors of FILE (.pt, .pth, .ckpt) are written to OUT, a file or a folder. ganzoo reads no pickles, as these can
    run code. This command reads FILE with torch's restricted loader, which takes nothing but tensors, in a process with
    limits. It prints what a plugin's `Weights` declares: size and SHA-256. The file also serves
    `encoder.weights=FILE.safetensors`.
    """
    from ganzoo.weights.foreign import import_weights as convert

    place = out / f"{file.stem}.safetensors" if out.is_dir() else out
    done = convert(file, place, key=key, overwrite=overwrite)
    say(f"{done.file}, {done.tensors} tensors")
    say(f"  size    {done.size}")
    say(f"  sha256  {done.sha256}")
