"""Discovery: every plugin of tests/plugins, installed by pip, becomes a row, and a bad one harms nobody else."""

import json
import re
from typing import Any

import pytest

Rows = dict[str, dict[str, Any]]

OUTCOMES = {
    "good": ("ok", ""),
    "chatty": ("ok", ""),
    "listener": ("ok", ""),
    "dusk": ("ok", ""),
    "richness": ("ok", ""),
    "slow": ("ok", r"takes \d+\.\d s to import"),
    "broken": ("broken", r"ModuleNotFoundError.*a_module_that_does_not_exist"),
    "exiting": ("broken", r"SystemExit: exiting wants to leave"),
    "junk": ("broken", r"TypeError.*'junk-gan', expected ModelSpec"),
    "misspelt": ("misspelt", r"unknown hook 'ganzoo_modells'"),
    "unprefixed": ("misspelt", r"unknown hook 'models'"),
    "unmarked": ("misspelt", r"'ganzoo_models' is not marked with @ganzoo.hookimpl"),
    "oldapi": ("incompatible", r"'old-gan' is made for plugin api 0, this ganzoo supports 1: update the plugin"),
    "clash_one": ("clash", r"another plugin has model 'twin'; use clash_one/NAME"),
    "clash_two": ("clash", r"another plugin has model 'twin'; use clash_two/NAME"),
    "namesake": ("clash", r"another plugin is named 'namesake'; use ganzoo-test-namesake-\w+:namesake/NAME"),
    "usurper": ("clash", r"model 'dcgan' is a built-in name; use usurper/NAME"),
}
BUILTIN = {
    *(
        "adain",
        "augmentations",
        "cut",
        "cyclegan",
        "dcgan",
        "encoders",
        "fast-style",
        "fastgan",
        "gan",
        "hinge",
        "lptn",
        "lsgan",
        "metrics",
        "micro",
        "microast",
    ),
    *("penalties", "perceptual", "pix2pix", "projected", "r3gan", "regularisers", "relativistic", "santa"),
    *("scene-anime", "scene-style"),
    *("scenes", "sngan", "streams", "stylegan2", "tensorboard", "terms", "unet", "wgan", "wgan-gp"),
}
TRANSLATORS = [
    "adain",
    "cut",
    "fastcut",
    "cyclegan",
    "fast-style",
    "lptn",
    "micro",
    "microast",
    "pix2pix",
    "santa",
    "scene-anime",
]
LIGHT_CHECK = """
import sys
from ganzoo.cli import run_command
from ganzoo.catalog.discovery import HEAVY, discover
statuses = {plugin.status for plugin in discover()}
assert run_command(["list", "--format", "json"]) == 0
print(*sorted(statuses), *(name for name in HEAVY if name in sys.modules), file=sys.stderr)
"""


def rows_of(process: Any) -> list[dict[str, Any]]:
    """The JSON on standard output, which must hold nothing else."""
    assert process.returncode == 0, process.stderr
    rows: list[dict[str, Any]] = json.loads(process.stdout)
    return rows


def status_of(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["name"]: row["status"] for row in rows}


@pytest.fixture(scope="module")
def plugin_rows(ganzoo_command) -> list[dict[str, Any]]:
    return rows_of(ganzoo_command("plugins", "--format", "json", plugins=True))


@pytest.fixture(scope="module")
def model_rows(ganzoo_command) -> list[dict[str, Any]]:
    return rows_of(ganzoo_command("list", "--format", "json", plugins=True))


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_plugin_is_a_row_with_status_and_reason(plugin_rows, name):
    rows = [row for row in plugin_rows if row["name"] == name]
    status, reason = OUTCOMES[name]
    assert len(rows) == (2 if name == "namesake" else 1)
    assert {row["status"] for row in rows} == {status}
    assert all(re.search(reason, row["reason"]) if reason else not row["reason"] for row in rows)


def test_the_builtin_plugins_come_first_and_are_ok(plugin_rows):
    assert [row["status"] for row in plugin_rows[: len(BUILTIN)]] == ["ok"] * len(BUILTIN)
    assert {row["name"] for row in plugin_rows[: len(BUILTIN)]} == BUILTIN
    assert {row["name"] for row in plugin_rows[len(BUILTIN) :]} == set(OUTCOMES)


def test_a_row_names_the_package_and_what_it_declares(plugin_rows):
    row = next(row for row in plugin_rows if row["name"] == "good")
    assert (row["package"], row["models"], row["parts"]) == ("ganzoo-test-good 1.0", "good-gan", "loss good-loss")


@pytest.mark.parametrize("name", ["broken", "exiting", "junk", "misspelt", "unmarked", "oldapi"])
def test_a_plugin_that_cannot_be_used_is_a_row_of_the_list(model_rows, name):
    row = next(row for row in model_rows if row["name"] == name)
    assert (row["kind"], row["status"]) == ("plugin", OUTCOMES[name][0])
    assert re.search(OUTCOMES[name][1], row["summary"])


@pytest.mark.parametrize("name", ["good-gan", "slow-gan", "chatty-gan", "dcgan", "wgan-gp"])
def test_working_models_are_rows_of_the_list(model_rows, name):
    assert status_of(model_rows)[name] == "ok"


def test_clashing_models_are_all_listed_by_full_name(model_rows):
    clashing = {row["name"] for row in model_rows if row["status"] == "clash"}
    assert clashing == {
        "clash_one/twin",
        "clash_two/twin",
        "usurper/dcgan",
        "ganzoo-test-namesake-one:namesake/elder",
        "ganzoo-test-namesake-two:namesake/younger",
    }


def test_the_list_by_task_has_models_from_outside_and_no_bad_plugins(ganzoo_command):
    rows = rows_of(ganzoo_command("list", "--task", "translate", "--format", "json", plugins=True))
    assert [row["name"] for row in rows if row["kind"] == "model"] == [*TRANSLATORS, "good-gan"]


def test_discovering_and_listing_import_nothing_heavy(python_command):
    process = python_command("-c", LIGHT_CHECK, plugins=True)
    assert process.stderr.split() == sorted({status for status, _ in OUTCOMES.values()})


def test_the_short_name_of_twins_is_refused_naming_both(ganzoo_command):
    process = ganzoo_command("show", "twin", plugins=True)
    assert process.returncode == 4
    assert "'clash_one/twin' or 'clash_two/twin'" in process.stderr


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("clash_one/twin", "the first twin"),
        ("clash_two/twin", "the second twin"),
        ("ganzoo-test-namesake-two:namesake/younger", "the younger of two namesakes"),
        ("usurper/dcgan", "not the DCGAN you are looking for"),
        ("dcgan", "deep convolutional GAN, cross-entropy and Adam"),
        ("elder", "the elder of two namesakes"),
    ],
)
def test_show_finds_the_model_of_a_name(ganzoo_command, name, summary):
    rows = rows_of(ganzoo_command("show", name, "--format", "json", plugins=True))
    assert rows[0]["summary"] == summary


def test_show_has_the_options_of_parts_from_outside(ganzoo_command):
    rows = rows_of(ganzoo_command("show", "good-gan", "--format", "json", plugins=True))
    values = {row["option"]: row["value"] for row in rows[0]["options"]}
    assert (values["loss"], values["loss.margin"], values["charm"]) == ("good-loss", 2.0, 0.5)


@pytest.mark.parametrize("name", ["broken", "exiting", "junk", "misspelt", "unmarked", "oldapi"])
def test_running_a_plugin_that_cannot_be_used_tells_why(ganzoo_command, name):
    process = ganzoo_command("run", name, plugins=True)
    assert process.returncode == 4
    assert re.search(OUTCOMES[name][1], process.stderr)
    assert len(process.stderr.splitlines()) == 1


def test_only_allowed_plugins_are_imported(python_command):
    code = "import sys; from ganzoo.catalog.discovery import discover; discover(); print(*sorted(sys.modules))"
    modules = python_command("-c", code, plugins=True, GANZOO_PLUGINS="good, chatty").stdout.split()
    assert [name for name in modules if name.startswith("ganzoo_test")] == ["ganzoo_test_chatty", "ganzoo_test_good"]


@pytest.mark.parametrize(
    ("arguments", "environment", "ok", "reason"),
    [
        ([], {"GANZOO_PLUGINS": "good"}, {"good"}, "not in GANZOO_PLUGINS"),
        ([], {"GANZOO_PLUGINS": ""}, set(), "not in GANZOO_PLUGINS"),
        (["--no-plugins"], {}, set(), "--no-plugins"),
        (["--no-plugins"], {"GANZOO_PLUGINS": "good"}, set(), "--no-plugins"),
    ],
)
def test_other_plugins_are_blocked_rows(ganzoo_command, arguments, environment, ok, reason):
    rows = rows_of(ganzoo_command(*arguments, "plugins", "--format", "json", plugins=True, **environment))
    assert {row["name"] for row in rows if row["status"] == "ok"} == BUILTIN | ok
    blocked = [row for row in rows if row["status"] != "ok"]
    assert {row["name"] for row in blocked} == set(OUTCOMES) - ok
    assert {(row["status"], row["reason"]) for row in blocked} == {("blocked", reason)}


@pytest.mark.parametrize(
    ("speaks", "status", "said"),
    [
        ((1, 1), "ok", ""),
        ((1, 2), "ok", "made for plugin api 1, which a later ganzoo will refuse: update it"),
        ((2, 2), "incompatible", "'good-gan' is made for plugin api 1, this ganzoo supports 2: update the plugin"),
        ((2, 3), "incompatible", "'good-gan' is made for plugin api 1, this ganzoo supports 2 to 3: update the plugin"),
        ((0, 0), "incompatible", "'good-gan' is made for plugin api 1, this ganzoo supports 0: update ganzoo-core"),
    ],
)
def test_what_a_plugin_for_api_1_becomes_as_the_interface_grows(
    speaks: tuple[int, int], status: str, said: str, python_command, tmp_path
) -> None:
    code = (
        f"from ganzoo.catalog import discovery\n(discovery.OLDEST_API, discovery.API) = {speaks}\n"
        "(row,) = [plugin for plugin in discovery.discover() if plugin.name == 'good']\n"
        "print(row.status, row.reason, sep='|')"
    )
    found = python_command("-c", code, plugins=True, GANZOO_PLUGINS="good").stdout.strip()
    assert found == f"{status}|{said}"
