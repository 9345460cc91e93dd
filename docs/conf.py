"""Sphinx settings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

generate.write()

project = "ganzoo"
copyright = "the ganzoo developers"
author = "the ganzoo developers"
extensions = ["myst_parser", "sphinx_design"]
html_theme = "furo"
html_title = "ganzoo"
html_static_path = ["static"]
html_css_files = ["tables.css"]
exclude_patterns = ["_build", "models.d", "examples", "reference/published.md"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
