"""Configuration: the strongest layer wins, parts bring their own options, and what is wrong is named."""

import json
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from ganzoo import AdversarialOptions, DataError, ModelSpec, PartSpec, Size, UsageError
from ganzoo.catalog.lookup import Catalog
from ganzoo.catalog.plugin import Plugin
from ganzoo.catalog.registry import Preset, Registry
from ganzoo.config.configuration import Configuration, Layer, configure, metric_parts
from ganzoo.config.resolve import configure_run, recorded_configuration
from ganzoo.config.units import Amount
from ganzoo.config.values import parse_assignments


def of(catalog: Catalog, model: str, *layers: dict[str, object]) -> Configuration:
    named = [Layer(origin=f"layer {number}", values=values) for number, values in enumerate(layers)]
    return configure(catalog.model(model), catalog, named)


LAYERS = [("default", 64), ("preset own", 32), ("tiny", 8), ("file own.yaml", 33), ("set", 34), ("flag", 35)]


@pytest.mark.parametrize("strongest", range(len(LAYERS)), ids=[origin for origin, _ in LAYERS])
def test_the_strongest_layer_wins_and_is_the_origin(catalog, tmp_path, monkeypatch, strongest):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text("batch: 33")
    own = Catalog(catalog.plugins, Registry(presets={"own": Preset(model="dcgan", summary="own", set={"batch": 32})}))
    configuration = configure_run(
        "own" if strongest >= 1 else "dcgan",
        own,
        tiny=strongest >= 2,
        config="own.yaml" if strongest >= 3 else None,
        options={"batch": 34} if strongest >= 4 else {},
        settings={"batch": 35 if strongest >= 5 else None},
    )
    assert (configuration.describe()["batch"]["origin"], configuration.options.batch) == LAYERS[strongest]


def test_a_stronger_layer_leaves_other_values_alone(catalog):
    configuration = of(catalog, "dcgan", {"lr": 1e-3, "batch": 8}, {"lr": 2e-3})
    assert (configuration.options.lr, configuration.options.batch) == (2e-3, 8)
    assert (configuration.origins["lr"], configuration.origins["batch"]) == ("layer 1", "layer 0")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("lr", "2e-4", 2e-4),
        ("batch", "32", 32),
        ("optimiser", "rmsprop", "rmsprop"),
        ("compile", "true", True),
        ("size", "96x160", Size(96, 160)),
        ("size", 32, Size(32, 32)),
        ("budget", "2000steps", Amount(2000, "steps")),
        ("seed", str(2**63 - 1), 2**63 - 1),
    ],
)
def test_a_text_becomes_the_declared_type(catalog, key, text, value):
    configuration = of(catalog, "dcgan", {key: text})
    both = {**dict(configuration.options), **dict(configuration.settings)}
    assert both[key] == value
    assert type(both[key]) is type(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("lr", "0"),
        ("lr", "2"),
        ("lr", "fast"),
        ("lr", "nan"),
        ("batch", "0"),
        ("batch", "1.5"),
        ("seed", "-1"),
        ("seed", 2**63),
        ("size", "0"),
        ("budget", "10"),
        ("device", "gpu"),
        ("precision", "fp8"),
        ("keep", "0"),
        ("generator.width", "0"),
        ("data.rendition", "acrylic"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_key(catalog, key, text):
    with pytest.raises(UsageError) as caught:
        of(catalog, "dcgan", {key: text})
    assert f"{key}={text!r}: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_wrong_values_are_named_at_once(catalog):
    with pytest.raises(UsageError, match=r"lr='0': .*; batch='0': |batch='0': .*; lr='0': "):
        of(catalog, "dcgan", {"lr": "0", "batch": "0"})


@pytest.mark.parametrize(
    ("model", "key", "nearest"),
    [
        ("dcgan", "lrr", "lr"),
        ("dcgan", "budgte", "budget"),
        ("dcgan", "generator.widht", "generator.width"),
        ("wgan-gp", "loss.wieght", "loss.weight"),
        ("dcgan", "data.cuont", "data.count"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(catalog, model, key, nearest):
    with pytest.raises(UsageError) as caught:
        of(catalog, model, {key: 1})
    message = str(caught.value)
    assert message.startswith(f"unknown option '{key}' for {model} (layer 0). Did you mean '{nearest}'?")
    assert message.endswith(f"ganzoo show {model}")


def test_a_part_is_chosen_by_name_and_brings_its_options(catalog):
    values = of(catalog, "dcgan", {"loss": "wgan-gp"}).values()
    assert (values["loss"], values["loss.weight"]) == ("wgan-gp", 10.0)


@pytest.mark.parametrize(
    "layers",
    [
        [{"loss": "wgan-gp", "loss.weight": "3"}],
        [{"loss.weight": "3", "loss": "wgan-gp"}],
        [{"loss": "wgan-gp"}, {"loss.weight": "3"}],
        [{"loss": {"name": "wgan-gp", "weight": 3}}],
        [{"loss": {"name": "wgan-gp", "weight": 2}}, {"loss.weight": 3}],
    ],
)
def test_options_of_a_part_are_set_whatever_the_order(catalog, layers):
    configuration = of(catalog, "dcgan", *layers)
    assert configuration.parts["loss"].options.weight == 3.0
    assert configuration.origins["loss.weight"] == f"layer {len(layers) - 1}"


def test_options_of_a_replaced_part_go(catalog):
    configuration = of(catalog, "wgan", {"loss.clip": 0.1}, {"loss": "wgan-gp"})
    assert not [key for key in (*configuration.values(), *configuration.origins) if key == "loss.clip"]


def test_an_option_of_another_part_is_unknown(catalog):
    with pytest.raises(UsageError, match=r"unknown option 'loss\.weight' for dcgan"):
        of(catalog, "dcgan", {"loss.weight": 3})


def test_naming_the_same_part_again_keeps_the_models_options_of_it(catalog):
    configuration = of(catalog, "wgan-gp", {"discriminator": "dcgan"})
    assert configuration.values()["discriminator.norm"] == "layer"
    assert configuration.origins["discriminator"] == "layer 0"
    assert configuration.origins["discriminator.norm"] == "default"


def test_an_unknown_part_is_answered_with_the_nearest_and_all(catalog):
    with pytest.raises(UsageError, match=r"no loss 'wgan-ggp'\. Did you mean 'wgan-gp'\? There are: dragan, hinge, "):
        of(catalog, "dcgan", {"loss": "wgan-ggp"})


def test_a_wrong_option_of_a_part_is_named_in_full(catalog):
    with pytest.raises(UsageError, match=r"loss\.weight='-1': "):
        of(catalog, "wgan-gp", {"loss.weight": "-1"})


def test_data_may_be_a_data_set_by_name(catalog):
    values = of(catalog, "dcgan", {"data": "scenes", "data.count": "5"}).values()
    assert (values["data"], values["data.count"]) == ("scenes", 5)


def test_data_may_be_a_folder_whose_whole_path_is_kept(catalog, tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    values = of(catalog, "dcgan", {"data.count": 5}, {"data": "photos"}).values()
    assert {key: value for key, value in values.items() if key.startswith("data")} == {
        "data": "folder",
        "data.path": str(tmp_path / "photos"),
    }


def test_a_data_set_by_name_wins_over_a_folder_of_that_name(catalog, tmp_path, monkeypatch):
    (tmp_path / "scenes").mkdir()
    monkeypatch.chdir(tmp_path)
    assert of(catalog, "dcgan", {"data": "scenes"}).values()["data"] == "scenes"


def test_one_picture_is_a_folder_of_one_for_paintings_alone(catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "painting.png").touch()
    values = of(catalog, "cut", {"style": "painting.png"}).values()
    assert (values["style"], values["style.path"]) == ("folder", str(tmp_path / "painting.png"))
    with pytest.raises(DataError, match=r"no picture or folder 'paintng\.png'"):
        of(catalog, "cut", {"style": "paintng.png"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("photo.png", "'photo.png' is a file: give the folder it is in"),
        ("photos.zip", "'photos.zip' is a file: unpack it, and give the folder"),
        ("0.tar.gz", "'0.tar.gz' is a file: give --data shards --set data.path=0.tar.gz"),
        ("sceens", "no folder 'sceens', and no data set of that name. Did you mean 'scenes'?"),
        ("", "data '': the name is empty"),
    ],
)
def test_data_that_is_neither_is_a_data_error(catalog, tmp_path, monkeypatch, data, message):
    monkeypatch.chdir(tmp_path)
    for name in ("photo.png", "photos.zip", "0.tar.gz"):
        Path(name).touch()
    with pytest.raises(DataError) as caught:
        of(catalog, "dcgan", {"data": data})
    assert message in str(caught.value)


@pytest.mark.parametrize("model", ["dcgan", "lsgan", "wgan", "wgan-gp"])
def test_tiny_of_a_builtin_model_configures_also_on_a_folder(catalog, model, tmp_path):
    configuration = configure_run(model, catalog, tiny=True, settings={"data": str(tmp_path)})
    assert configuration.settings.budget.unit == "steps"
    assert configuration.parts["data"].options.path == str(tmp_path)


def model_of(spec: ModelSpec, catalog: Catalog, *parts: PartSpec, **presets: Preset) -> Catalog:
    """The catalogue with one more plugin."""
    plugin = Plugin(name="own", distribution="own", version="1", models=(spec,), parts=parts)
    return Catalog([*catalog.plugins, plugin], Registry(presets=presets))


def own(**fields: object) -> ModelSpec:
    given = {"name": "own", "target": "a:B", "options": AdversarialOptions, "summary": "s"}
    return ModelSpec(**given | fields)


def test_defaults_of_a_declaration_are_defaults_for_every_reader(catalog: Catalog) -> None:
    spec = own(defaults={"loss": "wgan-gp", "loss.weight": 5.0, "lr": 1e-3, "regularise": "r1"})
    configuration = configure_run("own", model_of(spec, catalog))
    values, described = configuration.values(), configuration.describe()
    assert (values["loss"], values["loss.weight"], values["lr"], values["r1.every"]) == ("wgan-gp", 5.0, 1e-3, 1)
    assert {described[key]["origin"] for key in ("loss", "loss.weight", "lr", "regularise")} == {"default"}
    changed = configure_run("own", model_of(spec, catalog), options={"loss": "wgan", "regularise": ""}).values()
    assert not [key for key in changed if key in ("loss.weight", "r1.every")]


def test_names_of_parts_in_defaults_are_checked_when_looked_up(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match=r"no loss 'wgam'\. Did you mean 'wgan'\?"):
        configure_run("own", model_of(own(defaults={"loss": "wgam"}), catalog))
    with pytest.raises(UsageError, match=r"discriminator\.nrom='layer'"):
        configure_run("own", model_of(own(defaults={"discriminator.nrom": "layer"}), catalog))


def test_tiny_is_that_of_the_task_and_of_the_parts_and_of_the_model_itself(catalog: Catalog) -> None:
    values = configure_run("own", model_of(own(tiny={"batch": 4, "generator.width": 6}), catalog), tiny=True).values()
    tiny = {key: values[key] for key in ("size", "batch", "budget", "data.count", "generator.width")}
    assert tiny == {"size": "16", "batch": 4, "budget": "20steps", "data.count": 64, "generator.width": 6}
    assert (values["generator.latent"], values["discriminator.width"]) == (16, 8)


def test_tiny_follows_the_parts_that_a_preset_chooses_and_its_data(catalog: Catalog, tmp_path: Path) -> None:
    preset = Preset(model="own", summary="s", set={"generator": "sn-resnet", "data": str(tmp_path)})
    registered = model_of(own(), catalog, quick=preset)
    values = configure_run("quick", registered, tiny=True).values()
    assert (values["generator"], values["generator.width"], values["data"]) == ("sn-resnet", 8, "folder")


def test_tiny_leaves_a_part_that_is_chosen_later_as_it_is(catalog: Catalog) -> None:
    values = configure_run("dcgan", catalog, tiny=True, options={"generator": "sn-resnet"}).values()
    assert values["generator.width"] == 64


def test_a_recorded_configuration_comes_back_whole(catalog, tmp_path):
    before = configure_run("wgan-gp", catalog, tiny=True, options={"lr": "1e-3"}, settings={"data": str(tmp_path)})
    recorded = json.loads(json.dumps({"model": "wgan-gp/wgan-gp", "configuration": before.describe()}))
    after = recorded_configuration(recorded, catalog)
    assert after.describe() == before.describe()
    assert (after.settings.size, after.parts) == (before.settings.size, before.parts)


def test_options_that_no_model_can_have_are_refused(catalog):
    class Alien(BaseModel):
        """Options that don't descend from ModelOptions."""

    spec = ModelSpec(name="alien", target="a:B", options=Alien, summary="s")
    plugin = Plugin(name="alien", distribution="alien", version="1", models=(spec,))
    with pytest.raises(UsageError, match=r"subclass of ganzoo\.ModelOptions"):
        of(Catalog([*catalog.plugins, plugin], Registry()), "alien")


def test_assignments_are_split_at_the_first_equals_sign():
    assert parse_assignments(["lr=2e-4", " a = b=c ", "empty="]) == {"lr": "2e-4", "a": "b=c", "empty": ""}


def test_an_assignment_may_name_an_option_of_a_part_by_any_name_of_the_part():
    keys = ["my-term.weight", "my-package:my-plugin/my-term.weight", "nce_identity"]
    assert list(parse_assignments([f"{key}=1" for key in keys])) == keys


@pytest.mark.parametrize("text", ["lr", "", "=3", " =3", "-lr=3", "l r=3", "a;b=3"])
def test_an_assignment_without_key_or_value_is_refused(text):
    with pytest.raises(UsageError, match="write key=value, such as --set lr=1e-4"):
        parse_assignments([text])


def test_options_of_the_data_are_those_of_the_data_that_is_asked_for(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown option 'data\.rendition'"):
        configure_run("dcgan", catalog, settings={"data": str(tmp_path)}, options={"data.rendition": "oil"})


def test_a_mapping_for_a_part_is_checked_like_the_rest(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        configure_run("dcgan", catalog, options={"data": {"name": str(tmp_path), "nonsense": 1}})
    with pytest.raises(UsageError, match="'name'"):
        configure_run("dcgan", catalog, options={"generator": {"width": 8}})


def test_several_parts_are_named_by_comma_and_set_by_their_names(catalog: Catalog) -> None:
    given = {"extra": "tv, temporal", "temporal.weight": "30", "temporal.warp": 4}
    configuration = configure_run("fastcut", catalog, options=given)
    assert {"tv", "temporal"} <= set(configuration.parts)
    values = configuration.values()
    assert (values["temporal.weight"], values["temporal.warp"], values["tv.weight"]) == (30.0, 4.0, 1.0)
    again = configure_run("fastcut", catalog, options=values)
    assert again.values() == values


def test_a_part_that_is_no_longer_named_goes_with_its_options(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match=r"unknown option 'temporal\.weight'"):
        configure_run("fastcut", catalog, options={"extra": "tv", "temporal.weight": 30})
    with pytest.raises(UsageError, match="no term 'temporel'"):
        configure_run("fastcut", catalog, options={"extra": "temporel"})


def test_a_part_made_of_parts_has_their_options_below_its_own(catalog: Catalog) -> None:
    given = {"discriminator": "feature-patch", "discriminator.encoder.least": 64, "discriminator.last": 2}
    values = configure_run("fastcut", catalog, options=given).values()
    assert values["discriminator.encoder"] == "lite0"
    assert (values["discriminator.encoder.least"], values["discriminator.last"]) == (64, 2)
    other = configure_run("fastcut", catalog, options={**given, "discriminator.encoder": "timm"} | {
        "discriminator.encoder.model": "resnet18"})  # fmt: skip
    assert other.values()["discriminator.encoder.model"] == "resnet18"
    assert configure_run("fastcut", catalog, options=values).values() == values
    back = configure_run("fastcut", catalog, options={"discriminator": "patch"}).values()
    assert not any(key.startswith("discriminator.encoder") for key in back)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr: .nan", r"lr='\.nan' \(file .*, line 1\): "),
        ("lr: .inf", r"lr='\.inf'"),
        ("lr: -1", "give a number above 0"),
        ("ema_kimg: .nan", r"ema_kimg='\.nan'"),
        ("loss: {name: wgan-gp, weight: .nan}", r"loss\.weight='\.nan' \(file .*, line 1\): "),
        ("loss: wgan-gp\nloss.weight: -.inf", r"loss\.weight='-\.inf' \(file .*, line 2\): "),
        ("loss: {name: wgan-gp, 3: 4}", r"loss\.3=4 \(file .*, line 1\): "),
        ("loss: {3: 4}", "needs its 'name'"),
        ("seed: " + "9" * 90, "seed=999"),
        ("score_every: {a: 1}", "score_every="),
        ("batch: [" + "1, " * 9999 + "]", "batch="),
    ],
)
def test_hostile_values_in_a_file_are_one_short_line(catalog: Catalog, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "options.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        configure_run("dcgan", catalog, config=file)
    assert len(str(caught.value)) < 1000 and str(caught.value).isprintable()


def test_no_option_may_be_nan_or_infinite(catalog: Catalog) -> None:
    classes = [model.spec.options for model in catalog.models] + [part.spec.options for part in catalog.parts]
    numbers = [(kind, name) for kind in classes for name, f in kind.model_fields.items() if f.annotation is float]
    assert len(numbers) > 50
    for kind, name in numbers:
        for value in (float("nan"), float("inf"), float("-inf"), 10**5000):
            with pytest.raises(ValueError):
                kind(**{name: value})


@pytest.mark.parametrize("name", ["os:system", "os.system", "ganzoo_plugins.dcgan.model:DCGAN", "../x", "antigravity"])
def test_a_name_in_a_configuration_never_becomes_an_import(catalog: Catalog, name: str) -> None:
    before = set(sys.modules)
    for options in ({"loss": name}, {"generator": {"name": name}}, {"augment_data": name}, {"metrics": name}):
        with pytest.raises(UsageError, match=r"no |unknown"):
            configuration = configure_run("dcgan", catalog, options=options)
            metric_parts(configuration, catalog)
    with pytest.raises(UsageError):
        configure_run(name, catalog)
    assert "antigravity" not in set(sys.modules) - before


def test_options_of_old_names_are_read_and_each_is_noted_once(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("setbacks: 1\nopening_steps: 4")
    configuration = configure_run("wgan", catalog, config=file, options={"setbacks": "2"})
    assert (configuration.settings.rollbacks, configuration.values()["warmup_steps"]) == (2, 4)
    assert configuration.notices == (
        "option 'setbacks' is now 'rollbacks'; the old name goes with ganzoo-core 0.3",
        "option 'opening_steps' is now 'warmup_steps'; the old name goes with ganzoo-core 0.3",
    )
    assert configure_run("wgan", catalog).notices == ()


def test_old_names_in_a_recorded_run_are_read_without_a_word(catalog: Catalog) -> None:
    described = configure_run("wgan", catalog, options={"rollbacks": 1, "warmup_steps": 4}).describe()
    old = {"rollbacks": "setbacks", "warmup_steps": "opening_steps", "warmup_every": "opening_every"}
    content = {"model": "wgan/wgan", "configuration": {old.get(k, k): v for k, v in described.items()}}
    again = recorded_configuration(content, catalog)
    assert (again.describe(), again.notices) == (described, ())
    assert recorded_configuration(content, catalog, [Layer(origin="resume", values={"setbacks": 2})]).notices


def test_an_old_name_in_a_preset_is_read_and_noted(catalog: Catalog) -> None:
    preset = Preset(model="dcgan", summary="s", set={"setbacks": 0})
    configuration = configure_run("mine", Catalog(catalog.plugins, Registry(presets={"mine": preset})))
    assert (configuration.settings.rollbacks, len(configuration.notices)) == (0, 1)


def test_an_old_name_that_a_model_has_itself_is_its_own(catalog: Catalog) -> None:
    class Options(AdversarialOptions):
        """A plugin that chose a word that we dropped."""

        setbacks: int = Field(1, ge=0, description="its own")

    configuration = configure_run("own", model_of(own(options=Options), catalog), options={"setbacks": 7})
    assert (configuration.settings.rollbacks, configuration.values()["setbacks"], configuration.notices) == (3, 7, ())


def test_a_choice_among_numbers_may_be_given_as_text(catalog):
    assert configure_run("cyclegan", catalog, options={"generator.kernel": "5"}).values()["generator.kernel"] == 5
    with pytest.raises(UsageError, match=r"generator\.kernel='4'"):
        configure_run("cyclegan", catalog, options={"generator.kernel": "4"})
