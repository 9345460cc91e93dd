"""The check that declared weights are loaded."""

import torch

from ganzoo.specs import ModelSpec
from ganzoo.testing.outcome import fail, skip
from ganzoo.testing.subject import Subject, tensors

_BYTES = 4
"""Of a number; a file of half precision holds more of them, which makes the rule milder."""
_LEAST = 0.05
"""A model may use a part of the file, such as the features of a classifier, which are a tenth of VGG16."""


def weights_are_loaded(subject: Subject) -> None:
    """A model that declares trained weights starts from them: as many of its values don't change with the seed."""
    spec = subject.spec
    declared = [one for one in spec.weights if not one.summary] if isinstance(spec, ModelSpec) else []
    if not declared:
        skip("no weights are declared that a model starts from")
    one, other = ({**tensors(gan), **dict(gan.named_buffers())} for gan in (subject.gan(0), subject.gan(1)))
    fixed = sum(
        value.numel()
        for name, value in one.items()
        if torch.equal(value, other[name]) and bool((value != value.flatten()[:1]).any())
    )
    expected = sum(weights.size for weights in declared) // _BYTES
    if fixed < _LEAST * expected:
        fail(
            f"the declared files hold about {expected:,} numbers, but only {fixed:,} values of the built model are the"
            " same with every seed: are the weights read, and do their names fit (load_state_dict with strict=True)?"
        )
