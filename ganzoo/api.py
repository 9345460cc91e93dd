"""What the command line and notebooks share: listing models and running them."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run, given, open_catalog, recorded_configuration
from ganzoo.errors import UsageError, nearest, one_line
from ganzoo.runs.view import View
from ganzoo.specs import ModelSpec, Task

# What configures and runs is imported by the functions that do: listing models needs none of it, and is to be fast.
if TYPE_CHECKING:
    from ganzoo.comparing.comparison import Comparison
    from ganzoo.comparing.plan import Jobs
    from ganzoo.config.configuration import Configuration
    from ganzoo.reproducing.verdict import Reproduction
    from ganzoo.runs.folder import Run


def list_models(task: Task | None = None) -> list[ModelSpec]:
    """Declarations of all models that can be used, of one task if given."""
    return [model.spec for model in open_catalog().models if task in (None, model.spec.task)]


def run(
    model: str,
    *,
    options: Mapping[str, object] | None = None,
    config: str | Path | None = None,
    tiny: bool = False,
    out: str | Path | None = None,
    overwrite: bool = False,
    view: View | None = None,
    **settings: object,
) -> "Run":
    """Trains a model or preset and returns the run.

    `settings` are those of `ganzoo.config.settings.RunSettings` (data, size, budget, seed, device …) and `batch`;
    `options` are the model's own and its parts' ("lr", "generator.width"); `config` is a YAML file with both. Weakest
    to strongest: defaults, preset, tiny, config, options, settings. Raises the errors of `ganzoo.errors`.
    """
    catalog = open_catalog()
    configuration = configure_run(model, catalog, options=options, config=config, tiny=tiny, settings=settings)
    return start_run(configuration, catalog, view or View(), out=out, overwrite=overwrite)


def resume(folder: str | Path, *, view: View | None = None, **settings: object) -> "Run":
    """Goes on with a stopped run, exactly; a larger `budget` makes a finished run longer.

    Only settings in `ganzoo.config.settings.RESUMABLE` may differ from those of the start: others raise UsageError.
    """
    return resume_run(folder, open_catalog(), view or View(), settings=settings)


def compare(
    names: Sequence[str],
    *,
    budget: str = "10min",
    seeds: int = 1,
    options: Mapping[str, object] | None = None,
    tiny: bool = False,
    jobs: "Jobs" = 1,
    threads: int = 0,
    record: str | Path | None = None,
    out: str | Path | None = None,
    view: View | None = None,
    **settings: object,
) -> "Comparison":
    """Trains models and presets alike, scores them alike, finished runs beside them, and ranks what may be ranked.

    `jobs` runs are trained at a time on this machine, or with "ray" as tasks on a cluster.
    `names` are those of models and presets, or run folders; `settings` (data, size, encoder, score_images …) and
    `options` hold for all runs. `record` names a registry.yaml to append the results to. `to_rows()` of what is
    returned gives a dictionary for each run; one that failed says why. The same call with the same `out` goes on with
    one that was interrupted. Raises UsageError for a name that is nothing.
    """
    from ganzoo.comparing.comparison import run_comparison
    from ganzoo.comparing.plan import settings_of
    from ganzoo.comparing.record import record as append

    asked = {**(options or {}), **given(settings)}
    plan = settings_of(names, budget=budget, seeds=seeds, options=asked, jobs=jobs, threads=threads, tiny=tiny)
    done = run_comparison(plan, open_catalog(), view or View(), out=Path(out) if out else None, jobs=jobs)
    if record is not None:
        append(Path(record), done.rows, done.settings)
    return done


def reproduce(
    folder: str | Path,
    *,
    steps: int | None = None,
    data: str | None = None,
    style: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    out: str | Path | None = None,
    view: View | None = None,
) -> "Reproduction":
    """Trains a recorded run anew, from its run.json, and says whether it came out bit by bit.

    As many steps are made as the run had, or the first `steps`; in `out`, or in a folder that goes afterwards. `data`
    and `style` say where the same images are now, `device` and `threads` replace what is recorded. Raises UsageError
    for a folder that is no run's or has nothing to compare, DataError when the images are others.
    """
    from ganzoo.reproducing.reproduction import reproduce as again

    place = Path(out) if out else None
    changed = {"data": data, "style": style, "device": device, "threads": threads}
    return again(Path(folder), open_catalog(), view or View(), steps=steps, out=place, **changed)


def start_run(
    configuration: "Configuration", catalog: Catalog, view: View, *, out: str | Path | None, overwrite: bool
) -> "Run":
    """Trains what the configuration says; torch is imported here, after everything that is checked without it."""
    from ganzoo.config.configuration import metric_parts

    metrics = metric_parts(configuration, catalog)
    from ganzoo.engine.launch import start
    from ganzoo.scoring.build import build_scorer

    folder = Path(out) if out else None
    scorer = partial(build_scorer, metrics=metrics)
    run = start(configuration, catalog, view, out=folder, overwrite=overwrite, build_scorer=scorer)
    _report(run, view)
    return run


def continue_run(configuration: "Configuration", catalog: Catalog, view: View, *, out: str | Path) -> "Run":
    """Goes on with the run in `out`, or starts it where there is none: the command of a job that may be restarted.

    Raises UsageError when the run there was started with other options.
    """
    from ganzoo.config.renamed import with_new_names
    from ganzoo.config.settings import RESUMABLE
    from ganzoo.engine import checkpoint
    from ganzoo.engine.distributed import joined
    from ganzoo.runs.paths import RUN_FILE
    from ganzoo.runs.run_file import read_run_file

    folder = Path(out)
    with joined() as team:
        # The first process decides for all: by the time that another looks, this one may have begun.
        found = (folder / RUN_FILE).is_file(), bool(checkpoint.steps_in(folder / "checkpoints"))
        begun, saved = team.broadcast("found", " ".join(map(str, found))).split()
        if saved == "False":
            return start_run(configuration, catalog, view, out=folder, overwrite=begun == "True")
        new = configuration.describe()
        old = with_new_names(read_run_file(folder)["configuration"], new)
        for name in sorted({*old, *new} - RESUMABLE):
            if old.get(name, {}).get("value") != new.get(name, {}).get("value"):
                raise UsageError(f"'{folder}' is a run with another {name}: give another --out, or the same options")
        settings = {name: entry["value"] for name, entry in new.items() if name in RESUMABLE}
        return resume_run(folder, catalog, view, settings=settings, model=configuration.model.full_name)


def resume_run(
    folder: str | Path,
    catalog: Catalog,
    view: View,
    *,
    settings: Mapping[str, object],
    model: str | None = None,
) -> "Run":
    """Goes on with the run in `folder`, which must be one of `model` if that is given."""
    from ganzoo.config.configuration import Layer, metric_parts
    from ganzoo.config.renamed import with_new_names
    from ganzoo.config.settings import RESUMABLE
    from ganzoo.runs.run_file import read_run_file

    changed = with_new_names(given(settings), RESUMABLE)
    content = read_run_file(Path(folder))
    for name in sorted(set(changed) - RESUMABLE):
        if name not in content["configuration"]:
            raise UsageError(f"unknown option '{name}'.{nearest(name, content['configuration'])}")
        allowed = ", ".join(sorted(RESUMABLE))
        raise UsageError(f"{name} can't change when a run is resumed; these can: {allowed}")
    if model and catalog.resolve(model)[0].full_name != content["model"]:
        raise UsageError(f"'{folder}' is a run of {content['model']}, not of {model}")
    configuration = recorded_configuration(content, catalog, [Layer(origin="resume", values=changed)])
    metrics = metric_parts(configuration, catalog)
    from ganzoo.engine.launch import resume as go_on
    from ganzoo.scoring.build import build_scorer

    scorer = partial(build_scorer, metrics=metrics)
    run = go_on(Path(folder), configuration, catalog, view, build_scorer=scorer)
    _report(run, view)
    return run


def _report(run: "Run", view: View) -> None:
    """Writes report.html; whatever stands in its way, the run itself is as good without it."""
    from ganzoo.report_html import write_run_report
    from ganzoo.runs.ranks import is_first

    if not is_first():
        return
    try:
        write_run_report(run.folder)
    except Exception as error:
        view.notice(f"no report.html for this run: {one_line(error)}")
