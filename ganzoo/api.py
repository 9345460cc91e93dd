"""The functions that the command line and notebooks share: list models, run, resume, compare and reproduce."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run, given, open_catalog, recorded_configuration
from ganzoo.errors import UsageError, nearest, one_line
from ganzoo.io.installed import forgiving
from ganzoo.io.names import user_path
from ganzoo.runs.view import View
from ganzoo.specs import ModelSpec, Task

# Functions import what configures and runs: listing models needs none of it, and must be fast.
if TYPE_CHECKING:
    from ganzoo.comparing.comparison import Comparison
    from ganzoo.comparing.plan import Jobs
    from ganzoo.config.configuration import Configuration
    from ganzoo.engine.launch import BuildScorer
    from ganzoo.reproducing.verdict import Reproduction
    from ganzoo.runs.folder import Run


@forgiving()
def list_models(task: Task | None = None) -> list[ModelSpec]:
    """The declarations of all models that can be used, or of those of one task."""
    return [model.spec for model in open_catalog().models if task in (None, model.spec.task)]


@forgiving()
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
    `start_from` names trained weights to start from: a run folder, a published model or a .safetensors file.
    `options` are those of the model and its parts ("lr", "generator.width"). `config` is a YAML file with both. Later
    ones override earlier ones: defaults, preset, tiny, config, options, settings. Raises the errors of `ganzoo.errors`.
    """
    catalog = open_catalog()
    configuration = configure_run(model, catalog, options=options, config=config, tiny=tiny, settings=settings)
    return start_run(configuration, catalog, view or View(), out=out, overwrite=overwrite)


@forgiving()
def resume(folder: str | Path, *, view: View | None = None, **settings: object) -> "Run":
    """Resumes a stopped run exactly. A larger `budget` extends a finished run.

    Only settings in `ganzoo.config.settings.RESUMABLE` may differ from those of the start. Others raise UsageError.
    Where the images were moved, `data` and `style` say where they are now; other images raise DataError.
    """
    return resume_run(folder, open_catalog(), view or View(), settings=settings)


@forgiving()
def distil(
    folder: str | Path,
    *,
    to: str = "micro",
    step: str | int | None = None,
    options: Mapping[str, object] | None = None,
    budget: str = "20min",
    out: str | Path | None = None,
    overwrite: bool = False,
    view: View | None = None,
    **settings: object,
) -> "Run":
    """Trains a small painter that copies a translator, and returns its run.

    `folder` is the translator's run folder or the name of a published one, `step` its checkpoint. Photos, size and
    device are those of its training unless `settings` (data, size, seed …) say otherwise. `options` are those of the
    model `to`. Raises UsageError for a run that draws from noise, and for a model that can't learn from a run.
    """
    from ganzoo.distilling import configure_distillation
    from ganzoo.trained.finding import find

    view, catalog = view or View(), open_catalog()
    asked = {"budget": budget, **settings}
    teacher = find(folder, step, lambda: catalog)
    wanted = configure_distillation(teacher, catalog, view, to=to, options=options, settings=asked)
    return start_run(wanted, catalog, view, out=out, overwrite=overwrite)


@forgiving()
def compare(
    names: Sequence[str],
    *,
    budget: str = "10min",
    seeds: int = 1,
    options: Mapping[str, object] | None = None,
    tiny: bool = False,
    jobs: "Jobs" = 1,
    threads: int = 0,
    quick: bool = False,
    record: str | Path | None = None,
    out: str | Path | None = None,
    view: View | None = None,
    **settings: object,
) -> "Comparison":
    """Trains models and presets under the same conditions, scores them and finished runs, and ranks what is comparable.

    `names` are those of models, presets and published models, or run folders (also RUN@BEST or RUN@STEP). `settings`
    (data, size, encoder, score_images …) and `options` hold for all runs. `jobs` is the number of runs trained at a
    time on this machine, or "ray" for tasks on a cluster. `record` names a registry.yaml to append the results to.
    `to_rows()` of the result gives a dictionary for each run; that of a failed run says why. Translators get the
    painted score, or with `quick` that of thumbnails. The same call with the same `out` resumes an interrupted
    comparison. Raises UsageError for a name that is neither a model, a preset nor a run folder.
    """
    from ganzoo.comparing.comparison import run_comparison
    from ganzoo.comparing.plan import settings_of
    from ganzoo.comparing.record import record as append
    from ganzoo.config.configuration import namesake_notices
    from ganzoo.config.renamed import rename_notices

    asked, view, catalog = {**(options or {}), **given(settings)}, view or View(), open_catalog()
    for text in (*rename_notices(asked), *namesake_notices(asked, catalog)):
        view.notice(text)
    plan = settings_of(
        names, budget=budget, seeds=seeds, options=asked, jobs=jobs, threads=threads, tiny=tiny, quick=quick
    )
    done = run_comparison(plan, catalog, view, out=user_path(out) if out else None, jobs=jobs)
    if record is not None:
        append(user_path(record), done.rows, done.settings, catalog)
    return done


@forgiving()
def reproduce(
    folder: str | Path,
    *,
    steps: int | None = None,
    data: str | None = None,
    style: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    start_from: str | Path | None = None,
    out: str | Path | None = None,
    view: View | None = None,
) -> "Reproduction":
    """Trains a recorded run again, from its run.json, and says whether the result is the same bit by bit.

    It makes as many steps as the run had, or the first `steps`, in `out` or in a temporary folder. `data` and `style`
    say where the same images are now, `start_from` where the weights are that it started from; `device` and `threads`
    replace what is recorded. Raises UsageError for a folder that is not a run or has nothing to compare, DataError when
    the images are not the same.
    """
    from ganzoo.reproducing.reproduction import reproduce as again
    from ganzoo.trained.finding import find

    place = user_path(out) if out else None
    changed = {"data": data, "style": style, "device": device, "threads": threads}
    changed["start_from"] = None if start_from is None else str(start_from)
    catalog = open_catalog()
    run = find(folder, catalog=lambda: catalog).whole("reproducing")
    return again(run, catalog, view or View(), steps=steps, out=place, **changed)


def start_run(
    configuration: "Configuration", catalog: Catalog, view: View, *, out: str | Path | None, overwrite: bool
) -> "Run":
    """Trains what the configuration says. Torch is imported here, after everything that can be checked without it."""
    build_scorer = _scorer_builder(configuration, catalog)
    _say(configuration, view)
    from ganzoo.engine.launch import start
    from ganzoo.trained.starting import started

    folder = user_path(out) if out else None
    wanted, begin = started(configuration, catalog)
    run = start(wanted, catalog, view, out=folder, overwrite=overwrite, build_scorer=build_scorer, begin=begin)
    _report(run, view)
    return run


def continue_run(configuration: "Configuration", catalog: Catalog, view: View, *, out: str | Path) -> "Run":
    """Resumes the run in `out`, or starts it where there is none: the command of a job that may be restarted.

    Raises UsageError when the run there was started with other options.
    """
    from ganzoo.config.settings import PLACES, RESUMABLE
    from ganzoo.engine.distributed import joined

    folder = user_path(out)
    with joined() as team:
        # The main process decides for all: by the time that another looks, this one may have begun.
        begun, saved = team.broadcast("found", " ".join(_found(folder))).split()
        if saved == "no":
            return start_run(configuration, catalog, view, out=folder, overwrite=begun == "yes")
        _check_same_options(folder, configuration, catalog)
        _say(configuration, view)
        described = configuration.describe()
        settings = {name: entry["value"] for name, entry in described.items() if name in RESUMABLE | PLACES}
        return resume_run(folder, catalog, view, settings=settings, model=configuration.model.full_name)


def resume_run(
    folder: str | Path,
    catalog: Catalog,
    view: View,
    *,
    settings: Mapping[str, object],
    model: str | None = None,
) -> "Run":
    """Resumes the run in `folder`, which must be one of `model` if that is given."""
    from ganzoo.config.configuration import Layer, fields_of
    from ganzoo.config.recorded import recorded_model
    from ganzoo.config.renamed import with_new_names
    from ganzoo.runs.paths import RUN_FILE
    from ganzoo.runs.run_file import NO_RECORD, check_has_record, read_run_file

    changed, folder = given(settings), user_path(folder)
    if str(folder) in catalog.published and not (folder / RUN_FILE).is_file():
        raise UsageError(f"'{folder}': {NO_RECORD}")
    content = read_run_file(folder)
    check_has_record(content)
    fields = fields_of(recorded_model(content, catalog).spec)
    _check_resumable(with_new_names(changed, fields), with_new_names(content["configuration"], fields))
    if model and catalog.resolve(model)[0].full_name != content["model"]:
        raise UsageError(f"'{folder}' is a run of {content['model']}, not of {model}")
    configuration = recorded_configuration(content, catalog, [Layer(origin="resume", values=changed)])
    build_scorer = _scorer_builder(configuration, catalog)
    _say(configuration, view)
    from ganzoo.engine.launch import resume

    run = resume(folder, configuration, catalog, view, build_scorer=build_scorer)
    _report(run, view)
    return run


def _scorer_builder(configuration: "Configuration", catalog: Catalog) -> "BuildScorer":
    """What builds the scorer once the images are there. The metrics are checked now, before torch is imported."""
    from ganzoo.config.configuration import metric_parts

    metrics = metric_parts(configuration, catalog)
    from ganzoo.scoring.build import build_scorer

    return partial(build_scorer, metrics=metrics)


def _found(folder: Path) -> tuple[str, str]:
    """Whether there is a run in the folder, and whether it has a checkpoint: "yes" or "no" each."""
    from ganzoo.engine.checkpoint import steps_in
    from ganzoo.runs.paths import RUN_FILE

    found = (folder / RUN_FILE).is_file(), bool(steps_in(folder / "checkpoints"))
    begun, saved = ("yes" if there else "no" for there in found)
    return begun, saved


def _check_same_options(folder: Path, configuration: "Configuration", catalog: Catalog) -> None:
    """Raises UsageError unless the run in the folder was started with these options, but for those that may change."""
    from ganzoo.config.settings import AUTO, PLACES, RESUMABLE
    from ganzoo.runs.run_file import read_run_file
    from ganzoo.trained.starting import same_source

    # Options that are younger than the run have their defaults in it. For `auto` it has what that stood for.
    recorded = recorded_configuration(read_run_file(folder), catalog)
    old, new = recorded.values(), configuration.values()
    if not same_source(str(old.get("start_from", "")), configuration.settings.start_from):
        raise UsageError(f"'{folder}' is a run that started from other weights: give another --out, or the same --from")
    for name in sorted({*old, *new} - RESUMABLE - PLACES - {"start_from"}):
        found_out = new.get(name) == AUTO and recorded.origins.get(name, "default") in (AUTO, "default")
        if new.get(name) != old.get(name) and not found_out:
            raise UsageError(f"'{folder}' is a run with another {name}: give another --out, or the same options")


def _check_resumable(changed: Mapping[str, object], recorded: Mapping[str, object]) -> None:
    """Raises UsageError for a setting that is unknown, or that can't change when a run is resumed."""
    from ganzoo.config.settings import PLACES, RESUMABLE

    for name in sorted(set(changed) - RESUMABLE - PLACES):
        if name not in recorded:
            raise UsageError(f"unknown option '{name}'.{nearest(name, recorded)}")
        allowed = ", ".join(sorted(RESUMABLE))
        raise UsageError(
            f"{name} can't change when a run is resumed; these can: {allowed}, and the place of the same data and style"
        )


def _say(configuration: "Configuration", view: View) -> None:
    """Shows what the user should know about the options, such as old names, and about the cache."""
    from ganzoo.io.files import cache_notice

    for text in (*configuration.notices, cache_notice()):
        if text:
            view.notice(text)


def _report(run: "Run", view: View) -> None:
    """Writes report.html. A run is complete without it, so an error here is only a notice."""
    from ganzoo.report_html import write_run_report
    from ganzoo.runs.ranks import is_first

    if not is_first():
        return
    try:
        write_run_report(run.folder)
    except Exception as error:
        view.notice(f"no report.html for this run: {one_line(error)}")
