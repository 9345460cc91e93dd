"""The catalog of the built-in plugins, read once for all the test files that are parametrised over it."""

from ganzoo.config.resolve import open_catalog

CATALOG = open_catalog(third_party=False)
