"""Models are built once and copied, unless a copy would depend on its original."""

import pytest
import torch

from ganzoo.catalog.lookup import Catalog
from ganzoo.testing import subject as kit
from ganzoo.testing.conform import _plugin_of, _subject, check_name
from ganzoo.testing.subject import Declared, Subject
from tests.mutants import Mutant


def subject_of(recipe: str, catalog: Catalog) -> Subject:
    spec = Mutant(recipe=recipe).spec()
    plugin = _plugin_of(spec)
    _, subject = _subject(Declared(spec, plugin), Catalog([*catalog.plugins, plugin], catalog.registry))
    assert isinstance(subject, Subject)
    return subject


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seed of each model that was really built."""
    seeds: list[int] = []
    build = kit.build_gan

    def note(configuration, attributes):
        seeds.append(configuration.settings.seed)
        return build(configuration, attributes)

    monkeypatch.setattr(kit, "build_gan", note)
    return seeds


def test_a_model_is_built_once_for_each_seed_and_copied(catalog: Catalog, builds: list[int]) -> None:
    subject = subject_of("clean:Clean", catalog)
    one, same, other = subject.gan(), subject.gan(), subject.gan(1)
    assert builds == [0, 0, 1], "the first of seed 0 was trained, to see whether copies stay as they are"
    fresh = subject.build()
    for name, value in fresh.state_dict().items():
        assert torch.equal(value, one.state_dict()[name]) and torch.equal(value, same.state_dict()[name])
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in fresh.state_dict().items())
    assert {id(p) for p in one.parameters()}.isdisjoint(map(id, same.parameters())) and one.training


@pytest.mark.parametrize("recipe", ["state:ClosureOverTheNetwork", "state:ClosureOverTheCritic"])
def test_a_model_whose_copy_depends_on_its_original_is_built_each_time(
    recipe: str, catalog: Catalog, builds: list[int]
) -> None:
    subject = subject_of(recipe, catalog)
    subject.gan()
    subject.gan()
    assert builds == [0, 0, 0]


def test_what_can_not_be_copied_fails_no_other_check(catalog: Catalog) -> None:
    report = check_name(Mutant(recipe="state:ClosureOverTheNetwork").spec(), catalog)
    assert {result.check for result in report.failures} == {"deep-copy"}
    assert check_name(Mutant(recipe="state:ClosureOverTheCritic").spec(), catalog).ok
