"""Checks that a second process computes the same, in which Python puts sets in another order."""

from typing import Any

from ganzoo.testing.checks.parts import asked, built, offline
from ganzoo.testing.child import described, source_state, state_of
from ganzoo.testing.elsewhere import elsewhere
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import ATTRIBUTES, Declared, Subject, names

_SETS = "sets and hash() have another order in each process (PYTHONHASHSEED): sort them"


def second_process(subject: Subject) -> None:
    """The same seed gives the same fresh weights, in the same order, in a second process."""
    configuration = subject.configuration
    content = {
        "what": "model",
        "name": configuration.model.spec.name,
        "target": configuration.model.spec.target,
        "task": configuration.model.spec.task,
        "options": described(configuration.options),
        "size": [configuration.settings.size.height, configuration.settings.size.width],
        "seed": 0,
        "attributes": ATTRIBUTES,
        "parts": {
            field: {
                "kind": part.spec.kind,
                "name": part.spec.name,
                "target": part.spec.target,
                "options": described(part.options),
            }
            for field, part in configuration.parts.items()
            if part.spec.kind != "dataset"
        },
    }
    here, there = state_of(subject.gan(0)), elsewhere(content, ATTRIBUTES)
    if here == there:
        return
    if [name for name, _ in here] != [name for name, _ in there]:
        fail(f"in a second process the weights have other names or another order: {_SETS}")
    differing = [name for (name, one), (_, other) in zip(here, there, strict=True) if one != other]
    fail(f"in a second process {names(differing)} starts with other values at the same seed: {_SETS}")


def pictures_in_a_second_process(subject: Declared) -> None:
    """A second process reads the same attributes, values, labels and pictures, in the same order."""
    source = built(subject)
    with offline():
        here: dict[str, Any] = asked(lambda: source_state(source))
    content = {"what": "dataset", "target": subject.spec.target, "options": described(subject.spec.options())}
    there = elsewhere(content, source.attributes)
    if differing := [name for name, value in here.items() if there[name] != value]:
        fail(f"in a second process {names(differing)} are others, so that labels change their meaning: {_SETS}")
