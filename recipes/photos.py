"""Photographs in the public domain, which published models may learn from."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

PACKAGE = "endless-sky-high-dpi"
"""A Debian package with 273 landscapes of 1440 x 720 pixels, whose copyright list names the licence of each."""
FREE = "public-domain"
LANDSCAPES = (
    *("badlands", "beach", "canyon", "desert", "dune", "fields", "fog", "forest", "hills", "mountain", "sea", "sky"),
    *("snow", "valley", "water"),
)
"""The photos' kinds that are landscapes; others are cities, stations and space."""
SCENERY = ("beach", "fields", "fog", "forest", "hills", "mountain", "sea", "sky", "snow", "valley", "water")
"""Those that painters liked: neither bare rock nor sand."""
SHOWN = ("beach1", "fields1", "forest0", "mountain1", "sea0", "water0")
"""Those that the docs show beside their paintings: no published model has seen them."""
_COPYRIGHT = f"usr/share/doc/{PACKAGE}/copyright"
_PARAGRAPH = re.compile(r"\n\s*\n(?=\S)")
_FIELD = re.compile(r"^(Files|License):\s*(.*(?:\n\s+.*)*)", re.MULTILINE)


def free_photos(folder: Path) -> list[Path]:
    """The photos below a folder with the unpacked package that are in the public domain, without `SHOWN`."""
    rules = list(_licences((folder / _COPYRIGHT).read_text(encoding="utf-8")))
    return [
        file
        for file in sorted(folder.glob("usr/share/games/**/images/land/*@2x.jpg"))
        if _licence(f"images/land/{name(file)}.jpg", rules) == FREE
        and kind(file) in LANDSCAPES
        and name(file) not in SHOWN
    ]


def name(file: Path) -> str:
    """`forest0` of `forest0@2x.jpg`."""
    return file.stem.partition("@")[0]


def kind(file: Path) -> str:
    """`forest` of `forest0@2x.jpg`."""
    return name(file).partition("-")[0].rstrip("0123456789")


def unpacked(folder: Path) -> Path:
    """The folder with the package in it, which apt fetches the first time."""
    if not (folder / _COPYRIGHT).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.which("apt-get") is None:
            raise SystemExit(f"unpack the Debian package {PACKAGE} into '{folder}': there is no apt-get here")
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True)
        package = next(folder.glob(f"{PACKAGE}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=folder, check=True)
    return folder


def _licences(text: str) -> Iterator[tuple[list[str], str]]:
    """Patterns and the short name of their licence, of each paragraph of a machine-readable copyright file."""
    for paragraph in _PARAGRAPH.split(text):
        fields = dict(_FIELD.findall(paragraph))
        if {"Files", "License"} <= fields.keys():
            yield fields["Files"].split(), fields["License"].split()[0]


def _licence(path: str, rules: list[tuple[list[str], str]]) -> str:
    """The licence of the last paragraph that names the file: the format's rule."""
    return next((short for patterns, short in reversed(rules) if any(fnmatch(path, one) for one in patterns)), "")
