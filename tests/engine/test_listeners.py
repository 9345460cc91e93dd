"""Listeners that a run chooses: built with their options, called through all hooks, never in the way of training."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ganzoo
from ganzoo import Options, PartSpec, hookimpl
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.catalog.registry import Registry
from ganzoo.config.recorded import recorded_parts
from ganzoo.config.resolve import configure_run, recorded_configuration
from ganzoo.errors import PluginError
from tests.built_in import CATALOG

HEARD: list[tuple[str, Any]] = []


class DiaryOptions(Options):
    mood: str = "calm"
    broken: bool = False


class Diary:
    def __init__(self, options: DiaryOptions) -> None:
        if options.broken:
            raise ValueError("no ink")
        HEARD.append(("built", options.mood))

    @hookimpl
    def ganzoo_samples_drawn(self, step: int, file: Path) -> None:
        HEARD.append(("samples", (step, file.is_file())))

    @hookimpl
    def ganzoo_score_taken(self, step: int, scores: Mapping[str, float]) -> None:
        HEARD.append(("score", (step, next(iter(scores)), all(isinstance(one, float) for one in scores.values()))))

    @hookimpl
    def ganzoo_run_finished(self, summary: Mapping[str, object]) -> None:
        HEARD.append(("end", summary["outcome"]))


DIARY = PartSpec(
    kind="listener", name="diary", target="tests.engine.test_listeners:Diary", options=DiaryOptions, summary="notes"
)
PLUGIN = Plugin(name="diary", distribution="ganzoo-diary", version="1", parts=(DIARY,))
CHOSEN = {"listeners": "diary", "diary.mood": "gay"}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """All that is built in, and the diary, also for `ganzoo.run`."""
    found = Catalog([*CATALOG.plugins, PLUGIN], Registry())
    monkeypatch.setattr("ganzoo.api.open_catalog", lambda **_: found)
    HEARD.clear()
    return found


def test_a_chosen_listener_hears_of_samples_and_scores(known: Catalog, tmp_path: Path) -> None:
    options = {**CHOSEN, "held_out": 0.4, "score_images": 50}
    run = ganzoo.run(
        *("dcgan",),
        out=tmp_path / "run",
        tiny=True,
        device="cpu",
        budget="4steps",
        sample_every="2steps",
        score_every="4steps",
        options=options,
    )
    assert HEARD[0] == ("built", "gay") and HEARD[-1] == ("end", "done")
    assert [what for name, what in HEARD if name == "samples"] == [(0, True), (2, True), (4, True)]
    assert [what for name, what in HEARD if name == "score"] == [(4, "KID-lite0", True)]
    content = json.loads((run.folder / "run.json").read_text())
    assert content["configuration"]["diary.mood"]["value"] == "gay"
    assert content["parts"]["diary"]["distribution"] == "ganzoo-diary"
    HEARD.clear()
    ganzoo.resume(run.folder, budget="5steps")
    assert HEARD[0] == ("built", "gay")


def test_one_that_can_not_be_built_ends_the_command_before_there_is_a_folder(known: Catalog, tmp_path: Path) -> None:
    options = {"listeners": "diary", "diary.broken": True}
    with pytest.raises(PluginError, match="listener 'diary' can't be built: ValueError: no ink"):
        ganzoo.run("dcgan", out=tmp_path / "run", tiny=True, device="cpu", options=options)
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_without_a_listener_that_is_not_installed(known: Catalog) -> None:
    chosen = configure_run("dcgan", known, options=CHOSEN)
    plugin = chosen.model.plugin
    content = {
        "model": chosen.model.full_name,
        "plugin": {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version},
        "configuration": chosen.describe(),
        "parts": recorded_parts(chosen),
    }
    assert recorded_configuration(content, known).values() == chosen.values()
    without = recorded_configuration(content, CATALOG)
    assert without.settings.listeners == "" and "diary.mood" not in without.values()
    (notice,) = without.notices
    assert "listener 'diary' of ganzoo-diary 1, which is not installed" in notice and "without" in notice


def test_a_listener_is_found_beside_others(known: Catalog) -> None:
    second = replace(PLUGIN, name="second", distribution="second", parts=(replace(DIARY, name="second"),))
    both = Catalog([*known.plugins, second], Registry())
    chosen = configure_run("dcgan", both, options={"listeners": "diary,second", "second.mood": "sad"})
    assert chosen.values()["diary.mood"] == "calm" and chosen.values()["second.mood"] == "sad"
