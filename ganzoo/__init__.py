"""ganzoo: a zoo of GANs that draw and stylise natural scenes, with models as plugins.

Every name here is light until it is used: `import ganzoo` does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganzoo.api import compare, distil, list_models, reproduce, resume, run
    from ganzoo.config.units import Size
    from ganzoo.data.decode import decode
    from ganzoo.data.source import ImageSource, Picture, PictureStream
    from ganzoo.errors import DataError, DivergedError, GanzooError, PluginError, StorageError, UsageError
    from ganzoo.hooks import hookimpl
    from ganzoo.inference.loaded import LoadedGAN, LoadedGenerator, LoadedTranslator
    from ganzoo.inference.loading import load
    from ganzoo.options import (
        AdversarialOptions,
        AdversarialTranslatorOptions,
        ModelOptions,
        Options,
        PartChoice,
        TranslatorOptions,
        named_parts,
        part,
    )
    from ganzoo.specs import Format, ImageShape, ModelSpec, PartSpec, Recognised, Weights

_HOMES = {
    "AdversarialOptions": "options",
    "AdversarialTranslatorOptions": "options",
    "DataError": "errors",
    "DivergedError": "errors",
    "Format": "specs",
    "GanzooError": "errors",
    "ImageShape": "specs",
    "ImageSource": "data.source",
    "LoadedGAN": "inference.loaded",
    "LoadedGenerator": "inference.loaded",
    "LoadedTranslator": "inference.loaded",
    "ModelOptions": "options",
    "ModelSpec": "specs",
    "Options": "options",
    "PartChoice": "options",
    "PartSpec": "specs",
    "Picture": "data.source",
    "PictureStream": "data.source",
    "PluginError": "errors",
    "Recognised": "specs",
    "Size": "config.units",
    "StorageError": "errors",
    "TranslatorOptions": "options",
    "UsageError": "errors",
    "Weights": "specs",
    "compare": "api",
    "decode": "data.decode",
    "distil": "api",
    "hookimpl": "hooks",
    "list_models": "api",
    "load": "inference.loading",
    "part": "options",
    "named_parts": "options",
    "reproduce": "api",
    "resume": "api",
    "run": "api",
}

__all__ = [
    "AdversarialOptions",
    "AdversarialTranslatorOptions",
    "DataError",
    "DivergedError",
    "Format",
    "GanzooError",
    "ImageShape",
    "ImageSource",
    "LoadedGAN",
    "LoadedGenerator",
    "LoadedTranslator",
    "ModelOptions",
    "ModelSpec",
    "Options",
    "PartChoice",
    "PartSpec",
    "Picture",
    "PictureStream",
    "PluginError",
    "Recognised",
    "Size",
    "StorageError",
    "TranslatorOptions",
    "UsageError",
    "Weights",
    "compare",
    "decode",
    "distil",
    "hookimpl",
    "list_models",
    "load",
    "named_parts",
    "part",
    "reproduce",
    "resume",
    "run",
]


_RENAMED: dict[str, tuple[str, str]] = {}
"""Public names of old: what each is called now, and the version of ganzoo-core that drops the old one."""


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        import warnings

        now, gone = _RENAMED[name]
        message = f"ganzoo.{name} is now ganzoo.{now}; the old name goes with ganzoo-core {gone}"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        name = now
    if name not in _HOMES:
        raise AttributeError(f"module 'ganzoo' has no attribute {name!r}")
    from ganzoo.io.installed import forgiving

    with forgiving():  # pydantic and torch ask all installed packages for entry points
        return getattr(import_module(f"ganzoo.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
