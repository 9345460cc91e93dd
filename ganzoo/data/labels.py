"""Labels and the images that have them: a value that no usable image has is no label."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ganzoo.data.walk import visible

Attributes = Mapping[str, tuple[str, ...]]


def with_usable_values(attributes: Attributes, labels: NDArray[np.int64]) -> tuple[Attributes, NDArray[np.int64]]:
    """The attributes without the values that no image has, and the labels, N A, with the numbers of those that stay."""
    kept = {
        name: tuple(values[number] for number in np.unique(labels[:, column]))
        for column, (name, values) in enumerate(attributes.items())
    }
    return kept, renumbered(attributes, labels, kept)


def without_images(declared: Attributes, found: Attributes) -> list[str]:
    """The values that a data set declares and that no image has."""
    pairs = ((name, value) for name, values in declared.items() for value in values)
    return [visible(value) for name, value in pairs if value not in found.get(name, declared[name])]


def renumbered(before: Attributes, labels: NDArray[np.int64], after: Attributes) -> NDArray[np.int64]:
    """Labels, N A, of the attributes `before`, with the numbers that their values have in `after`."""
    if before == after:
        return labels
    columns = []
    for column, (name, values) in enumerate(before.items()):
        places = {value: place for place, value in enumerate(after[name])}
        numbers = np.array([places.get(value, -1) for value in values], np.int64)
        columns.append(numbers[labels[:, column]])
    return np.stack(columns, axis=1)
