"""Installed distributions, of which some may be damaged: what pip was stopped in the middle of, or a stray folder."""

import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import PurePath

NO_VERSION = "?"


def header(distribution: metadata.Distribution) -> Mapping[str, str]:
    """The name and the version in its METADATA; empty when that has no name or can't be read."""
    try:
        read = distribution.metadata
        return {"Name": str(read["Name"]), "Version": str(read["Version"] or NO_VERSION)} if read["Name"] else {}
    except Exception:  # whatever a damaged file makes the parser raise
        return {}


def distribution(name: str) -> metadata.Distribution | None:
    """The first installed distribution of that name that is not damaged."""
    return next((one for one in metadata.distributions(name=name) if header(one)), None)


def version(name: str) -> str:
    """The version that is installed, or "?" if none is, or only damaged ones are."""
    found = distribution(name)
    return header(found).get("Version", NO_VERSION) if found else NO_VERSION


def damaged(name: str) -> Iterator[str]:
    """The places of damaged distributions of that name."""
    return (place(one) for one in metadata.distributions(name=name) if not header(one))


def place(distribution: metadata.Distribution) -> str:
    """Where it is installed, for messages: importlib.metadata has no public name for it."""
    return str(getattr(distribution, "_path", distribution.locate_file("")))


def name_of(distribution: metadata.Distribution) -> str:
    """Its name in the form that pip compares, or the one of its folder if METADATA gives none."""
    name = header(distribution).get("Name") or PurePath(place(distribution)).name.partition("-")[0]
    return re.sub("[-_.]+", "-", name).lower()
