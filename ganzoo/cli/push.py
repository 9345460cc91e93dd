"""`ganzoo push`: shares a trained model on the Hugging Face hub, with pictures and a model card."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain, say
from ganzoo.cli.flags import run_argument
from ganzoo.cli.paths import PATH, PathOrName

if TYPE_CHECKING:
    from ganzoo.pushing.folder import Shared


@click.command("push")
@run_argument()
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--dry-run", is_flag=True, help="Write the folder only, and upload nothing.")
@click.option("--out", type=PATH, help="Keep the folder here; with --dry-run hub/NAME by default.")
@click.option("--overwrite", is_flag=True, help="Replace a folder that this command wrote before.")
@click.option("--private", is_flag=True, help="Make a repository that only you can see.")
@click.option("--revision", default="", help="The branch to upload to, which is made where there is none.")
@click.option("--message", default="", help="Of the commit.")
@click.option("--step", help="The checkpoint: LATEST, BEST or a step; LATEST by default.")
@click.option("--summary", default="", help="One line about it.")
@click.option("--license", "licence", default="", help="SPDX id of the weights' licence; CC0-1.0 by default.")
@click.option("--trained-on", default="", help="The pictures, and where they are from; the data's names by default.")
@click.option("--command", default="", help="The command that trained it; from run.json by default.")
@click.option("--bad-at", default="", help="What it is bad at: a paragraph of the card.")
@click.option("--photos", type=PATH, help="Of a translator: a folder of photos to show; drawn landscapes by default.")
@click.option(
    "--style",
    "styles",
    type=PathOrName(any_bytes=True),
    multiple=True,
    help="A painting, or a learnt style by name, to show; for models that take one.",
)
@click.pass_obj
def push(
    context: Context,
    /,
    run: str,
    repository: str,
    dry_run: bool,
    out: Path | None,
    overwrite: bool,
    private: bool,
    revision: str,
    message: str,
    step: str | None,
    summary: str,
    licence: str,
    trained_on: str,
    command: str,
    bad_at: str,
    photos: Path | None,
    styles: tuple[str, ...],
) -> None:
    """Shares a trained model on the hub.

    Uploads RUN to the repository OWNER/NAME of the Hugging Face hub: weights as safetensors, run.json, pictures that
    are made here, and a model card. Others then write hf:OWNER/NAME wherever a RUN is taken.

    No photo of the training is shown, and no path of yours. The token is that of `hf auth login`, or HF_TOKEN.
    """
    from ganzoo.trained.hub import repository as checked
    from ganzoo.trained.hub import revision_of

    name = checked(repository)
    branch = revision_of(revision) if revision else ""
    found = context.trained(run, step)
    from ganzoo.pushing.folder import Words, check_free, write_folder
    from ganzoo.pushing.upload import check_may, upload

    place = out or (Path("hub", name.partition("/")[2]) if dry_run else None)
    if place is not None:
        check_free(place, overwrite=overwrite)
    if not dry_run:
        check_may(name)
    words = Words(summary=summary, license=licence, trained_on=trained_on, command=command, bad_at=bad_at)
    with tempfile.TemporaryDirectory(prefix="ganzoo-") as temporary:
        done = write_folder(
            found,
            place or Path(temporary, "folder"),
            name,
            context.catalog(),
            revision=branch,
            words=words,
            photos=photos,
            styles=styles,
            overwrite=overwrite,
        )
        _tell(done)
        if place is not None:
            files = sorted(str(one.relative_to(place)) for one in place.rglob("*") if one.is_file())
            say(f"{place}: {', '.join(files)}")
        if dry_run:
            complain("nothing was uploaded")
            return
        sent = upload(done.folder, name, private=private, revision=branch, message=message)
    seen = "which is private" if sent.private else "for everybody to see"
    say(f"{sent.address} has it at commit {sent.commit}, {seen}")
    say(f"to use it: hf:{name}{f'@{branch}' if branch else ''}, and always these weights: hf:{name}@{sent.commit}")


def _tell(done: "Shared") -> None:
    """How the weights were written, and under which licence."""
    entry, (mean, most) = done.publication.entry, done.publication.difference
    rounded = f"float16, by which pictures differ by {mean:.3f} levels of 255 in the mean, {most:.0f} at most"
    how = rounded if done.publication.rounded else "float32, as float16 would change its pictures"
    complain(f"step {done.publication.step}, {entry['size'] / 1e6:.2f} MB in {how}; licence {entry['license']}")
