"""What a plugin declares: models, parts, weights and formats. Nothing here imports torch, so listing stays fast."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel

from ganzoo.options import PartKind, with_defaults

if TYPE_CHECKING:
    from torch import Tensor

API = 1
"""The number of the plugin interface. It grows when a plugin that worked may break."""
OLDEST_API = 1
"""The oldest interface whose declarations are used. Older ones, and ones newer than `API`, are refused."""
_UNSAID = 1
"""The interface of a declaration without a number; it stays the same when `API` grows."""

Task = Literal["generate", "translate"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_WEIGHTS_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?/[!-~]+\.safetensors")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 100_000_000_000
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True)
class ImageShape:
    """Shape of one image, C H W, and the names of the label attributes that come with the data."""

    channels: int = 3
    """3, for red, green and blue."""
    height: int
    """In pixels."""
    width: int
    """In pixels."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of each label attribute's values; empty for data without labels."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A file of trained weights: safetensors, by https, size in bytes. `ganzoo.weights.fetched` returns the file.

    `ganzoo import-weights` converts a .pt file and prints what to declare. With a `summary` it is a published model: a
    file of `ganzoo publish`, which users then name wherever they name a run. Raises ValueError when a field can't be
    right.
    """

    name: str
    """The file's name in the cache, at most 100 letters, digits, '.', '_' and '-'."""
    url: str
    """https://…/FILE.safetensors"""
    sha256: str
    """64 digits of 0-9 and a-f."""
    size: int
    """Number of bytes."""
    license: str
    """SPDX id of the licence of the weights."""
    summary: str = ""

    def __post_init__(self) -> None:
        texts = ("name", "url", "sha256", "license", "summary")
        if wrong := [key for key in texts if not isinstance(getattr(self, key), str)]:
            raise ValueError(f"{wrong[0]} {getattr(self, wrong[0])!r} of weights {self.name!r}: write a text")
        if not _WEIGHTS_NAME.fullmatch(self.name):
            raise ValueError(f"weights {self.name!r}: write a name of at most 100 letters, digits, '.', '_' and '-'")
        if not _URL.fullmatch(self.url):
            raise ValueError(f"url {self.url!r} of weights {self.name!r}: write https://…/FILE.safetensors")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"sha256 {self.sha256!r} of weights {self.name!r}: write 64 digits of 0-9 and a-f")
        if isinstance(self.size, bool) or not isinstance(self.size, int) or not 0 < self.size <= _MOST_BYTES:
            raise ValueError(f"size {self.size!r} of weights {self.name!r}: write the number of bytes")
        if not self.license.strip():
            raise ValueError(f"license of weights {self.name!r}: write the SPDX id of their licence")
        if "\n" in self.summary:
            raise ValueError(f"summary of weights {self.name!r}: write one line")


@dataclass(frozen=True, kw_only=True)
class Format:
    """Files of another program whose weights a generator takes; `ganzoo import-weights` makes a run folder of them.

    `name` says whose files they are. `files` has names of tensors for each file, by which it is recognised, under a
    word for it such as "decoder". That word in a file's name decides between files with the same tensors. `model` is
    the name of the model that the run is of. `target` is "package.module:function", imported only when all files are
    there. It is called with the tensors by word and name, and returns a `Recognised`, or raises UsageError with what
    does not fit. Raises ValueError when a field can't be right.
    """

    name: str
    model: str
    files: Mapping[str, tuple[str, ...]]
    target: str

    def __post_init__(self) -> None:
        if not self.name.strip() or "\n" in self.name:
            raise ValueError(f"name {self.name!r} of a format: write one line")
        if not _TARGET.fullmatch(self.target):
            raise ValueError(f"target {self.target!r} of format {self.name!r}: write 'package.module:function'")
        if not self.files or not all(self.files.values()):
            raise ValueError(f"files of format {self.name!r}: give names of tensors for at least one file")


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What a `Format` found in files: options of the generator, and its weights by their names in the generator.

    All of its parameters must be there; buffers may be missing. `settings` are those of the run, such as size and
    load_size, and of the model. `notes` are sentences about what tensors don't tell.
    """

    options: Mapping[str, object]
    """Options of the generator that differ from its defaults."""
    weights: "Mapping[str, Tensor]"
    """Tensors by their names in the generator."""
    settings: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Declaration of a trainable model.

    `name` is lower-case words joined by '-'. `target` is "package.module:Class" of a `ganzoo.model.GAN`, imported
    only when used. `options` is a subclass of `ganzoo.ModelOptions`. `defaults` replaces defaults of these options, and
    of the options of their parts: {"loss": "least-squares", "discriminator.norm": "layer", "lr": 5e-5}. `options` is
    then the class with these defaults. `tiny` is what `--tiny` needs beyond the tiny settings of the task and of the
    parts, so that a run on a CPU takes seconds. `paper` is an arXiv id or a DOI, `license` the SPDX id of the code.
    `bf16` says that the model is known to train in bfloat16 as it does in float32, so that `precision=auto` may choose
    it. `renamed` are former names of its options: {"old": "new"}. Older runs, presets and commands go on. Raises
    ValueError when a field can't be right.
    """

    name: str
    target: str
    options: type[BaseModel]
    summary: str
    """One line for `ganzoo list`."""
    task: Task = "generate"
    """Whether it draws from noise or translates photos."""
    paper: str = ""
    license: str = ""
    weights: tuple[Weights, ...] = ()
    """Files of trained weights that come with the model."""
    defaults: Mapping[str, object] = field(default_factory=dict)
    tiny: Mapping[str, object] = field(default_factory=dict)
    bf16: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    api: int = _UNSAID
    """The number of the plugin interface that it was made for."""

    def __post_init__(self) -> None:
        _check(self)
        if self.task not in get_args(Task):
            raise ValueError(f"task {self.task!r} of model {self.name!r}: allowed are {_list(get_args(Task))}")
        if not (isinstance(self.weights, tuple | list) and all(isinstance(one, Weights) for one in self.weights)):
            raise ValueError(f"weights of model {self.name!r}: give a tuple of ganzoo.Weights")
        if self.defaults:
            object.__setattr__(self, "options", _with_defaults(self))
        object.__setattr__(self, "defaults", MappingProxyType(dict(self.defaults)))
        object.__setattr__(self, "tiny", MappingProxyType(dict(self.tiny)))


@dataclass(frozen=True, kw_only=True)
class PartSpec:
    """Declaration of a part of recipes. Users choose it by name, such as `--set loss=wgan-gp`.

    `task` is the only task whose models it fits, such as translate for a generator that takes photos; None fits both.
    `tiny` are those of its options that `--tiny` and checks need, so that a run on a CPU takes seconds. `bf16` is False
    for a part with which `precision=auto` stays at float32, such as a penalty on gradients. `formats` are files of
    other programs with weights that a generator takes. `renamed` are former names of its options: {"old": "new"}.
    """

    kind: PartKind
    """What it is."""
    name: str
    """Lower-case words joined by '-', such as 'wgan-gp'."""
    target: str
    """What computes, as "package.module:Name"; imported only when used."""
    options: type[BaseModel]
    """The class of its options, a subclass of `ganzoo.Options`."""
    summary: str
    """One line for `ganzoo show`."""
    paper: str = ""
    """An arXiv id or a DOI."""
    task: Task | None = None
    tiny: Mapping[str, object] = field(default_factory=dict)
    bf16: bool = True
    formats: tuple[Format, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    api: int = _UNSAID
    """The number of the plugin interface that it was made for."""

    def __post_init__(self) -> None:
        _check(self)
        if self.formats and self.kind != "generator":
            raise ValueError(f"formats of {self.kind} {self.name!r}: only generators have them")
        object.__setattr__(self, "tiny", MappingProxyType(dict(self.tiny)))
        if self.kind not in get_args(PartKind):
            raise ValueError(f"kind {self.kind!r} of part {self.name!r}: allowed are {_list(get_args(PartKind))}")
        if self.task not in (None, *get_args(Task)):
            raise ValueError(f"task {self.task!r} of part {self.name!r}: allowed are {_list(get_args(Task))}, or None")


def load_target(target: str) -> Any:
    """Imports the object that a spec's `target` names."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _check(spec: ModelSpec | PartSpec) -> None:
    if not _NAME.fullmatch(spec.name):
        raise ValueError(f"name {spec.name!r}: write lower-case words joined by '-', such as 'wgan-gp'")
    if not _TARGET.fullmatch(spec.target):
        raise ValueError(f"target {spec.target!r} of {spec.name!r}: write 'package.module:Name'")
    if not (isinstance(spec.options, type) and issubclass(spec.options, BaseModel)):
        raise ValueError(f"options of {spec.name!r}: give a pydantic model class, such as a subclass of ganzoo.Options")
    known = spec.options.model_fields
    if wrong := [old for old, new in spec.renamed.items() if old in known or new not in known]:
        raise ValueError(f"renamed of {spec.name!r}: write {{'former name': 'option'}}, not {wrong[0]!r}")
    object.__setattr__(spec, "renamed", MappingProxyType(dict(spec.renamed)))
    if not spec.summary.strip() or "\n" in spec.summary:
        raise ValueError(f"summary of {spec.name!r}: write one line")


def _with_defaults(spec: ModelSpec) -> type[BaseModel]:
    try:
        return with_defaults(spec.options, spec.defaults)
    except ValueError as error:
        raise ValueError(f"defaults of model {spec.name!r}: {error}") from None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
