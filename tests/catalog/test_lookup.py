"""The catalogue: names stand for what users expect, and a name that stands for nothing is answered with help."""

from pathlib import Path

import pytest

from ganzoo import ModelOptions, ModelSpec, Options, PartSpec, PluginError, UsageError
from ganzoo.api import list_models
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.catalog.registry import Preset, Registry
from ganzoo.config.resolve import configure_run, open_catalog


def plugin(name: str, *models: str, losses: tuple[str, ...] = (), **fields: object) -> Plugin:
    given = {"name": name, "distribution": f"package-{name}", "version": "1"}
    return Plugin(
        **given | fields,
        models=tuple(ModelSpec(name=m, target="a:B", options=ModelOptions, summary=f"{m} of {name}") for m in models),
        parts=tuple(PartSpec(kind="loss", name=p, target="a:B", options=Options, summary=name) for p in losses),
    )


def with_plugins(catalog: Catalog, *plugins: Plugin, **sections: object) -> Catalog:
    return Catalog([*catalog.plugins, *plugins], Registry(**sections))


@pytest.mark.parametrize("name", ["lsgan", "lsgan/lsgan"])
def test_a_model_is_found_by_short_and_full_name(catalog, name):
    assert catalog.model(name).full_name == "lsgan/lsgan"


def test_an_unknown_model_is_answered_with_the_nearest(catalog):
    with pytest.raises(UsageError, match=r"no model or preset 'lsgna'\. Did you mean 'lsgan'\?"):
        catalog.model("lsgna")


def test_a_name_like_no_other_gets_no_suggestion(catalog):
    with pytest.raises(UsageError) as caught:
        catalog.model("qqqqqqq")
    assert "Did you mean" not in str(caught.value)


def test_a_preset_is_suggested_too(catalog):
    presets = {"evening-sea": Preset(model="dcgan", summary="s")}
    with pytest.raises(UsageError, match="Did you mean 'evening-sea'"):
        with_plugins(catalog, presets=presets).resolve("evening-see")


def test_two_plugins_with_one_model_keep_both_by_full_name(catalog):
    both = with_plugins(catalog, plugin("one", "twin"), plugin("two", "twin"))
    with pytest.raises(PluginError, match="say 'one/twin' or 'two/twin'"):
        both.model("twin")
    assert [both.model(name).spec.summary for name in ("one/twin", "two/twin")] == ["twin of one", "twin of two"]


def test_two_plugins_of_one_name_are_told_apart_by_distribution(catalog):
    both = with_plugins(catalog, plugin("x", "a", distribution="p"), plugin("x", "a", distribution="q"))
    assert [both.model(name).plugin.distribution for name in ("p:x/a", "q:x/a")] == ["p", "q"]


def test_builtin_names_are_reserved(catalog):
    usurped = with_plugins(catalog, plugin("usurper", "dcgan", losses=("wgan-gp",)))
    assert usurped.model("dcgan").plugin.builtin
    assert usurped.model("usurper/dcgan").spec.summary == "dcgan of usurper"
    assert usurped.part("loss", "wgan-gp").spec.summary != "usurper"
    assert usurped.part("loss", "usurper/wgan-gp").spec.summary == "usurper"


def test_two_plugins_with_one_part_are_refused_by_short_name(catalog):
    both = with_plugins(catalog, plugin("one", losses=("mine",)), plugin("two", losses=("mine",)))
    with pytest.raises(PluginError, match="several plugins have a loss 'mine': say 'one/mine' or 'two/mine'"):
        both.part("loss", "mine")
    assert both.part("loss", "two/mine").spec.summary == "two"


@pytest.mark.parametrize("name", ["sad", "sad/any-model", "package-sad:sad"])
def test_a_broken_plugin_is_a_plugin_error_with_its_reason(catalog, name):
    broken = with_plugins(catalog, plugin("sad", status="broken", reason="ImportError: no tissues"))
    with pytest.raises(PluginError, match=r"plugin 'sad' can't be used \(broken\): ImportError: no tissues"):
        broken.model(name)


def test_a_community_plugin_is_answered_with_what_to_install(catalog):
    with pytest.raises(UsageError, match="pip install ganzoo-dream"):
        with_plugins(catalog, community={"dream": "ganzoo-dream"}).resolve("dream")


def test_an_installed_model_needs_no_hint(catalog):
    installed = with_plugins(catalog, plugin("dream", "dream"), community={"dream": "ganzoo-dream"})
    assert installed.model("dream").full_name == "dream/dream"


def test_a_preset_works_like_a_model(catalog):
    presets = {"fast": Preset(model="wgan-gp", summary="s", set={"lr": 0.01, "loss.weight": 3})}
    configuration = configure_run("fast", with_plugins(catalog, presets=presets))
    assert configuration.model.spec.name == "wgan-gp"
    assert (configuration.options.lr, configuration.origins["lr"]) == (0.01, "preset fast")
    assert configuration.parts["loss"].options.weight == 3


def test_a_preset_of_a_full_name_works(catalog):
    presets = {"fast": Preset(model="usurper/dcgan", summary="s")}
    model, _ = with_plugins(catalog, plugin("usurper", "dcgan"), presets=presets).resolve("fast")
    assert model.plugin.name == "usurper"


def test_a_preset_never_overrides_a_model(catalog):
    presets = {"dcgan": Preset(model="wgan", summary="s"), "wgan/wgan": Preset(model="lsgan", summary="s")}
    shadowed = with_plugins(catalog, presets=presets)
    for name, expected in (("dcgan", "dcgan"), ("wgan/wgan", "wgan")):
        model, preset = shadowed.resolve(name)
        assert (model.spec.name, preset) == (expected, None)


@pytest.mark.parametrize("key", ["lrr", "loss.weight"])
def test_a_wrong_key_in_a_preset_names_the_preset(catalog, key):
    presets = {"odd": Preset(model="dcgan", summary="s", set={key: 1})}
    with pytest.raises(UsageError, match=rf"unknown option '{key}' for dcgan \(preset odd\)"):
        configure_run("odd", with_plugins(catalog, presets=presets))


@pytest.mark.parametrize("named", [True, False], ids=["--registry", "working folder"])
def test_a_registry_of_ones_own_adds_presets(tmp_path, monkeypatch, named):
    file = tmp_path / ("mine.yaml" if named else "registry.yaml")
    file.write_text("schema: 1\npresets:\n  mine: {model: lsgan, summary: s, set: {lr: 1.0e-3}}\n")
    monkeypatch.chdir(tmp_path)
    own = open_catalog(third_party=False, registry=file if named else None)
    assert configure_run("mine", own).options.lr == 1e-3
    assert "dcgan-laptop" in own.registry.presets


def test_models_are_listed_by_task():
    names = {spec.name for spec in list_models("generate")}
    assert {"dcgan", "lsgan", "wgan", "wgan-gp"} <= names
    assert not names & {spec.name for spec in list_models("translate")}


def intruder(kind: str, name: str, plugin: str = "intruder") -> Plugin:
    spec = PartSpec(kind=kind, name=name, target="a:B", options=Options, summary="s")  # type: ignore[arg-type]
    return Plugin(name=plugin, distribution="evil", version="1", parts=(spec,))


def test_a_foreign_part_can_not_take_a_built_in_name(catalog: Catalog) -> None:
    crowded = Catalog([*catalog.plugins, intruder("generator", "dcgan", plugin="dcgan")], Registry())
    assert crowded.part("generator", "dcgan").spec.target.startswith("ganzoo_plugins.")
    assert crowded.part("generator", "evil:dcgan/dcgan").spec.target == "a:B"


def test_the_name_folder_is_the_core_s_own(catalog: Catalog, tmp_path: Path) -> None:
    crowded = Catalog([*catalog.plugins, intruder("dataset", "folder")], Registry())
    assert crowded.source(str(tmp_path), {}) == ("folder", {"path": str(tmp_path)})


def test_a_working_plugin_without_models_is_no_model(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="no model or preset 'scenes'"):
        catalog.model("scenes")
