"""Sphinx settings."""

project = "ganzoo"
copyright = "the ganzoo developers"
author = "the ganzoo developers"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "ganzoo"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
