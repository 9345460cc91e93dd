"""Builds the parts of a recipe from their declarations."""

from collections.abc import Iterable, Mapping
from typing import Any

from ganzoo.config.configuration import ResolvedPart
from ganzoo.errors import PluginError, UsageError, one_line
from ganzoo.specs import ImageShape, Task, load_target


class Parts:
    """The parts that a configuration chose, by the name of the options field that holds them.

    An encoder that is built several times with the same options is one object, as its weights never change.
    """

    def __init__(
        self, chosen: Mapping[str, ResolvedPart], encoders: dict[str, Any] | None = None, task: Task | None = None
    ) -> None:
        self._chosen = chosen
        self._encoders: dict[str, Any] = {} if encoders is None else encoders
        self._task = task

    def generator(self, shape: ImageShape) -> Any:
        """The generator, drawing images of `shape`."""
        return self.build("generator", shape=shape)

    def discriminator(self, shape: ImageShape) -> Any:
        """The discriminator for images of `shape`."""
        return self.build("discriminator", shape=shape)

    def several(self, names: Iterable[str], **context: object) -> dict[str, Any]:
        """The parts that a field lists (`ganzoo.options.split_names`), by their names."""
        return {name: self.build(name, **context) for name in names}

    def build(self, field: str, **context: object) -> Any:
        """Calls the target of the part chosen for `field` with its options and the context.

        A part whose options hold parts receives them as `parts`. Raises PluginError when the target can't be imported,
        UsageError for a network of another task.
        """
        part = self._chosen[field]
        if part.spec.kind == "encoder":
            key = f"{part.spec.target} {part.options!r}"
            if key not in self._encoders:
                self._encoders[key] = self._build(field, part, context)
            return self._encoders[key]
        return self._build(field, part, context)

    def _build(self, field: str, part: ResolvedPart, context: Mapping[str, object]) -> Any:
        try:
            target = load_target(part.spec.target)
        except (ImportError, AttributeError) as error:
            raise PluginError(f"{part.spec.kind} '{part.spec.name}' can't be loaded: {one_line(error)}") from error
        self._check_task(part, target)
        inside = f"{field}."
        inner = {key.removeprefix(inside): value for key, value in self._chosen.items() if key.startswith(inside)}
        own = {"parts": Parts(inner, self._encoders, self._task)} if inner else {}
        return target(part.options, **context, **own)

    def _check_task(self, part: ResolvedPart, target: object) -> None:
        """A declaration may leave the task out; the base class of its network tells it too."""
        task = getattr(target, "task", None)
        if part.spec.kind == "generator" and self._task and task and task != self._task:
            raise UsageError(
                f"generator '{part.name}' is for models that {task}, and this one does not: choose another"
            )
