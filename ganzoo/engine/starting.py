"""Starts networks from trained weights: tensors are matched by name and shape, rows of labels by the labels' names."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ganzoo.adversarial import AdversarialLoss, Augmentation, Labelled, LabelRows, Regulariser
from ganzoo.errors import UsageError
from ganzoo.model import GAN

Attributes = Mapping[str, tuple[str, ...]]
ABSENT, NO_LABELS, OTHER_SHAPE = "not there", "it names no labels", "another shape"
ESTIMATED = "estimated anew, as other labels have other rows"
_ESTIMATES = ("._u", "._v")
"""Of a spectral norm: no weights, but estimates of singular vectors that follow the weights from step to step."""
_SECOND = "averaged."


@dataclass(frozen=True, kw_only=True)
class Start:
    """Trained weights that a run starts from. `source` names them from any working folder.

    `live` are those of the whole recipe by name, `averaged` those of the network that draws. `attributes` are the
    labels that they know; None for a plain file, which does not say. `networks` are settings of the networks that made
    the weights which differ from those of the run. `problems` has a sentence for each checkpoint
    that was skipped, since it is damaged.
    """

    source: str
    live: Mapping[str, Tensor] = field(default_factory=dict)
    averaged: Mapping[str, Tensor] = field(default_factory=dict)
    attributes: Attributes | None = None
    networks: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names, types, shapes and values of all tensors."""
        digest = hashlib.sha256()
        for group, tensors in (("live", self.live), ("averaged", self.averaged)):
            for name, value in sorted(tensors.items()):
                digest.update(f"{group}/{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
                digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a run took of the weights: so many `of` so many tensors of its own. `left` has a reason for each other."""

    start: Start
    taken: int
    of: int
    left: Mapping[str, str]
    unused: int
    new_labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = [f"starts from '{self.start.source}': {self.taken} of {self.of} tensors taken"]
        kinds: dict[str, list[str]] = {}
        for name, reason in self.left.items():
            kinds.setdefault(reason if reason in (ABSENT, NO_LABELS, ESTIMATED) else OTHER_SHAPE, []).append(name)
        for kind, names in kinds.items():
            shape = f" {self.left[names[0]]}" if kind == OTHER_SHAPE else ""
            told.append(f"{len(names)} start fresh ({kind}: {names[0]}{shape}{', …' if len(names) > 1 else ''})")
        fresh = {name.partition(".")[0] for name in self.left}
        others = [
            f"--set {key}={value}" for key, value in self.start.networks.items() if key.partition(".")[0] in fresh
        ]
        if others:
            told.append(f"its networks were made by {' '.join(others)}")
        if self.unused:
            told.append(f"{self.unused} of its tensors are not used")
        if self.new_labels:
            told.append(f"new labels start from the mean: {', '.join(self.new_labels)}")
        return "; ".join(told)

    def to_dict(self) -> dict[str, object]:
        """The entry of run.json."""
        return {
            "source": self.start.source,
            "weights": self.start.fingerprint,
            "taken": self.taken,
            "of": self.of,
            "left": dict(self.left),
            "unused": self.unused,
        }


@torch.no_grad()
def adopt(gan: GAN, start: Start, attributes: Attributes) -> Taken:
    """Fills the recipe with what fits of the weights; `attributes` are the labels of its data.

    The averaged weights fill the network that draws, the live ones all others. What adapts while training, such as the
    strength of an augmentation, stays fresh. Raises UsageError when nothing fits.
    """
    own = _tensors(gan)
    offered = _offered(gan, start, own)
    tables = _tables(gan, attributes, start)
    left: dict[str, str] = {}
    for name, tensor in own.items():
        fitting, reason = _fitting(tensor, offered.get(name), tables.get(name), start, attributes)
        if fitting is None:
            left[name] = ESTIMATED if _is_estimate(name, tables) else reason
        else:
            tensor.copy_(fitting)
    if len(left) == len(own):
        raise UsageError(
            f"--from '{start.source}': none of its {len(offered)} tensors has the name and shape of one of"
            f" {type(gan).__name__}'s {len(own)}: start from a run with the same networks and widths"
        )
    return Taken(
        start=start,
        taken=len(own) - len(left),
        of=len(own),
        left=left,
        unused=len(offered.keys() - (own.keys() - left.keys())),
        new_labels=_new_labels(tables, left, start, attributes),
    )


def _tensors(gan: GAN) -> dict[str, Tensor]:
    """The tensors that a training leaves behind as its result, each by the first of its names."""
    adapting = tuple(
        f"{name}."
        for name, module in gan.named_modules()
        if isinstance(module, AdversarialLoss | Augmentation | Regulariser)
    )
    found: dict[object, str] = {}
    own = {name: tensor for name, tensor in gan.state_dict().items() if not name.startswith(adapting)}
    for name, tensor in own.items():
        found.setdefault((tensor.data_ptr(), tensor.shape) if tensor.numel() else name, name)
    return {name: own[name] for name in found.values()}


def _offered(gan: GAN, start: Start, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the names that they would have in this recipe.

    The network that draws has two names in every recipe, its own and `averaged`.
    """
    place = next(name for name, module in gan.named_modules() if module is gan.averaged)
    prefix = f"{place}." if place else ""
    live = {name: tensor for name, tensor in start.live.items() if name in own or not name.startswith(_SECOND)}
    if not start.averaged:  # of a plain file, names may begin in the network that draws
        return {name if name in own else f"{prefix}{name}": tensor for name, tensor in live.items()}
    theirs = _place_of(start.averaged, live, prefix)
    others = {
        name: tensor
        for name, tensor in live.items()
        if not (name.startswith(theirs) and name.removeprefix(theirs) in start.averaged)
    }
    return {**others, **{f"{prefix}{name}": tensor for name, tensor in start.averaged.items()}}


def _place_of(averaged: Iterable[str], live: Iterable[str], usual: str) -> str:
    """The beginning of the names that the averaged tensors have among the live ones: the usual one, or another."""
    names, first = set(live), next(iter(averaged))
    places = [usual, *(name.removesuffix(first) for name in names if name.endswith(first))]
    return next((place for place in places if all(f"{place}{name}" in names for name in averaged)), usual)


def _fitting(
    own: Tensor, other: Tensor | None, table: LabelRows | None, start: Start, attributes: Attributes
) -> tuple[Tensor | None, str]:
    """The tensor to take, or None and the reason."""
    if other is None:
        return None, ABSENT
    if own.is_floating_point() != other.is_floating_point():
        return None, f"is {own.dtype}, there {other.dtype}"
    if table is not None:
        if start.attributes is None:
            return None, NO_LABELS
        found = _rows(other, table, attributes, start.attributes)
        if found is not None and found.shape == own.shape:
            return found, ""
    elif own.shape == other.shape:
        return other, ""
    return None, f"is {_shape(own)}, there {_shape(other)}"


def _is_estimate(name: str, tables: Mapping[str, LabelRows]) -> bool:
    """Whether the tensor is an estimate about a table of labels, of which it has as many numbers as there are rows."""
    return name.endswith(_ESTIMATES) and f"{name.rsplit('.', 2)[0]}.original" in tables


def _tables(gan: GAN, attributes: Attributes, start: Start) -> dict[str, LabelRows]:
    """The tensors whose rows are labels, by name; none where both sides know the same labels in the same order."""
    known = {} if start.attributes is None else start.attributes
    if list(attributes.items()) == list(known.items()):
        return {}
    return {
        f"{module_name}.{place}": rows
        for module_name, module in gan.named_modules()
        if isinstance(module, Labelled)
        for name, rows in module.label_rows.items()
        for place in (name, f"parametrizations.{name}.original")
    }


def _rows(other: Tensor, table: LabelRows, ours: Attributes, theirs: Attributes) -> Tensor | None:
    """The rows of our labels, made of theirs. None for a tensor that has other rows than their labels."""
    places = {place: table.before + row for row, place in enumerate(_places(theirs))}
    if len(other) != table.before + len(places):
        return None
    rows = [*other[: table.before]]
    for attribute, value in _places(ours):
        known = _known(attribute, value, ours, theirs)
        rows.append(_new_row(other, table, attribute, ours, places) if known is None else other[places[known]])
    return torch.stack(rows) if rows else other[:0]


def _new_row(
    other: Tensor, table: LabelRows, attribute: str, ours: Attributes, places: Mapping[tuple[str, str], int]
) -> Tensor:
    """The row of a label that is new: the mean of those that there were.

    Rows of several attributes add up. So a new attribute starts from what the attributes that are gone add in the mean.
    """
    if table.counts:
        return torch.zeros_like(other[0])
    if table.before:
        return other[0]
    means: dict[str, Tensor] = {
        name: torch.stack([other[place] for (of, _), place in places.items() if of == name]).mean(0)
        for name in dict.fromkeys(name for name, _ in places)
    }
    if attribute in means:
        return means[attribute]
    gone = [mean for name, mean in means.items() if name not in ours]
    return sum(gone, torch.zeros_like(other[0])) / sum(name not in means for name in ours)


def _places(attributes: Attributes) -> list[tuple[str, str]]:
    return [(name, value) for name, values in attributes.items() for value in values]


def _known(attribute: str, value: str, ours: Attributes, theirs: Attributes) -> tuple[str, str] | None:
    """Where the weights have that label: in the attribute of that name, or in the only one that is called otherwise."""
    if attribute in theirs:
        return (attribute, value) if value in theirs[attribute] else None
    others = [name for name, values in theirs.items() if name not in ours and value in values]
    return (others[0], value) if len(others) == 1 else None


def _new_labels(
    tables: Mapping[str, LabelRows], left: Mapping[str, str], start: Start, attributes: Attributes
) -> tuple[str, ...]:
    if start.attributes is None or not start.attributes or not tables.keys() - left.keys():
        return ()
    return tuple(
        value for name, value in _places(attributes) if _known(name, value, attributes, start.attributes) is None
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a scalar"
