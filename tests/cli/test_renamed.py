"""Options of old names on the command line and in runs of old: they work, and a user who writes one hears the new."""

import json
from pathlib import Path

import pytest

from ganzoo import UsageError, api
from ganzoo.cli import run_command
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.reproducing.verdict import changes
from ganzoo.runs.view import View

TINY = "--tiny --device cpu --budget 2steps --set generator.width=2 --set discriminator.width=2 --size 8"
SENTENCE = "option 'setbacks' is now 'rollbacks'; the old name goes with ganzoo-core 0.3"


class Notices(View):
    """Keeps the sentences."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def notice(self, text: str) -> None:
        """One more."""
        self.said.append(text)


@pytest.fixture(scope="module")
def old_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose run.json has the names of old."""
    folder = tmp_path_factory.mktemp("old") / "run"
    assert run_command(f"run wgan {TINY} --set warmup_critic_steps=1 --set rollbacks=5 --out {folder}".split()) == 0
    file = folder / "run.json"
    text = file.read_text()
    for old, new in (("setbacks", "rollbacks"), ("opening_critic_steps", "warmup_critic_steps")):
        assert text.count(f'"{new}"') == 1
        text = text.replace(f'"{new}"', f'"{old}"')
    file.write_text(text)
    return folder


def test_an_old_name_trains_and_is_noted_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    assert run_command(f"run dcgan {TINY} --set setbacks=2 --out {folder}".split()) == 0
    said = "".join(capfd.readouterr())
    assert said.count(SENTENCE) == 1
    recorded = json.loads((folder / "run.json").read_text())["configuration"]
    assert recorded["rollbacks"] == {"value": 2, "origin": "set"} and "setbacks" not in recorded


def test_a_run_of_old_resumes_without_a_word(old_run: Path) -> None:
    view = Notices()
    run = api.resume_run(old_run, open_catalog(third_party=False), view, settings={"budget": "3steps"})
    assert (run.progress.steps, run.configuration.settings.rollbacks) == (3, 5)
    assert run.configuration.values()["warmup_critic_steps"] == 1
    assert not [text for text in view.said if "is now" in text]


def test_a_run_of_old_resumes_with_an_old_name(old_run: Path) -> None:
    view, settings = Notices(), {"budget": "4steps", "setbacks": 1}
    run = api.resume_run(old_run, open_catalog(third_party=False), view, settings=settings)
    assert run.configuration.settings.rollbacks == 1
    assert view.said.count(SENTENCE) == 1
    with pytest.raises(UsageError, match="warmup_critic_steps can't change when a run is resumed"):
        api.resume_run(old_run, open_catalog(third_party=False), view, settings={"opening_critic_steps": 3})


def test_a_run_of_old_is_continued_by_the_same_command(old_run: Path) -> None:
    catalog = open_catalog(third_party=False)
    content = json.loads((old_run / "run.json").read_text())["configuration"]
    given = {key: entry["value"] for key, entry in content.items() if entry["origin"] not in ("default", "tiny")}
    wanted = configure_run("wgan", catalog, tiny=True, options={**given, "budget": "5steps"})
    assert api.continue_run(wanted, catalog, View(), out=old_run).progress.steps == 5


def test_a_new_name_is_no_difference_between_two_runs(old_run: Path) -> None:
    old = json.loads((old_run / "run.json").read_text())
    names = {"setbacks": "rollbacks", "opening_critic_steps": "warmup_critic_steps"}
    new = {**old, "configuration": {names.get(key, key): entry for key, entry in old["configuration"].items()}}
    assert changes(old, new) == ()


def test_a_preset_with_an_old_name_is_noted_when_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("schema: 1\npresets: {mine: {model: dcgan, summary: s, set: {setbacks: 1}}}")
    assert run_command(["--registry", str(file), "show", "mine"]) == 0
    assert capfd.readouterr().err.count(SENTENCE) == 1
