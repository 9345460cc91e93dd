"""Data larger than a disk or a machine: tar shards, and Hugging Face data sets."""

import os
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from ganzoo import Options, PartSpec, hookimpl

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_PICKLED = ("pandas",)
_BUILDERS = frozenset(["arrow", "csv", "imagefolder", "json", "parquet", "text", "webdataset"])


def _places(text: str) -> str:
    return "::".join(_place(part) for part in text.split("::") if part)


def _place(text: str) -> str:
    """A URL as it is, a path made absolute, as a run may be resumed from another working folder.

    Other schemes are refused: `webdataset` would start a program for most of them, for pipe: any program.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _full(text)
    if scheme[1].lower() not in ("http", "https"):
        raise ValueError(f"'{scheme[0]}' is not read: give paths, http:// or https:// (a file of that name: ./{text})")
    return text


def _full(path: str) -> str:
    """The absolute path; ~ is the home folder."""
    return os.path.abspath(os.path.expanduser(path))


def _existing(text: str) -> str:
    """A folder's absolute path; a data set's id or a builder's name as it is."""
    if text in _PICKLED:
        raise ValueError(f"builder '{text}' reads pickles, which can run code: convert the data to parquet")
    path = os.path.expanduser(text)
    return os.path.abspath(path) if os.path.isdir(path) else text


def _share(text: str) -> str:
    if text != "auto":
        number, _, parts = text.partition("/")
        if not 1 <= int(number) <= int(parts):
            raise ValueError(f"write 1/{parts} to {parts}/{parts}")
    return text


class StreamOptions(Options):
    """What both kinds of streams have."""

    values: str = Field(
        "",
        max_length=100_000,
        description="names of the label's values in order, as a;b;c, or their number for 0, 1, 2 …; empty is as they"
        " first appear",
    )
    limit: int = Field(
        0, ge=0, le=10**12, description="at most so many pictures for a process, unusable ones counted; 0 is all"
    )
    share: Annotated[str, AfterValidator(_share)] = Field(
        "1/1",
        pattern=r"^(auto|\d{1,6}/\d{1,6})$",
        description="part of the data that is read, such as 2/8; auto gives each process of a run a part of its own",
    )


class ShardsOptions(StreamOptions):
    """Which tar files, and which of their members."""

    path: Annotated[str, AfterValidator(_places)] = Field(
        min_length=1,
        description="folder of tar files, a pattern such as train-{000..099}.tar or *.tar, or http(s) URL; several are"
        " joined by ::",
    )
    image: str = Field(
        "jpg;jpeg;png;webp",
        min_length=1,
        description="endings of the picture's member, the first that is there; x.edit.jpg ends in jpg, too",
    )
    label: str = Field("", pattern=r"^[^;/]*$", description="ending of the label's member, such as cls; empty is none")


class HubOptions(StreamOptions):
    """Which data set, and which of its columns."""

    path: Annotated[str, AfterValidator(_existing)] = Field(
        min_length=1, description="id of a data set, its folder, or a builder such as parquet or imagefolder"
    )
    name: str = Field("", description="configuration of the data set; empty is its default")
    split: str = Field("train", min_length=1, description="split, such as train or train[:10%]")
    files: str = Field("", description="files of a builder, patterns and URLs too; several are joined by ::")
    image: str = Field("", description="column of the pictures; empty is the first one with images")
    label: str = Field("", description="column of the label; empty is the first one with class labels, - is none")
    streaming: bool = Field(True, description="read without keeping a copy of the originals on disk")
    revision: str = Field("", description="commit, tag or branch of a data set on the hub; empty is the newest")

    @field_validator("files")
    @classmethod
    def _absolute(cls, files: str, info: ValidationInfo) -> str:
        """A builder's files are local; those of a data set are its own, named from its top."""
        if info.data.get("path") not in _BUILDERS:
            return files
        return "::".join(part if "://" in part else _full(part) for part in files.split("::") if part)


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The data sets `shards` and `hub`."""
    yield PartSpec(
        kind="dataset",
        name="shards",
        target="ganzoo_plugins.streams.shards:Shards",
        options=ShardsOptions,
        summary="tar files of pictures, local or by http, in the layout of webdataset",
    )
    yield PartSpec(
        kind="dataset",
        name="hub",
        target="ganzoo_plugins.streams.hub:Hub",
        options=HubOptions,
        summary="a Hugging Face data set, from the hub or from local parquet files and folders",
    )
