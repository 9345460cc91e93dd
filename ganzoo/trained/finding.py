"""The one resolver of all commands and of Python: from what a user wrote to a run folder and one of its checkpoints."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import open_catalog
from ganzoo.errors import UsageError, nearest
from ganzoo.io.names import usable, user_path
from ganzoo.runs.paths import BEST, LATEST, RUN_FILE
from ganzoo.trained.hub import PREFIX, folder_on_hub
from ganzoo.trained.published import folder_of, folder_of_file
from ganzoo.weights.files import ENDING

OpenCatalog = Callable[[], Catalog]
_CHECKPOINT = re.compile(rf"{LATEST}|{BEST}|(step-)?\d{{1,18}}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained model: its run folder, and the checkpoint that was asked for, if any.

    `text` names the model from any working folder. `name` is the model's own; it is empty for a run folder.
    """

    folder: Path
    text: str
    asked: str = ""
    name: str = ""

    @property
    def which(self) -> str:
        """The checkpoint to load: LATEST, BEST or a step."""
        return self.asked or LATEST

    @property
    def shown(self) -> str:
        """What to call it in a message."""
        return f"{self.name or self.folder}{f'@{self.asked}' if self.asked else ''}"

    def whole(self, what: str) -> Path:
        """The run folder for `what` is about no single checkpoint. Raises UsageError if one was asked for."""
        if self.asked:
            raise UsageError(f"'{self.shown}': {what} is of a whole run: leave out @{self.asked}")
        return self.folder

    def output(self, name: str) -> Path:
        """Where a file goes unless the user says where: the run folder; for a published model the working folder."""
        if not self.name:
            return self.folder / name
        plain = self.name.partition("@")[0] if self.name.startswith(PREFIX) else self.name
        return Path(f"{Path(plain).name.removesuffix(ENDING)}-{name}")


Source = Callable[[str, OpenCatalog], tuple[str, Path] | None]
"""Asked what a text is that is no run folder. Gives the model's name and a run folder, or None if it knows none."""


def _published(text: str, catalog: OpenCatalog) -> tuple[str, Path] | None:
    known = catalog()
    if text in known.registry.broken:
        raise UsageError(known.registry.broken[text])
    model = known.published.get(text)
    return None if model is None else (model.name, folder_of(model, known))


def _file(text: str, catalog: OpenCatalog) -> tuple[str, Path] | None:
    file = user_path(text)
    return (str(file.absolute()), folder_of_file(file)) if text.endswith(ENDING) and file.is_file() else None


def _hub(text: str, catalog: OpenCatalog) -> tuple[str, Path] | None:
    return folder_on_hub(text) if text.startswith(PREFIX) else None


SOURCES: tuple[Source, ...] = (_hub, _file, _published)
"""What knows trained models beside run folders, in the order in which it is asked. Another place to look is one more
function here."""


def find(text: str | Path, step: str | int | None = None, catalog: OpenCatalog = open_catalog) -> Trained:
    """The trained model that `text` names: RUN, a published model's name, or a published file, each with @CHECKPOINT.

    Also one of the hub, hf:OWNER/NAME or hf:OWNER/NAME@REVISION.

    `step` says the checkpoint in the other way, LATEST, BEST or a number. Raises UsageError where there is no such
    model, and for a checkpoint that is given in both ways. Raises StorageError for a file that is not as published.
    """
    found = sought(text, step, catalog)
    if found is None:
        raise _unknown(where(text)[0], catalog())
    return found


def sought(text: str | Path, step: str | int | None = None, catalog: OpenCatalog = open_catalog) -> Trained | None:
    """The same, but None where there is no such model."""
    place, asked = where(text)
    if asked and step is not None:
        raise UsageError(f"'{text}' with checkpoint {step} names two: give @{asked} or the option, not both")
    asked = asked or ("" if step is None else str(step))
    folder = usable(user_path(place))
    if (folder / RUN_FILE).is_file():
        return Trained(folder=folder, text=os.path.abspath(folder), asked=asked)
    for source in SOURCES:
        if (known := source(place, catalog)) is not None:
            name, folder = known
            _check_single(name, folder, asked)
            return Trained(folder=folder, text=name, asked=asked, name=name)
    return None


def _check_single(name: str, folder: Path, asked: str) -> None:
    """Raises UsageError where another checkpoint is asked for than the only one of what is no run folder."""
    if asked in ("", LATEST):
        return
    from ganzoo.engine.checkpoint import steps_in  # needs torch, and names that nobody knows are refused before

    steps = steps_in(folder / "checkpoints")
    if not asked.rpartition("-")[2].isdigit() or int(asked.rpartition("-")[2]) not in steps:
        raise UsageError(f"'{name}' has one checkpoint, that of step {steps[-1]}: leave out @{asked}")


def where(text: str | Path) -> tuple[str, str]:
    """What stands before and after the last '@': a place and a checkpoint, which is empty where none is asked for.

    A path with an '@' in its name is a path if it exists. What follows other '@' belongs to the place, as does the
    revision of a repository of the hub, which has one checkpoint only.
    """
    whole = str(text)
    if whole.startswith(PREFIX):
        return whole, ""
    place, at, asked = whole.rpartition("@")
    if not (at and place and _CHECKPOINT.fullmatch(asked)) or os.path.lexists(user_path(whole)):
        return whole, ""
    return place, asked.lower() if asked.lower().startswith("step-") else asked.upper()


def _unknown(place: str, catalog: Catalog) -> UsageError:
    names = list(catalog.published)
    if catalog.trains(place):
        known = f", and '{place}' is no trained model: ganzoo run {place} trains one"
    else:
        known = f".{nearest(place, names)} Published models: {', '.join(names)}" if names else ""
    return UsageError(f"'{place}' is not a run folder: it has no {RUN_FILE}{known}")
