"""Writes the folder that is shared: weights, run.json, sample pictures and the model card."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.recorded import recorded_model
from ganzoo.errors import StorageError, UsageError, one_line
from ganzoo.inference.loading import load_run
from ganzoo.io.files import draft_beside
from ganzoo.io.names import usable
from ganzoo.publishing import Publication, evaluations, publish
from ganzoo.pushing.card import Facts, card
from ganzoo.pushing.pictures import save_samples
from ganzoo.runs.paths import LATEST, RUN_FILE
from ganzoo.runs.run_file import read_run_file
from ganzoo.trained.finding import Trained
from ganzoo.trained.hub import MOST, PREFIX, WEIGHTS_FILE, parted
from ganzoo.trained.published import content_of, folder_of_file

CARD = "README.md"


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The folder, and how its weights were written."""

    folder: Path
    publication: Publication


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the user says of the model; empty texts are found out where they can be."""

    summary: str = ""
    license: str = ""
    trained_on: str = ""
    command: str = ""
    bad_at: str = ""


def write_folder(
    run: Trained,
    out: Path,
    repository: str,
    catalog: Catalog,
    *,
    revision: str = "",
    words: Words | None = None,
    photos: Path | None = None,
    styles: Sequence[str] = (),
    overwrite: bool = False,
) -> Shared:
    """Writes what is shared of a run to the folder `out`, which is whole or not there.

    The pictures are made with the weights as they are stored. Raises UsageError for a folder that is not free, for a
    model of others without a licence, and what loading and painting raise.
    """
    check_free(out, overwrite=overwrite)
    said = _completed(run, words or Words(), catalog)
    draft = draft_beside(usable(out))
    try:
        draft.mkdir(parents=True)
        publication = _fill(run, draft, repository, catalog, revision, said, photos, styles)
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    except OSError as error:
        raise StorageError(f"can't write '{out}': {one_line(error)}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Shared(folder=out, publication=publication)


def check_free(out: Path, *, overwrite: bool) -> None:
    """Raises UsageError unless nothing is at `out`, or what this command wrote there before and may replace."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    own = out.is_dir() and all((out / name).is_file() for name in (CARD, *MOST))
    if not (overwrite and own):
        raise UsageError(f"'{out}' exists: give another --out{', or --overwrite' if own else ''}")


def _completed(run: Trained, words: Words, catalog: Catalog) -> Words:
    """The user's words, with those of the registry where a published model is shared again.

    Raises UsageError for weights of others whose licence nobody has said.
    """
    known = catalog.published.get(run.name)
    if known is not None:
        return Words(
            summary=words.summary or known.summary,
            license=words.license or known.license,
            trained_on=words.trained_on or known.trained_on,
            command=words.command or known.command,
            bad_at=words.bad_at or known.bad_at,
        )
    if not words.license and (run.name or "imported" in read_run_file(run.folder)):
        raise UsageError(f"'{run.shown}' does not say under which licence its weights are: give --license SPDX-ID")
    return words


def _fill(
    run: Trained,
    folder: Path,
    repository: str,
    catalog: Catalog,
    revision: str,
    words: Words,
    photos: Path | None,
    styles: Sequence[str],
) -> Publication:
    file = folder / WEIGHTS_FILE
    publication = publish(
        run,
        file,
        catalog,
        summary=words.summary,
        license=words.license,
        trained_on=words.trained_on,
        command=words.command,
    )
    content = content_of(file)
    assert content is not None, "it was just written with a header"
    (folder / RUN_FILE).write_text(json.dumps(content.run, indent=1) + "\n", encoding="utf-8")
    loaded, _ = load_run(folder_of_file(file), which=LATEST, device="cpu", catalog=catalog)
    facts = Facts(
        repository=repository,
        revision=revision,
        task=recorded_model(content.run, catalog).spec.task,
        content=content.run,
        entry=publication.entry,
        step=publication.step,
        samples=save_samples(loaded, folder, catalog, photos=photos, styles=styles),
        evaluations=evaluations(run.folder, publication.step),
        published=catalog.published.get(run.name),
        bad_at=words.bad_at,
        base=_base(run),
        own_photos=photos is not None,
    )
    (folder / CARD).write_text(card(facts), encoding="utf-8")
    return publication


def _base(run: Trained) -> str:
    """The repository that a run started from, or that is shared again; empty for any other."""
    source = run.name if run.name.startswith(PREFIX) else read_run_file(run.folder).get("start", {}).get("source", "")
    return parted(source)[0] if source.startswith(PREFIX) else ""
