"""Sphinx settings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

generate.write()

project = "ganzoo"
copyright = "the ganzoo developers"
author = "the ganzoo developers"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "ganzoo"
exclude_patterns = ["_build", "models.d", "examples"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
