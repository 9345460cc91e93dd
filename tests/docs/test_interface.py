"""The reference has every attribute of every public class, with its type and meaning, as its class has it."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest
import torch
from pydantic import BaseModel
from torch import nn

from ganzoo import deprecated
from ganzoo.batch import Batch
from ganzoo.catalog.lookup import Catalog
from ganzoo.config.resolve import configure_run
from ganzoo.encoders import Encoder
from ganzoo.engine.build import build_gan
from ganzoo.model import GAN, AdversarialGAN, Step
from ganzoo.parts import Parts
from ganzoo.runs.folder import Run
from ganzoo.translator import AdversarialTranslator
from tests.docs.scripts import load

interface = load("interface")
CLASSES = interface.classes()


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """What the reference says of each name."""
    page: str = load("generate").pages()["reference/interfaces.md"]
    parts = re.split(r"^### ", page, flags=re.MULTILINE)[1:]
    return {re.match(r"`?(\w+)", part)[1]: part for part in parts}  # type: ignore[index]  # each has a name


def ours(owner: type) -> list[type]:
    """The class and its bases of ganzoo."""
    return [one for one in owner.__mro__ if one.__module__.partition(".")[0] in ("ganzoo", __name__.partition(".")[0])]


def has(owner: type) -> set[str]:
    """The public attributes and methods of a class at run time."""
    found: set[str] = set()
    for one in ours(owner):
        old = {name for name, value in vars(one).items() if type(value).__module__ == deprecated.__name__}
        found |= {*vars(one), *inspect.get_annotations(one)} - old
    if dataclasses.is_dataclass(owner):
        found |= {field.name for field in dataclasses.fields(owner)}
    if issubclass(owner, BaseModel):
        found = {name for name in found if not hasattr(BaseModel, name)} | set(owner.model_fields)
    return {name for name in found if not name.startswith("_")}


def holds(thing: object) -> set[str]:
    """The public attributes of an object; those that torch gives every module are left out."""
    found = set(vars(thing))
    if isinstance(thing, nn.Module):
        found |= {name for names in (thing._modules, thing._parameters, thing._buffers) for name in names}
        found -= set(vars(nn.Module()))
    return {name for name in found if not name.startswith("_")}


def lacking(owner: type, names: set[str], sections: dict[str, str]) -> list[str]:
    """The names that neither the section of the class nor that of a base mentions in its table or its list."""
    told = "\n".join(sections.get(one.__name__, "") for one in ours(owner))
    return sorted(name for name in names if not re.search(rf"^(\| `{name}` \||- `{name}[`(])", told, re.MULTILINE))


@pytest.mark.parametrize("owner", CLASSES, ids=lambda one: one.__name__)
def test_every_attribute_of_a_class_is_in_the_reference(owner: type, sections: dict[str, str]) -> None:
    assert owner.__name__ in sections
    assert lacking(owner, has(owner), sections) == []


def test_so_is_every_attribute_of_objects(catalog: Catalog, sections: dict[str, str], tmp_path: Path) -> None:
    dcgan, pix2pix = (configure_run(name, catalog, tiny=True) for name in ("dcgan", "pix2pix"))
    things = {
        AdversarialGAN: build_gan(dcgan, {}),
        AdversarialTranslator: build_gan(pix2pix, {}),
        Batch: Batch(torch.zeros(2, 3, 8, 8), torch.Generator()),
        Encoder: Parts(dcgan.parts).build("encoder"),
        Run: Run(folder=tmp_path, configuration=dcgan),
    }
    for owner, thing in things.items():
        assert lacking(owner, holds(thing), sections) == [], owner.__name__


def test_an_attribute_that_it_lacks_is_noticed(sections: dict[str, str]) -> None:
    class Later(Step):
        """A step with more."""

        later: int = 0

        def sooner(self) -> None:
            """Does nothing."""

    assert lacking(Later, has(Later), sections) == ["later", "sooner"]
    gan = nn.Module()
    gan.brush = nn.Identity()
    assert lacking(GAN, holds(gan), sections) == ["brush"]


def test_every_attribute_has_a_type_and_a_meaning() -> None:
    found = [(f"{owner.__name__}.{one.name}", one) for owner in CLASSES for one in interface.attributes(owner)]
    assert [name for name, one in found if not one.type] == []
    assert [name for name, one in found if not one.meaning] == []


def test_types_defaults_and_meanings_are_those_of_the_code(sections: dict[str, str]) -> None:
    assert "| `latent` |  | `int` | Length of the latent vector. |" in sections["Generator"]
    assert "| `needs_real` | `False` | `bool` | Whether the generator's loss" in sections["AdversarialLoss"]
    assert "| `height` | must be given | `int` |" in sections["ImageShape"]
    assert "| `attributes` | `{}` | `Mapping[str, tuple[str, ...]]` |" in sections["ImageShape"]
    assert "| `task` | `None` | `'generate' \\| 'translate' \\| None` | `task` is the only task" in sections["PartSpec"]
    assert "| `api` | `1` | `int` |" in sections["PartSpec"]
    assert "auxiliary(self, images: Tensor, rng: torch.Generator)" in sections["Discriminator"]
    assert "| `repeat` | `1` | `int \\| Callable[[int], int]` | `repeat` is a number" in sections["Step"]
    assert "| `batch` | `64` | `int >= 1, <= 65536` | images a step draws" in sections["ModelOptions"]
    assert "| `target` | `Tensor` | `target` are the images to learn from" in sections["Batch"]
    assert (
        "Derives from [AdversarialRecipe](#adversarialrecipe) and [Translator](#translator)."
        in sections["AdversarialTranslator"]
    )
    assert "0x" not in sections["Batch"]
    assert "| `folder` | must be given | `Path` | The run folder. |" in sections["Run"]
    assert "- `scores(self) -> list[Evaluation]`: The scores taken so far" in sections["Run"]
