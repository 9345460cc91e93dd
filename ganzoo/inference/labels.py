"""Turns names such as `--style monet+night` into labels, for models that were trained on labelled pictures."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ganzoo.errors import UsageError

Attributes = Mapping[str, tuple[str, ...]]


def with_values(labels: Tensor, style: str, attributes: Attributes) -> Tensor:
    """Labels int64 B A with the values that `style` names ('night', 'monet+night', 'time=night') in each row.

    Raises UsageError for a name that is no value, for one that several attributes have, and for two values of one
    attribute.
    """
    changed = labels.clone()
    values = dict.fromkeys(name for own in attributes.values() for name in own)
    names = [style] if style in values else [name.strip() for name in style.split("+")]
    places = [_place(name, attributes) for name in names]
    if len(dict(places)) < len(places):
        raise UsageError(
            f"style '{style}' names two values of one attribute; name at most one of each: {_all(attributes)}"
        )
    for column, value in places:
        changed[:, column] = value
    return changed


def between(labels: Tensor, frames: int, attributes: Attributes) -> Tensor:
    """Mixtures frames x V on a closed path through labels K A; it slows down near each label."""
    stops = one_hot(labels, attributes)
    mixtures = []
    for frame in range(frames):
        place, part = divmod(frame * len(stops) / frames, 1)
        here, there = stops[int(place)], stops[(int(place) + 1) % len(stops)]
        mixtures.append(torch.lerp(here, there, 0.5 - 0.5 * math.cos(math.pi * part)))
    return torch.stack(mixtures) if mixtures else stops[:0]


def one_hot(labels: Tensor, attributes: Attributes) -> Tensor:
    """Labels int64 B A -> mixtures B V, with a weight of 1 for each attribute's value."""
    columns = zip(labels.unbind(1), attributes.values(), strict=True)
    return torch.cat([functional.one_hot(column, len(values)) for column, values in columns], dim=1).float()


def _place(name: str, attributes: Attributes) -> tuple[int, int]:
    """The column of the attribute, and the number of the value."""
    attribute, equals, value = name.rpartition("=")
    fields = list(attributes)
    found = [
        (fields.index(field), values.index(value))
        for field, values in attributes.items()
        if value in values and (not equals or field == attribute)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        both = " or ".join(f"{fields[column]}={value}" for column, _ in found)
        raise UsageError(f"style '{name}' has several meanings: write {both}")
    raise UsageError(f"style '{name}': the model has learnt {_all(attributes)}")


def _all(attributes: Attributes) -> str:
    return "; ".join(f"{field}: {', '.join(values)}" for field, values in attributes.items())


def check_names(styles: Sequence[object], attributes: Attributes, *, conditional: bool) -> None:
    """Raises UsageError for a model without labels, and for styles that are no names."""
    if styles and not (conditional and attributes):
        raise UsageError(
            "this model draws from noise and has learnt no styles by name: train scene-style or sngan on a folder with"
            " a subfolder of pictures for each style"
        )
    if not all(isinstance(style, str) for style in styles):
        raise UsageError("a model that draws from noise takes names of styles, not pictures")
