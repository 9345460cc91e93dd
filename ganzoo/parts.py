"""Builds the parts of a recipe from their declarations."""

from collections.abc import Iterable, Mapping
from typing import Any

from ganzoo.config.configuration import ResolvedPart
from ganzoo.errors import PluginError, one_line
from ganzoo.specs import ImageShape, load_target


class Parts:
    """The parts that a configuration chose, by the name of the options field that holds them.

    An encoder that is built several times with the same options is one object, as its weights never change.
    """

    def __init__(self, chosen: Mapping[str, ResolvedPart], encoders: dict[str, Any] | None = None) -> None:
        self._chosen = chosen
        self._encoders: dict[str, Any] = {} if encoders is None else encoders

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

        A part whose options hold parts receives them as `parts`. Raises PluginError when the target can't be imported.
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
        inside = f"{field}."
        inner = {key.removeprefix(inside): value for key, value in self._chosen.items() if key.startswith(inside)}
        own = {"parts": Parts(inner, self._encoders)} if inner else {}
        return target(part.options, **context, **own)
