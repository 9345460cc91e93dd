"""The events of a run that a view can show. The base class shows nothing; the command line has a live view."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ganzoo.runs.evaluation import Evaluation
    from ganzoo.runs.folder import Run


class View:
    """Follows a run from reading the data to its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Restores the terminal, whatever happened."""

    def reading(self, done: int, total: int | None, skipped: int) -> None:
        """Pictures read so far when a data set is read for the first time; `total` is None while it is unknown."""

    def skipping(self, name: str, problem: str) -> None:
        """A picture can't be used; reading continues."""

    def progress(self, what: str, done: int, total: int) -> None:
        """So much is done of `what`, a longer work beside the training. This is called often, so it must be quick."""

    def notice(self, text: str) -> None:
        """A sentence that the user should see; the run continues."""

    def follow(self, run: "Run") -> None:
        """A run is about to start."""

    def stepped(self, run: "Run") -> None:
        """A round has finished. This is called often, so it must be quick."""

    def logged(self, run: "Run", scalars: Mapping[str, float]) -> None:
        """Values were written to scalars.jsonl."""

    def scored(self, run: "Run", evaluation: "Evaluation", best: "Evaluation") -> None:
        """A score was taken; `best` is the best so far."""

    def finished(self, run: "Run", summary: Mapping[str, object]) -> None:
        """The run ended, for whatever reason."""
