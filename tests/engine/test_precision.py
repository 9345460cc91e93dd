"""`precision=auto`: bfloat16 only where it is faster and safe, and measured without a trace in the run."""

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
import torch

from ganzoo import api
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.configuration import Configuration
from ganzoo.engine import launch, precision
from ganzoo.engine.distributed import Team
from ganzoo.engine.processes import Processes
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import DivergedError
from ganzoo.runs.folder import Run
from ganzoo.runs.view import View
from ganzoo.specs import ModelSpec
from tests.engine.test_resume import assert_same, lines

CPU = torch.device("cpu")


class Notices(View):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has the measurement take place, however short the run and whatever the machine, with that least gain."""

    def measure(least_gain: float) -> None:
        monkeypatch.setattr(precision, "native_bf16", lambda device: True)
        monkeypatch.setattr(precision, "_short", lambda configuration: False)
        monkeypatch.setattr(precision, "_PATIENCE", 0)
        monkeypatch.setattr(precision, "_LEAST_GAIN", least_gain)

    return measure


def recorded(folder: Path) -> dict[str, object]:
    return json.loads((folder / "run.json").read_text())["configuration"]["precision"]


@pytest.mark.parametrize(("least_gain", "chosen"), [(0.0, "bf16"), (float("inf"), "fp32")])
@pytest.mark.parametrize("model", ["dcgan", "adain"])
def test_a_measured_run_equals_one_with_that_precision(
    train: Callable[..., Run], measured: Callable[[float], None], model: str, least_gain: float, chosen: str
) -> None:
    measured(least_gain)
    view = Notices()
    every = {"budget": "3steps", "log_every": "1steps"}
    auto = train(model, "auto", view=view, precision="auto", **every).folder
    given = train(model, "given", precision=chosen, **every).folder
    assert_same(auto, given, 3)
    assert lines(auto) == lines(given)
    assert recorded(auto) == {"value": chosen, "origin": "auto"}
    assert [text for text in view.texts if text.startswith(f"precision {chosen}: ")]


def test_a_resumed_run_keeps_what_was_chosen(
    train: Callable[..., Run], measured: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(0)
    run = train(precision="auto", budget="2steps")
    monkeypatch.setattr(launch, "choose", None)  # nothing may be measured again
    resumed = api.resume(run.folder, budget="3steps")
    assert resumed.configuration.settings.precision == "bf16"
    assert recorded(run.folder) == {"value": "bf16", "origin": "auto"}


@pytest.mark.parametrize(
    "options",
    [
        {"budget": "3steps"},
        {"budget": "30s"},
        {"budget": "0.5kimg"},
        {"loss": "wgan-gp"},
        {"regularise": "r1"},
    ],
)
def test_short_runs_and_penalties_stay_at_fp32(
    tiny: Callable[..., Configuration], monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    monkeypatch.setattr(precision, "native_bf16", lambda device: True)
    monkeypatch.setattr(precision, "measured_gain", lambda *_: 9.0)
    assert precision.choose(tiny(precision="auto", budget="10min"), {}, CPU)[0] == "bf16"
    assert precision.choose(tiny(precision="auto", **{"budget": "10min", **options}), {}, CPU) == ("fp32", "")


def test_a_model_that_declares_nothing_stays_at_fp32(
    tiny: Callable[..., Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "native_bf16", lambda device: True)
    monkeypatch.setattr(precision, "measured_gain", lambda *_: 9.0)
    assert not ModelSpec.__dataclass_fields__["bf16"].default
    assert precision.choose(tiny("wgan-gp", loss="hinge", budget="10min"), {}, CPU) == ("fp32", "")


def test_auto_is_the_default_but_not_of_tiny(tiny: Callable[..., Configuration], catalog: Catalog) -> None:
    from ganzoo.config.resolve import configure_run

    assert configure_run("dcgan", catalog).settings.precision == "auto"
    assert tiny().settings.precision == "fp32"


def test_only_native_bfloat16_is_measured(tiny: Callable[..., Configuration], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert not precision.native_bf16(CPU)
    assert precision.choose(tiny(budget="10min"), {}, CPU) == ("fp32", "")
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert precision.native_bf16(CPU)
    assert not precision.native_bf16(torch.device("mps"))


def test_the_gain_is_that_of_the_fastest_rounds(
    tiny: Callable[..., Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = chain([("fp32", 9.0), ("bf16", 9.0), ("fp32", 3.0), ("bf16", 2.0)], [("fp32", 4.0), ("bf16", 1.0)] * 9)
    now = 0.0

    def played(trainer: Trainer, progress: float) -> None:
        nonlocal now
        kind, seconds = next(rounds)
        assert trainer.settings.precision == kind and not trainer.settings.compile
        assert trainer.settings.batch == 4
        now += seconds

    monkeypatch.setattr(Trainer, "round", played)
    monkeypatch.setattr(precision, "_PATIENCE", 25.0)
    gain = precision.measured_gain(tiny(batch=8, compile=True), {}, CPU, processes=2, clock=lambda: now)
    assert gain == 3.0


def test_a_model_that_diverges_on_noise_stays_at_fp32(
    tiny: Callable[..., Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(trainer: Trainer, progress: float) -> None:
        raise DivergedError("not finite")

    monkeypatch.setattr(Trainer, "round", diverges)
    assert precision.measured_gain(tiny(), {}, CPU) == 1.0


class Store(dict[str, bytes]):
    """The part of torch's store that a team uses."""

    def set(self, key: str, text: str) -> None:
        self[key] = text.encode()

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]

    def check(self, keys: list[str]) -> bool:
        return all(key in self for key in keys)


def test_the_main_process_decides_for_all(tiny: Callable[..., Configuration], monkeypatch: pytest.MonkeyPatch) -> None:
    store, asked = Store(), []

    def choose(
        configuration: Configuration, attributes: object, device: torch.device, processes: int
    ) -> tuple[str, str]:
        asked.append(processes)
        return "bf16", ""

    monkeypatch.setattr(launch, "choose", choose)
    settings = []
    for rank in range(2):
        process = launch._Launch(tiny(precision="auto", batch=8), View(), Team(Processes(rank, 2), store))
        process.settle_precision({})
        settings.append(process.configuration.settings.precision)
    assert settings == ["bf16", "bf16"] and asked == [2]
