"""Plugins that were written for the names of before: each works with a warning, or fails in one line that helps."""

import importlib
import warnings
from collections.abc import Iterator

import pytest
import torch
from torch import nn

import ganzoo.model
from ganzoo import AdversarialOptions, PluginError
from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run
from ganzoo.deprecated import CALLED, MODEL, OPTIONS, SET
from ganzoo.model import AdversarialGAN, CriticOutputs, NoAugmentation
from ganzoo.options import AdversarialTranslatorOptions, Options
from ganzoo.parts import Parts
from ganzoo.specs import ImageShape
from ganzoo.translator import AdversarialTranslator, ImageGenerator, Translator

GONE = r"the old name goes with ganzoo-core 0\.3"
OWNERS = {
    **{"Batch": Batch, "ImageGenerator": ImageGenerator, "Translator": Translator},
    **{"AdversarialRecipe": AdversarialGAN, "AdversarialTranslator": AdversarialTranslator},
}


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.zeros(2, 3, 4, 4), torch.Generator().manual_seed(0), label=torch.tensor([[0], [1]]))


@pytest.fixture
def tiny_gan(catalog: Catalog) -> Iterator[AdversarialGAN]:
    configuration = configure_run("dcgan", catalog, tiny=True)
    shape = ImageShape(channels=3, height=32, width=32)
    yield AdversarialGAN(configuration.options, shape=shape, parts=Parts(configuration.parts))


def test_old_names_of_the_module_are_those_of_now() -> None:
    with pytest.warns(DeprecationWarning, match=rf"ganzoo\.model\.Judged is now ganzoo\.model\.CriticOutputs; {GONE}"):
        assert ganzoo.model.Judged is CriticOutputs
    with pytest.warns(DeprecationWarning, match=r"through is now AdversarialRecipe\.augmented_discriminator"):
        through = ganzoo.model.through
    critic = nn.Identity()
    nothing = NoAugmentation(Options(), shape=ImageShape(channels=3, height=4, width=4))
    assert through(nothing, critic, torch.Generator()) is critic
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = ganzoo.model.nothing


def test_a_batch_keeps_its_old_methods(batch: Batch) -> None:
    with pytest.warns(DeprecationWarning, match=rf"Batch\.leave is now stash; {GONE}") as heard:
        batch.leave(value=torch.ones(1))
    assert heard[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"Batch\.left is now unstash"):
        assert float(batch.left("value", lambda: torch.zeros(1))) == 1
    with pytest.warns(DeprecationWarning, match=r"Batch\.showing\(target\) is now Batch\.with_target\(target, label\)"):
        other = batch.showing(torch.ones(2, 3, 4, 4))
    assert float(other.target.mean()) == 1 and other.label is batch.label
    with pytest.warns(DeprecationWarning, match="now global_size"):
        assert batch.whole == 2


class _Net(ImageGenerator):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


def test_an_old_unit_sets_the_size_multiple() -> None:
    with pytest.warns(DeprecationWarning, match=rf"InClass\.unit is now size_multiple; {GONE}") as heard:

        class InClass(_Net):
            unit = 4

    assert heard[0].filename == __file__
    assert InClass().size_multiple == 4
    with pytest.warns(DeprecationWarning, match="now size_multiple"):
        assert InClass().unit == 4

    class InInit(_Net):
        def __init__(self) -> None:
            super().__init__()
            self.unit = 8

    with pytest.warns(DeprecationWarning, match=rf"InInit\.unit is now size_multiple; {GONE}"):
        assert InInit().size_multiple == 8
    with pytest.warns(DeprecationWarning, match=r"Recipe\.unit is now size_multiple"):

        class Recipe(AdversarialTranslator):
            unit = 16

    assert Recipe.size_multiple == 16


@pytest.mark.parametrize(
    ("base", "old", "new"),
    [
        *((AdversarialGAN, old, new) for old, new in CALLED["AdversarialRecipe"].items()),
        *((AdversarialTranslator, old, new) for old, new in CALLED["AdversarialRecipe"].items()),
        *((AdversarialTranslator, old, new) for old, new in CALLED["AdversarialTranslator"].items()),
        *((one, "painted", "translated") for one in (Translator, AdversarialTranslator)),
    ],
)
def test_an_override_by_its_old_name_is_refused_as_nothing_would_call_it(base: type, old: str, new: str) -> None:
    said = f"MyGAN overrides '{old}', which is now '{new}': rename it"
    for value in (lambda self, batch: {}, property(lambda self: nn.Identity())):
        with pytest.raises(PluginError) as error:
            type("MyGAN", (base,), {old: value})
        assert str(error.value) == said
    mixin = type("Mixin", (), {old: lambda self: {}})
    with pytest.raises(PluginError, match=f"MyGAN overrides '{old}'"):
        type("MyGAN", (mixin, base), {})


def test_other_recipes_may_use_the_words_as_they_like() -> None:
    assert type("MyGAN", (AdversarialGAN,), {"painter": nn.Identity(), "painted": 1})


def test_methods_that_are_only_called_forward(tiny_gan: AdversarialGAN, batch: Batch) -> None:
    with pytest.warns(DeprecationWarning, match=r"AdversarialGAN\._generator_loss is now generator_loss"):
        assert tiny_gan._generator_loss == tiny_gan.generator_loss


def test_a_plugins_own_networks_are_not_hidden(tiny_gan: AdversarialGAN) -> None:
    """Neither by a property of the recipe, nor by a name of before."""
    tiny_gan.critic, tiny_gan._regularised = nn.Linear(1, 1), nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tiny_gan.critic.in_features == 1 and tiny_gan._regularised.in_features == 2
    assert tiny_gan.main_critic.discriminator is tiny_gan.discriminator


@pytest.mark.parametrize("old", [old for old in OPTIONS if old.startswith("opening")])
def test_an_option_by_its_old_name_is_refused(old: str) -> None:
    with pytest.raises(PluginError) as error:
        type("WGANOptions", (AdversarialOptions,), {old: 25, "__annotations__": {old: int}})
    assert str(error.value) == f"WGANOptions has the option '{old}', which is now '{OPTIONS[old]}': rename it"


def test_options_of_other_names_are_nobodys_business() -> None:
    class Mine(AdversarialOptions):
        setbacks: int = 3

    assert Mine().setbacks == 3 and "warmup_steps" in AdversarialTranslatorOptions.model_fields


def test_each_new_name_of_the_tables_is_there() -> None:
    for name, names in [*CALLED.items(), *SET.items()]:
        public = importlib.import_module("ganzoo.model" if name == "AdversarialRecipe" else OWNERS[name].__module__)
        kept = vars(getattr(public, name))
        assert set(names) <= set(kept)
        attributes = {"global_size", "local_slice"}  # set in __init__
        assert all(new in attributes or hasattr(OWNERS[name], new) for new in names.values())
    assert all(hasattr(ganzoo.model, now) for now, _ in MODEL.values())
