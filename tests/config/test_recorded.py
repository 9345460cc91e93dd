"""A run is read again with the very model and parts that trained it, or the missing package is named."""

from dataclasses import replace

import pytest

from ganzoo import AdversarialOptions, ModelSpec, Options, PartSpec, part
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.catalog.registry import Preset, Registry
from ganzoo.cli.rows import build_rows
from ganzoo.config.configuration import Configuration, resolve_part
from ganzoo.config.recorded import recorded_parts
from ganzoo.config.resolve import configure_run, recorded_configuration
from ganzoo.errors import PluginError, UsageError


class OwnOptions(AdversarialOptions):
    loss: object = part("loss", "dragan", "the loss")
    strength: float = 1.0


class LossOptions(Options):
    weight: float = 10.0


LOSS = PartSpec(
    kind="loss", name="dragan", target="a:B", options=LossOptions, summary="own", renamed={"lambda_": "weight"}
)
OWN = Plugin(
    name="own",
    distribution="ganzoo-own",
    version="1.2",
    models=(ModelSpec(name="mine", target="a:B", options=OwnOptions, summary="own", renamed={"power": "strength"}),),
    parts=(LOSS,),
)
OTHER = replace(OWN, name="other", distribution="ganzoo-other", models=())


def with_these(catalog: Catalog, *plugins: Plugin, **presets: Preset) -> Catalog:
    return Catalog([*catalog.plugins, *plugins], Registry(presets=presets))


def content_of(configuration: Configuration) -> dict[str, object]:
    plugin = configuration.model.plugin
    return {
        "model": configuration.model.full_name,
        "plugin": {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version},
        "configuration": configuration.describe(),
        "parts": recorded_parts(configuration),
    }


def loss_of(configuration: Configuration) -> str:
    return configuration.parts["loss"].registered.full_name


def test_a_package_gets_its_own_part_and_the_clash_is_told(catalog: Catalog) -> None:
    known = with_these(catalog, OWN)
    own = configure_run("mine", known)
    assert loss_of(own) == "own/dragan"
    assert own.notices == ("loss 'dragan' is that of ganzoo-own: the built-in one is penalties/dragan",)
    built_in = configure_run("dcgan", known, options={"loss": "dragan"})
    assert loss_of(built_in) == "penalties/dragan" and not built_in.notices


@pytest.mark.parametrize("loss", ["dragan", "penalties/dragan", "own/dragan", "other/dragan", "wgan"])
def test_what_was_chosen_is_read_again(catalog: Catalog, loss: str) -> None:
    known = with_these(catalog, OWN, OTHER)
    chosen = configure_run("mine", known, options={"loss": loss})
    content = content_of(chosen)
    again = recorded_configuration(content, known)
    assert loss_of(again) == loss_of(chosen) and again.values() == chosen.values() and not again.notices
    old = {key: value for key, value in content.items() if key != "parts"}
    meant = loss_of(chosen) if loss in ("other/dragan", "wgan") else "penalties/dragan"
    assert loss_of(recorded_configuration(old, known)) == meant, "a name meant the built-in part first"


def test_parts_are_recorded_with_their_packages(catalog: Catalog) -> None:
    parts = recorded_parts(configure_run("mine", with_these(catalog, OWN)))
    assert parts["loss"] == {"kind": "loss", "name": "own/dragan", "distribution": "ganzoo-own", "version": "1.2"}
    assert parts["generator"]["distribution"] == "ganzoo-core" and parts["data"]["kind"] == "dataset"


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        ((), "needs model 'own/mine' of ganzoo-own 1.2, which is not installed: pip install ganzoo-own"),
        (
            (replace(OWN, models=(), parts=(), status="broken", reason="no tissues"),),
            r"can't be used \(broken\): no tis",
        ),
        (
            (replace(OWN, version="2", parts=()),),
            "needs loss 'dragan' of ganzoo-own 1.2; version 2 is installed, which",
        ),
        ((replace(OWN, distribution="ganzoo-fork"),), "of ganzoo-own 1.2, which is not installed"),
        ((replace(OWN, parts=()), OTHER), "needs loss 'dragan' of ganzoo-own 1.2; version 1.2"),
    ],
)
def test_what_is_missing_is_named_and_nothing_takes_its_place(
    catalog: Catalog, installed: tuple[Plugin, ...], told: str
) -> None:
    content = content_of(configure_run("mine", with_these(catalog, OWN)))
    with pytest.raises(PluginError, match=told):
        recorded_configuration(content, with_these(catalog, *installed))


def test_a_part_of_another_package_is_missed_by_a_built_in_model(catalog: Catalog) -> None:
    content = content_of(configure_run("dcgan", with_these(catalog, OTHER), options={"loss": "other/dragan"}))
    with pytest.raises(PluginError, match=r"needs loss 'dragan' of ganzoo-other 1.2, which is not installed"):
        recorded_configuration(content, with_these(catalog, OWN))


def test_a_part_of_a_list_is_not_taken_from_another_package(catalog: Catalog) -> None:
    content = content_of(configure_run("mine", with_these(catalog, OWN), options={"regularise": "r1"}))
    assert recorded_configuration(content, with_these(catalog, OWN)).parts["r1"].registered.builtin
    r1 = PartSpec(kind="regulariser", name="r1", target="a:B", options=Options, summary="own")
    with pytest.raises(PluginError, match=r"trained with regulariser 'r1' of ganzoo-core, and by now .* ganzoo-own"):
        recorded_configuration(content, with_these(catalog, replace(OWN, parts=(LOSS, r1))))


def test_a_part_on_its_own_is_named_as_it_is_found(catalog: Catalog) -> None:
    known = with_these(catalog, OWN)
    assert resolve_part(known, "loss", "own/dragan", {}).name == "own/dragan"
    assert resolve_part(known, "loss", "dragan", {}, near=("ganzoo-own",)).name == "dragan"


def test_two_packages_with_plugins_of_one_name(catalog: Catalog) -> None:
    content = content_of(configure_run("mine", with_these(catalog, OWN)))
    twin = replace(OWN, distribution="ganzoo-twin")
    again = recorded_configuration(content, with_these(catalog, twin, OWN))
    assert again.model.plugin.distribution == again.parts["loss"].registered.distribution == "ganzoo-own"


def test_options_by_their_former_names_are_read(catalog: Catalog) -> None:
    known = with_these(catalog, OWN)
    old = {"power": 2.0, "loss.lambda_": 5.0}
    found = configure_run("mine", known, options=old)
    assert (found.values()["strength"], found.values()["loss.weight"]) == (2.0, 5.0)
    assert "option 'power' is now 'strength'" in found.notices
    assert "option 'loss.lambda_' is now 'loss.weight'" in found.notices
    content = content_of(found)
    recorded: dict[str, object] = content["configuration"]  # type: ignore[assignment]
    for former, now in (("power", "strength"), ("loss.lambda_", "loss.weight")):
        recorded[former] = recorded.pop(now)
    assert recorded_configuration(content, known).values() == found.values()
    assert resolve_part(known, "loss", "own/dragan", {"lambda_": 3.0}).options.model_dump()["weight"] == 3.0
    with pytest.raises(UsageError, match="unknown option 'powr'"):
        configure_run("mine", known, options={"powr": 1})


@pytest.mark.parametrize("renamed", [{"lambda_": "nothing"}, {"weight": "weight"}])
def test_a_former_name_leads_to_an_option(renamed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="renamed of 'dragan'"):
        replace(LOSS, renamed=renamed)


@pytest.mark.parametrize(
    ("name", "preset", "status", "told"),
    [
        ("good", Preset(model="dcgan", summary="s", set={"loss": "wgan"}), "ok", "s"),
        ("gone", Preset(model="dcgan", summary="s", set={"loss": "own/dragan"}), "broken", "no loss 'own/dragan'"),
        ("odd", Preset(model="dcgan", summary="s", set={"loss.nothing": 1}), "broken", "unknown option"),
        ("lost", Preset(model="own/mine", summary="s"), "broken", "own"),
        ("dcgan", Preset(model="lsgan", summary="s"), "clash", "a model has that name: rename the preset"),
    ],
)
def test_a_preset_that_can_not_run_is_not_ok(
    catalog: Catalog, name: str, preset: Preset, status: str, told: str
) -> None:
    rows = build_rows(with_these(catalog, **{name: preset}))
    (row,) = [one for one in rows if one["name"] == name and one["kind"] == "preset"]
    assert row["status"] == status and told in row["summary"]
