"""requirements.lock pins all that CI installs, within the ranges of pyproject.toml, and names no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
HASHES = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
PIN = re.compile(rf"(?P<name>[\w.-]+)==(?P<version>[\w.!+]+)(?: ; [^\\\n]+)?{HASHES}")


def asked_for(project: str) -> list[Requirement]:
    """What the package and its extra for developers need."""
    table = tomllib.loads(project)["project"]
    return [Requirement(text) for text in (*table["dependencies"], *table["optional-dependencies"]["dev"])]


def problems(project: str, lock: str) -> list[str]:
    """What is wrong with the lock; `make lock` mends most of it."""
    entries = re.split(r"\n(?! )", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE).strip())
    pins: dict[str, list[str]] = {}
    odd = []
    for entry in entries:
        if match := PIN.fullmatch(entry):
            pins.setdefault(canonicalize_name(match["name"]), []).append(match["version"])
        else:
            odd.append(f"no pin with hashes: {entry.splitlines()[0]}")
    addresses = [f"an address: {match}" for match in re.findall(r"\S*(?:://|index-url|find-links)\S*", lock)]
    return [*odd, *addresses, *(f"stale: {one}" for one in asked_for(project) if not kept(one, pins))]


def kept(requirement: Requirement, pins: dict[str, list[str]]) -> bool:
    """Whether every pin of that package, one for each group of platforms, is in its range."""
    versions = pins.get(canonicalize_name(requirement.name), [])
    return bool(versions) and all(requirement.specifier.contains(version) for version in versions)


PROJECT = (ROOT / "pyproject.toml").read_text()
LOCK = (ROOT / "requirements.lock").read_text()


def test_the_lock_fits_the_project() -> None:
    assert problems(PROJECT, LOCK) == []


@pytest.mark.parametrize(
    ("project", "lock", "found"),
    [
        (PROJECT.replace('"pluggy>=1.5"', '"pluggy>=99"'), LOCK, "stale: pluggy>=99"),
        (PROJECT.replace('"ruff>=0.15"', '"ruff<0.1"'), LOCK, "stale: ruff<0.1"),
        (PROJECT.replace('"pluggy>=1.5"', '"pluggy>=1.5", "absent"'), LOCK, "stale: absent"),
        (PROJECT, LOCK.replace("pluggy==", "pluggy>="), "no pin with hashes: pluggy>="),
        (PROJECT, LOCK + "left-pad==1.0\n", "no pin with hashes: left-pad==1.0"),
        (PROJECT, "--index-url https://wheels.example/simple\n" + LOCK, "an address: https://wheels.example/simple"),
        (PROJECT, LOCK + "pad @ file:///wheels/pad.whl\n", "an address: file:///wheels/pad.whl"),
    ],
)
def test_a_planted_fault_is_found(project: str, lock: str, found: str) -> None:
    assert any(problem.startswith(found) for problem in problems(project, lock))
