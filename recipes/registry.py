"""Writes entries of the section `weights` of registry.yaml."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_SECTION = re.compile(r"^weights:.*\n((?:  .*\n|#.*\n(?=  ))*)", re.MULTILINE)


def write_entry(file: Path, entry: Mapping[str, Any]) -> None:
    """Adds the entry of one name to the section or replaces the one it has; the rest of the file stays as it is."""
    text = file.read_text(encoding="utf-8")
    found = _SECTION.search(text)
    if found is None:
        raise SystemExit(f"{file}: there is no section 'weights'")
    before = yaml.safe_load(found[0])["weights"] or {}
    written = yaml.safe_dump({"weights": {**before, **entry}}, sort_keys=False, width=110, allow_unicode=True)
    file.write_text(text[: found.start()] + written + text[found.end() :], encoding="utf-8")
