"""The seven hooks of ganzoo. A plugin implements those it needs and marks each with `@ganzoo.hookimpl`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from ganzoo.specs import ModelSpec, PartSpec

if TYPE_CHECKING:
    from ganzoo.runs.folder import Run

PROJECT = "ganzoo"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def ganzoo_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """Declares the models of this plugin."""


@hookspec
def ganzoo_parts() -> Iterable[PartSpec]:  # type: ignore[empty-body]
    """Declares the parts of this plugin: generators, discriminators, losses, data sets and the like."""


@hookspec
def ganzoo_run_started(run: "Run") -> None:
    """Called once the run folder exists and before the first step."""


@hookspec
def ganzoo_step_finished(run: "Run", step: int, scalars: Mapping[str, float]) -> None:
    """Called after each logged step with the values that went into scalars.jsonl."""


@hookspec
def ganzoo_score_taken(run: "Run", step: int, scores: Mapping[str, float]) -> None:
    """Called after each score with its values by name: the one that ranks first, such as KID-lite0, then the others."""


@hookspec
def ganzoo_samples_drawn(run: "Run", step: int, file: Path) -> None:
    """Called after each sample grid, a PNG in the run folder."""


@hookspec
def ganzoo_run_finished(run: "Run", summary: Mapping[str, object]) -> None:
    """Called when the run ended, whatever the reason; `summary["outcome"]` says which."""
