"""Old names of the public interface: each works or fails loudly until ganzoo-core 0.3, which deletes this module."""

import warnings
from collections.abc import Container
from inspect import getattr_static
from typing import Any, TypeVar

from ganzoo.errors import PluginError

C = TypeVar("C", bound=type)

GONE = "0.3"
"""The version of ganzoo-core that drops the old names."""

OPTIONS = {
    "setbacks": "rollbacks",
    "opening_critic_steps": "warmup_critic_steps",
    "opening_steps": "warmup_steps",
    "opening_every": "warmup_every",
}
"""Options: what each old name is called now."""

CALLED = {
    "Batch": {"leave": "stash", "left": "unstash", "whole": "global_size", "share": "local_slice"},
    "Translator": {"painted": "translated"},
    "AdversarialRecipe": {
        "_discriminator_loss": "discriminator_loss",
        "_generator_loss": "generator_loss",
        "_regularised": "regularisation",
    },
    "AdversarialTranslator": {
        "judged": "discriminator_input",
        "judged_shape": "discriminator_shape",
        "painter": "trained_modules",
    },
}
"""Methods and properties by class. An old one forwards to the new one; a subclass that overrides it is refused."""

SET = {"ImageGenerator": {"unit": "size_multiple"}, "Translator": {"unit": "size_multiple"}}
"""Values by class. A subclass that sets an old one sets the new one."""

MODEL = {
    "Judged": ("CriticOutputs", "ganzoo.model.CriticOutputs"),
    "through": ("augmented", "AdversarialRecipe.augmented_discriminator"),
}
"""Names of `ganzoo.model`: what gives the same, and what to write instead."""


def warn(old: str, new: str, *, stacklevel: int = 3) -> None:
    """Warns the caller of the function that calls this one."""
    message = f"{old} is now {new}; the old name goes with ganzoo-core {GONE}"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel)


def keep_old_names(owner: C) -> C:
    """Class decorator: gives a class the old names that the tables list for it."""
    for old, new in CALLED.get(owner.__name__, {}).items():
        setattr(owner, old, _Called(old, new))
    for old, new in SET.get(owner.__name__, {}).items():
        setattr(owner, old, _Set(old, new))
    return owner


def adopt_old_names(owner: type) -> None:
    """Called for each subclass of such a class: values under old names move to the new ones.

    Raises PluginError when the subclass overrides a method by its old name, because nothing would call it.
    """
    names = {old: kept for base in owner.__mro__ for old, kept in vars(base).items() if isinstance(kept, _Called)}
    for old, kept in names.items():
        given = getattr_static(owner, old)
        if isinstance(given, _Called):
            continue
        if not isinstance(kept, _Set):
            raise PluginError(f"{owner.__name__} overrides '{old}', which is now '{kept.new}': rename it")
        warn(f"{owner.__name__}.{old}", kept.new, stacklevel=5)  # beyond ABCMeta
        setattr(owner, kept.new, given)
        setattr(owner, old, kept)


def refuse_old_options(owner: type, fields: Container[str]) -> None:
    """Raises PluginError for a field by the old name of another field, because nothing would read it."""
    for old, new in OPTIONS.items():
        if old in fields and new in fields:
            raise PluginError(f"{owner.__name__} has the option '{old}', which is now '{new}': rename it")


class _Called:
    """An attribute that reads the one of the new name."""

    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new

    def __get__(self, instance: Any, owner: type) -> Any:
        own = {} if instance is None else vars(instance).get("_modules", {})
        if self.old in own:  # a network that a plugin calls so
            return own[self.old]
        warn(f"{owner.__name__}.{self.old}", self.new)
        return getattr(owner if instance is None else instance, self.new)


class _Set(_Called):
    """The same, and it can be set."""

    def __set__(self, instance: Any, value: object) -> None:
        warn(f"{type(instance).__name__}.{self.old}", self.new)
        setattr(instance, self.new, value)
