"""Builds the parts of a recipe from their declarations."""

from collections.abc import Mapping
from typing import Any

from ganzoo.configuration import ResolvedPart
from ganzoo.errors import PluginError, one_line
from ganzoo.specs import ImageShape, load_target


class Parts:
    """The parts that a configuration chose, by the name of the options field that holds them."""

    def __init__(self, chosen: Mapping[str, ResolvedPart]) -> None:
        self._chosen = chosen

    def generator(self, shape: ImageShape) -> Any:
        """The generator, drawing images of `shape`."""
        return self.build("generator", shape=shape)

    def discriminator(self, shape: ImageShape) -> Any:
        """The discriminator for images of `shape`."""
        return self.build("discriminator", shape=shape)

    def build(self, field: str, **context: object) -> Any:
        """Calls the target of the part chosen for `field` with its options and the context.

        Raises PluginError when the target can't be imported.
        """
        part = self._chosen[field]
        try:
            target = load_target(part.spec.target)
        except (ImportError, AttributeError) as error:
            raise PluginError(f"{part.spec.kind} '{part.spec.name}' can't be loaded: {one_line(error)}") from error
        return target(part.options, **context)
