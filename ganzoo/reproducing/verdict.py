"""Compares two runs to the last bit: their logged lines, their weights, and the versions that they ran with."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganzoo.config.renamed import with_new_names
from ganzoo.engine import checkpoint, snapshot
from ganzoo.runs.logs import LEARNING_RATE

UNTIMED = frozenset(["seconds", "images_per_second"])
"""Values that are never the same twice."""
Line = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first value that differs. `where` is a term of scalars.jsonl or the name of a tensor."""

    step: int
    where: str
    then: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A version, or a fact of the machine, that has changed since the original run."""

    what: str
    then: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """How a run that was trained again compares with the original.

    `outcome` is "done" unless the second run was stopped; then nothing was compared. `lines` and `tensors` are the
    numbers of lines of scalars.jsonl and of tensors of the last checkpoint that were compared. `notes` say what could
    not be compared, or could not be the same. `uncompared` says why the weights could not be compared, though a
    checkpoint of that step should be there: it is missing or damaged.
    """

    run: str
    outcome: str
    steps: int
    lines: int = 0
    tensors: int = 0
    difference: Difference | None = None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    uncompared: str = ""

    @property
    def identical(self) -> bool:
        """Whether everything that should be there was compared and is the same, bit by bit."""
        return self.difference is None and not self.uncompared and self.lines + self.tensors > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {"run": plain.pop("run"), "identical": self.identical, **plain}


def first_unlike_line(then: Sequence[Line], now: Sequence[Line]) -> Difference | None:
    """The first step and term in which lines of the same step differ. A line that is missing now is a difference.

    Learning rates that were not logged then, as older versions did not, are none.
    """
    made = {line["step"]: line for line in now}
    for line in then:
        step = int(line["step"])
        again = made.get(step, {})
        new = (term for term in again if term not in line and not term.startswith(LEARNING_RATE))
        for term in [*line, *new]:
            if term not in UNTIMED and _text(line, term) != _text(again, term):
                return Difference(step=step, where=term, then=_text(line, term), now=_text(again, term))
    return None


def _text(line: Line, term: str) -> str:
    """The shortest text that reads back as the same number: equal texts mean equal bits, and 0.0 differs from -0.0."""
    return repr(line[term]) if term in line else "none"


def compare_weights(then: Path, now: Path, step: int) -> tuple[int, Difference | None]:
    """The number of tensors compared in the checkpoints of that step, and the first difference.

    The tensors are weights, averages, and the states of optimisers and random generators. Raises StorageError when a
    run has no good checkpoint of that step.
    """
    old, new = (_tensors(folder, step) for folder in (then, now))
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in old or name not in new:
            there = ("there", "none")
            before, after = there if name in old else reversed(there)
            return len(old), Difference(step=step, where=name, then=before, now=after)
        if difference := _unlike(old[name], new[name]):
            return len(old), Difference(step=step, where=name, then=difference[0], now=difference[1])
    return len(old), None


def _tensors(folder: Path, step: int) -> dict[str, Tensor]:
    _, saved, _ = checkpoint.load(folder / "checkpoints", snapshot.GROUPS, str(step))
    groups = ((group, saved.tensors[group]) for group in snapshot.GROUPS if group in saved.tensors)
    return {f"{group}/{name}": tensor for group, tensors in groups for name, tensor in sorted(tensors.items())}


def _unlike(then: Tensor, now: Tensor) -> tuple[str, str] | None:
    """The two shapes, or the first two numbers, that differ in their bits; None where nothing does."""
    if (then.shape, then.dtype) != (now.shape, now.dtype):
        return f"{then.dtype} {list(then.shape)}", f"{now.dtype} {list(now.shape)}"
    old, new = (tensor.contiguous().reshape(-1) for tensor in (then, now))
    if torch.equal(old.view(torch.uint8), new.view(torch.uint8)):
        return None
    differ = (old.view(torch.uint8) != new.view(torch.uint8)).view(len(old), -1).any(dim=1)
    first = int(differ.nonzero()[0])
    return repr(old[first].item()), repr(new[first].item())


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs between two run.json.

    That is the plugin, the device, versions and hardware, as far as the first of them recorded these, and options that
    only one of them has.
    """
    new = dict(_facts(now))
    found = {what: (value, new.get(what, "none")) for what, value in _facts(then)}
    old, configuration = with_new_names(then["configuration"], now["configuration"]), now["configuration"]
    options = sorted(set(old) ^ set(configuration))
    found |= {f"option {option}": (_option(old, option), _option(configuration, option)) for option in options}
    return tuple(Change(what=what, then=a, now=b) for what, (a, b) in found.items() if a != b)


def _facts(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    plugin = content["plugin"]
    yield f"plugin {plugin['name']}", f"{plugin['distribution']} {plugin['version']}"
    yield "device", content["device"]
    yield from content["versions"].items()
    yield from content.get("hardware", {}).items()


def _option(configuration: Mapping[str, Any], option: str) -> str:
    entry = configuration.get(option)
    return str(entry["value"]) if entry else "none"
