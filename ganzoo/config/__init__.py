"""The settings of a run: their types, their layers, and the one checked configuration."""
