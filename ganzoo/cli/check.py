"""`ganzoo check`: tests plugins, models and parts against the rules that users rely on."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from ganzoo.cli.app import Context
from ganzoo.cli.console import Format, as_json, rows_as, say, write
from ganzoo.errors import PluginError, UsageError

if TYPE_CHECKING:
    from ganzoo.testing import Result


@click.command("check")
@click.argument("names", metavar="NAME…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check every plugin that is installed.")
@click.option("--expect", "expected", metavar="CHECK=REASON", multiple=True, help="A check that fails on purpose.")
@click.option("--only", metavar="CHECK", multiple=True, help="Run this check alone; may be given several times.")
@click.option("--rules", is_flag=True, help="List what is checked, and run nothing.")
@click.option(
    "--verbose", "-v", is_flag=True, help="Name the checks that passed, do not apply or were skipped as well."
)
@click.option(
    "--format",
    "form",
    type=click.Choice([Format.TABLE, Format.JSON], case_sensitive=False),
    default=Format.TABLE,
    help="How to print it.",
)
@click.pass_obj
def check(
    context: Context,
    /,
    names: Sequence[str],
    everything: bool,
    expected: Sequence[str],
    only: Sequence[str],
    rules: bool,
    verbose: bool,
    form: Format,
) -> int:
    """Checks plugins, models and parts.

    NAME is a plugin, which is checked with all that it declares, or a model or part. The exit code is 4 when a check
    fails.
    """
    if rules:
        _print_rules(form)
        return 0
    if bool(names) == everything:
        raise UsageError("give the NAME of a plugin, model or part, or --all")
    catalog, reasons = context.catalog(), _reasons(expected)
    from ganzoo.testing import Report
    from ganzoo.testing.conform import check_name, installed

    results: list[Result] = []
    chosen = installed(catalog) if everything else names
    for name in chosen:
        found = check_name(name, catalog, expected=reasons, only=only).results
        results += found
        if form is Format.TABLE:
            _print(found, verbose)
    report = Report(results)
    if form is Format.JSON:
        content = {"ok": report.ok, "ran": report.ran, "summary": report.summary(), "results": report.to_rows()}
        write(as_json(content) + "\n")
    else:
        say(report.summary())
    return 0 if report.ok else PluginError.exit_code


def _print_rules(form: Format) -> None:
    from ganzoo.testing.checks import ALL

    rows_as(form, [{"check": one.name, "rule": one.rule} for one in ALL], ("check", "rule"), folding=("rule",))


def _reasons(expected: Sequence[str]) -> dict[str, str]:
    reasons = {}
    for text in expected:
        name, separator, reason = text.partition("=")
        if not separator or not reason.strip():
            raise UsageError(f"--expect {text!r}: write CHECK=REASON, such as resume-exact='keeps a cache'")
        reasons[name] = reason.strip()
    return reasons


def _print(results: "Sequence[Result]", verbose: bool) -> None:
    """A line for each model or part, and one for each check that has something to say."""
    from ganzoo.testing.check import BUILDS

    for subject, group in groupby(results, key=lambda result: result.subject):
        found = list(group)
        failed = sum(result.status == "failed" for result in found)
        seconds = sum(result.seconds for result in found)
        ran = sum(result.ran for result in found)
        say(f"{'failed' if failed else 'ok':>6}  {subject}: {ran} checks, {failed} failed ({seconds:.1f} s)")
        for result in found:
            # A model that can't be built here was hardly looked at, which must not look like "ok".
            unseen = result.check == BUILDS and result.status == "not applicable"
            if verbose or unseen or result.status in ("failed", "expected"):
                say(f"        {result.status:14} {result.check}{': ' if result.message else ''}{result.message}")
