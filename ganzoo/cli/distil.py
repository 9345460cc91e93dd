"""`ganzoo distil`: trains a small painter from a larger translator."""

from pathlib import Path

import click

from ganzoo.cli.app import Context
from ganzoo.cli.flags import run_argument, source_option
from ganzoo.cli.paths import PATH
from ganzoo.cli.run import EXIT_CODES


@click.command("distil")
@run_argument()
@click.option("--to", "model", default="micro", show_default=True, help="The model that learns.")
@source_option("--data", help="Photos to learn on; the teacher's by default.")
@source_option("--style", help="Paintings to score with; the teacher's by default.")
@click.option("--size", help="Pixels: 64, or height x width as 96x160; the teacher's by default.")
@click.option("--budget", default="20min", show_default=True, help="How long: 20min, 2000steps or 200kimg.")
@click.option("--batch", type=int, help="Photos of a step.")
@click.option("--seed", type=int, help="Seed of weights and order of the photos.")
@click.option("--device", help="auto, cpu, mps, cuda or cuda:1.")
@click.option("--precision", help="auto, fp32 or bf16; auto measures which is faster.")
@click.option("--threads", type=int, help="CPU threads; 0 is torch's choice.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Any option of `ganzoo show micro`.")
@click.option("--step", help="The teacher's checkpoint: LATEST, BEST or a step; LATEST by default.")
@click.option("--score-every", help="Interval of scores on held-out images.")
@click.option("--out", type=PATH, help="Run folder; runs/NAME-NUMBER by default.")
@click.option("--overwrite", is_flag=True, help="Replace a run folder that exists.")
@click.pass_obj
def distil(
    context: Context,
    /,
    run: str,
    model: str,
    assignments: tuple[str, ...],
    step: str | None,
    out: Path | None,
    overwrite: bool,
    **settings: object,
) -> int:
    """Trains a small painter to copy a large one.

    It learns what the translator RUN paints, a run folder or a published model.

    The result is a run like any other. `ganzoo run --resume` resumes it, which needs RUN again.
    """
    from ganzoo import api
    from ganzoo.cli.live import make_view
    from ganzoo.config.values import parse_assignments
    from ganzoo.distilling import configure_distillation

    options, catalog = parse_assignments(assignments), context.catalog()
    found = context.trained(run, step)
    with make_view() as view:
        wanted = configure_distillation(found, catalog, view, to=model, options=options, settings=settings)
        done = api.start_run(wanted, catalog, view, out=out, overwrite=overwrite)
    return EXIT_CODES[done.outcome]
