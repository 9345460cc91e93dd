"""CONTRIBUTING.md and docs/design.md name files that exist, and the glossary stays short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALK = (ROOT / "docs" / "design.md").read_text(encoding="utf-8").partition("## One run")[2]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[^`]*|pyproject\.toml)`", CONTRIBUTING))))
def test_what_checks_a_rule_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`", CONTRIBUTING))))
def test_make_has_the_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_each_rule_names_its_check() -> None:
    rules = re.findall(r"^\| (.*) \| (.*) \|$", CONTRIBUTING.partition("## Glossary")[0], re.MULTILINE)[1:]
    assert rules and not [rule for rule, check in rules if not re.search(r"`(make|tests|pyproject)\b", check)]


def test_the_glossary_has_at_most_30_lines() -> None:
    terms = CONTRIBUTING.partition("## Glossary")[2].strip().splitlines()
    assert 20 <= len(terms) <= 30


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", WALK))))
def test_the_walk_of_a_run_names_files_that_exist(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "ganzoo" / path).exists()
