"""Configures a small translator that learns from a trained one."""

from collections.abc import Mapping, Set
from pathlib import Path

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.config.resolve import configure_run, given, recorded_configuration
from ganzoo.errors import UsageError
from ganzoo.inference.loaded import LoadedTranslator
from ganzoo.inference.loading import load_run
from ganzoo.runs.run_file import check_has_data, read_run_file
from ganzoo.runs.view import View
from ganzoo.trained.finding import Trained

TEACHER = "teacher"
"""The option of a model that can learn from a run; beside it are its step and the fingerprint of its weights."""
_INHERITED = ("data", "style", "size", "load_size", "crop", "held_out", "max_bad", "threads", "device")
"""What the new run has in common with its teacher unless it is given."""


def configure_distillation(
    run: Trained,
    catalog: Catalog,
    view: View,
    *,
    to: str,
    options: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Configuration:
    """The configuration of a run of model `to` that learns from the translator `run`: on its photos and at its size.

    Raises UsageError when the run draws from noise or when the model can't learn from a run, and the errors of loading.
    """
    if TEACHER not in catalog.resolve(to)[0].spec.options.model_fields:
        able = [one.spec.name for one in catalog.models if TEACHER in one.spec.options.model_fields]
        raise UsageError(f"model '{to}' can't learn from a run; these can: {', '.join(able)}")
    loaded, problems = load_run(run.folder, which=run.which, device="cpu", catalog=catalog)
    for problem in problems:
        view.notice(problem)
    if not isinstance(loaded, LoadedTranslator):
        raise UsageError(f"'{run.shown}' draws from noise: only translators can be distilled")
    if loaded.needs_style:
        raise UsageError(
            f"'{run.shown}' paints in any style and knows none of its own: a small painter learns one style"
        )
    chosen = given(settings or {})
    teacher = {
        TEACHER: run.text,
        f"{TEACHER}_step": loaded.step,
        f"{TEACHER}_weights": loaded.fingerprint,
    }
    known = _inherited(run.folder, catalog, {key.partition(".")[0] for key in (*chosen, *(options or {}))})
    return configure_run(to, catalog, options={**known, **(options or {}), **teacher}, settings=chosen)


def _inherited(folder: Path, catalog: Catalog, given: Set[str]) -> dict[str, object]:
    """The settings of the teacher that a run inherits, with the options of its data: those that are not `given`.

    `load_size` belongs to the size and the crops of the teacher, so it goes with them.
    """
    wanted = set(_INHERITED) - given - ({"load_size"} if given & {"size", "crop"} else set())
    content = read_run_file(folder)
    check_has_data(content, "data" in given)
    recorded = recorded_configuration(content, catalog).values()
    return {key: value for key, value in recorded.items() if key.partition(".")[0] in wanted}
