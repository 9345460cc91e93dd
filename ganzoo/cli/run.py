"""`ganzoo run`: trains a model or preset, or resumes a run."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import complain
from ganzoo.cli.flags import ModelCommand, source_option
from ganzoo.cli.paths import PATH, PathOrName
from ganzoo.errors import UsageError

if TYPE_CHECKING:
    from ganzoo.config.configuration import Configuration
    from ganzoo.runs.folder import Run
    from ganzoo.runs.view import View

EXIT_CODES = {"done": 0, "interrupted": 130, "terminated": 143}


@click.command("run", cls=ModelCommand)
@click.argument("name", required=False)
@source_option("--data", help="A folder of images, or a data set by name.")
@source_option("--style", help="Of a translator: a folder of paintings, or a data set by name.")
@click.option(
    "--from",
    "start_from",
    type=PathOrName(),
    metavar="SRC",
    help="Start from trained weights: RUN[@BEST|@STEP], a published model, a .safetensors file, or hf:OWNER/NAME.",
)
@click.option("--size", help="Pixels: 64, or height x width as 96x160.")
@click.option("--budget", help="How long: 10min, 2000steps or 200kimg.")
@click.option("--batch", type=int, help="Images a step draws from the data.")
@click.option("--seed", type=int, help="Seed of weights, noise and order of the images.")
@click.option("--device", help="auto, cpu, mps, cuda or cuda:1.")
@click.option("--precision", help="auto, fp32 or bf16; auto measures which is faster.")
@click.option("--compile", is_flag=True, default=None, help="Compile with torch.compile.")
@click.option("--threads", type=int, help="CPU threads; 0 is torch's choice.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Any option of `ganzoo show NAME`.")
@click.option("--config", type=PATH, help="YAML file of options and settings.")
@click.option("--tiny", is_flag=True, help="Settings that train in seconds, to try things out.")
@click.option("--out", type=PATH, help="Run folder; runs/NAME-NUMBER by default.")
@click.option("--overwrite", is_flag=True, help="Replace a run folder that exists.")
@click.option("--continue", "go_on", is_flag=True, help="Resume the run in --out if there is one: for restarted jobs.")
@click.option("--resume", type=PATH, help="Run folder to resume; NAME is not needed.")
@click.option("--checkpoint-every", help="Interval of checkpoints: 5min, 500steps.")
@click.option("--keep", type=int, help="Newest checkpoints to keep.")
@click.option("--sample-every", help="Interval of sample grids.")
@click.option("--score-every", help="Interval of scores on held-out images; the best checkpoint is kept as BEST.")
@click.option("--stop-when-flat", is_flag=True, default=None, help="Stop when five scores brought nothing better.")
@click.option("--log-every", help="Interval of lines in scalars.jsonl.")
@click.pass_obj
def train(
    context: Context,
    /,
    name: str | None,
    assignments: tuple[str, ...],
    config: Path | None,
    tiny: bool,
    out: Path | None,
    overwrite: bool,
    go_on: bool,
    resume: Path | None,
    **settings: object,
) -> int:
    """Trains a model or preset.

    NAME is that of the model or preset. Ctrl-C once saves and stops, twice stops at once.
    """
    from ganzoo.cli.live import make_view
    from ganzoo.config.values import parse_assignments

    options = parse_assignments(assignments)
    try:
        with make_view() as view:
            if resume is not None:
                if config or tiny or out or overwrite or go_on:
                    raise UsageError(
                        "--resume continues a run as it was: no --config, --tiny, --out, --overwrite or --continue"
                    )
                run = _resume(context, view, resume, name, {**options, **settings})
            else:
                wanted = _configure(context, name, options=options, config=config, tiny=tiny, settings=settings)
                run = _start(context, view, wanted, out=out, overwrite=overwrite, go_on=go_on)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # more key presses must not disturb the exit
        complain("ganzoo: stopped at once")
        return EXIT_CODES["interrupted"]
    return EXIT_CODES[run.outcome]


def _resume(context: Context, view: "View", folder: Path, name: str | None, settings: Mapping[str, object]) -> "Run":
    from ganzoo import api

    return api.resume_run(folder, context.catalog(), view, model=name, settings=settings)


def _configure(context: Context, name: str | None, **given: Any) -> "Configuration":
    from ganzoo.config.resolve import configure_run

    if name is None:
        raise UsageError("say which model: ganzoo run NAME. All of them: ganzoo list")
    return configure_run(name, context.catalog(), **given)


def _start(
    context: Context, view: "View", wanted: "Configuration", *, out: Path | None, overwrite: bool, go_on: bool
) -> "Run":
    """Trains a new run, or with `go_on` resumes the one in `out` if there is one."""
    from ganzoo import api

    if not go_on:
        return api.start_run(wanted, context.catalog(), view, out=out, overwrite=overwrite)
    if out is None or overwrite:
        raise UsageError("--continue resumes the run in --out: give --out, and no --overwrite")
    return api.continue_run(wanted, context.catalog(), view, out=out)
