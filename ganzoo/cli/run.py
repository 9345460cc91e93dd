"""`ganzoo run`: trains a model or preset, or goes on with a run."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from ganzoo import api
from ganzoo.cli.app import app
from ganzoo.errors import UsageError
from ganzoo.report import complain

EXIT_CODES = {"done": 0, "interrupted": 130, "terminated": 143}


@app.command("run")
def train(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A model or preset; not needed with --resume.")] = None,
    data: Annotated[str | None, typer.Option(help="A folder of images, or a data set by name.")] = None,
    size: Annotated[str | None, typer.Option(help="Pixels: 64, or height x width as 96x160.")] = None,
    budget: Annotated[str | None, typer.Option(help="How long: 10min, 2000steps or 200kimg.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images a step draws from the data.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, noise and order of the images.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, mps, cuda or cuda:1.")] = None,
    precision: Annotated[str | None, typer.Option(help="fp32 or bf16.")] = None,
    compiled: Annotated[bool | None, typer.Option("--compile", help="Compile with torch.compile.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; 0 is torch's choice.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any option of `ganzoo show NAME`.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of options and settings.")] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Settings that train in seconds, to try things out.")] = False,
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/NAME-NUMBER by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run folder that exists.")] = False,
    resume: Annotated[Path | None, typer.Option(help="Run folder to go on with.")] = None,
    checkpoint_every: Annotated[str | None, typer.Option(help="Interval of checkpoints: 5min, 500steps.")] = None,
    keep: Annotated[int | None, typer.Option(help="Newest checkpoints to keep.")] = None,
    sample_every: Annotated[str | None, typer.Option(help="Interval of sample grids.")] = None,
    log_every: Annotated[str | None, typer.Option(help="Interval of lines in scalars.jsonl.")] = None,
) -> int:
    """Trains NAME. Ctrl-C once saves and stops, twice stops at once."""
    from ganzoo.configuration import parse_assignments
    from ganzoo.live import make_view

    settings = {
        "data": data,
        "size": size,
        "budget": budget,
        "batch": batch,
        "seed": seed,
        "device": device,
        "precision": precision,
        "compile": compiled,
        "threads": threads,
        "checkpoint_every": checkpoint_every,
        "keep": keep,
        "sample_every": sample_every,
        "log_every": log_every,
    }
    catalog = context.obj.catalog()
    options = parse_assignments(assignments or [])
    try:
        with make_view() as view:
            if resume is not None:
                if config or tiny or out or overwrite:
                    raise UsageError("--resume goes on with a run as it was: no --config, --tiny, --out or --overwrite")
                run = api.resume_run(resume, catalog, view, model=name, settings={**options, **settings})
            elif name is None:
                raise UsageError("say which model: ganzoo run NAME. All of them: ganzoo list")
            else:
                wanted = api.configure_run(name, catalog, options=options, config=config, tiny=tiny, settings=settings)
                run = api.start_run(wanted, catalog, view, out=out, overwrite=overwrite)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatient keys must not litter the way out
        complain("ganzoo: stopped at once")
        return EXIT_CODES["interrupted"]
    return EXIT_CODES[run.outcome]
