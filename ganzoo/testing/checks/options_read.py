"""The check that every option has an effect."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ganzoo.config.configuration import Configuration, ResolvedPart
from ganzoo.errors import GanzooError
from ganzoo.options import ModelOptions, part_kind
from ganzoo.testing.outcome import fail
from ganzoo.testing.subject import Subject, names, watched


def options_read(subject: Subject) -> None:
    """Every option is read, by default or under another choice of the others."""
    kind = subject.spec.options
    wanted = {
        name
        for name, field in kind.model_fields.items()
        if not part_kind(field) and (subject.field or name not in ModelOptions.model_fields)
    }
    # Data sets are opened by the engine.
    parts = {name for name, field in kind.model_fields.items() if part_kind(field) not in (None, "dataset")}
    parts = set() if subject.field else parts
    read: set[str] = set()
    _try(subject, _own(subject), read)
    for variant in _variants(_own(subject), kind.model_fields):
        if wanted <= read:
            break
        _try(subject, variant, read)
    if dead := (wanted | parts) - read:
        fail(f"never read: {names(dead)}; an option that does nothing misleads whoever sets it")


def _own(subject: Subject) -> BaseModel:
    configuration = subject.configuration
    return configuration.parts[subject.field].options if subject.field else configuration.options


def _variants(options: BaseModel, fields: Mapping[str, FieldInfo]) -> Iterator[BaseModel]:
    """The options with one choice, switch or zero changed, since what it leads to may read others."""
    for name, field in fields.items():
        for value in other_values(getattr(options, name), field):
            yield options.model_copy(update={name: value})


def other_values(value: Any, field: FieldInfo) -> list[Any]:
    """Some values of an option that are allowed and not its present one."""
    if get_origin(field.annotation) is Literal:
        return [choice for choice in get_args(field.annotation) if choice != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        least = [limit.ge for limit in field.metadata if isinstance(limit, Ge)]
        if value == 0:
            return [type(value)(1)]
        return [bound for bound in least if bound != value] or [value + 1]
    return []


def _try(subject: Subject, options: BaseModel, read: set[str]) -> None:
    """Builds, trains for a round at the start and one near the end, and draws with these options.

    A combination that is refused reads what it reads.
    """
    configuration = _with(subject, watched(options, read), read)
    try:
        trainer = subject.trainer(gan=subject.build(configuration=configuration))
        for progress in (0.0, 0.9):
            trainer.round(progress)
        trainer.gan(subject.batch())
    except (GanzooError, ValueError, RuntimeError):
        return


def _with(subject: Subject, options: BaseModel, read: set[str]) -> Configuration:
    configuration = subject.configuration
    if subject.field:
        part = replace(configuration.parts[subject.field], options=options)
        return replace(configuration, parts={**configuration.parts, subject.field: part})
    assert isinstance(options, ModelOptions)
    return replace(configuration, options=options, parts=_WatchedParts(configuration.parts, read))


class _WatchedParts(dict[str, ResolvedPart]):
    """Notes which parts are built."""

    def __init__(self, parts: Mapping[str, ResolvedPart], read: set[str]) -> None:
        super().__init__(parts)
        self.read = read

    def __getitem__(self, name: str) -> ResolvedPart:
        self.read.add(name)
        return super().__getitem__(name)
