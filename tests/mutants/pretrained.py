"""Recipes that declare trained weights: one starts from them, the others do not."""

import hashlib

import torch
from safetensors.torch import save

from ganzoo import Weights
from ganzoo.weights import fetched, place, read
from tests.mutants.clean import Clean, Generator


def _content() -> bytes:
    """The file: weights of the generator, all different."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return save(Generator(8, 16, 16).state_dict())


CONTENT = _content()
WEIGHTS = Weights(
    name="generator",
    url="https://example.org/generator.safetensors",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    license="CC0-1.0",
)


def put_in_cache() -> None:
    """Puts the file where `fetched` looks first."""
    file = place(WEIGHTS.sha256)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(CONTENT)


class Pretrained(Clean):
    """Right."""

    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        self.generator.load_state_dict(read(fetched(WEIGHTS)))


class DeclaredOnly(Clean):
    """Does not read the file."""


class OtherNames(Clean):
    """Reads the file, and loads none of it, as the names have a prefix."""

    def __init__(self, options: object, **context: object) -> None:
        super().__init__(options, **context)
        named = {f"module.{name}": value for name, value in read(fetched(WEIGHTS)).items()}
        self.generator.load_state_dict(named, strict=False)
