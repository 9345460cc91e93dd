"""What a run tells whoever watches it. The base class is silent; the command line has a live one."""

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
        """Gives the terminal back, whatever happened."""

    def reading(self, done: int, total: int | None, skipped: int) -> None:
        """Pictures read so far on the first visit to a data set; `total` is None when nobody knows it yet."""

    def skipping(self, name: str, problem: str) -> None:
        """A picture that can't be used; the reading goes on."""

    def notice(self, text: str) -> None:
        """A sentence that the user should see; the run goes on."""

    def follow(self, run: "Run") -> None:
        """A run is about to start."""

    def stepped(self, run: "Run") -> None:
        """A round has finished; called often, so it must be quick."""

    def logged(self, run: "Run", scalars: Mapping[str, float]) -> None:
        """Values went into scalars.jsonl."""

    def scored(self, run: "Run", evaluation: "Evaluation", best: "Evaluation") -> None:
        """A score was taken; `best` is the best so far."""

    def finished(self, run: "Run", summary: Mapping[str, object]) -> None:
        """The run ended, whatever the reason."""
