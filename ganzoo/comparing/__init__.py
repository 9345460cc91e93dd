"""Compares models, presets and finished runs on the same data, split, seeds, budget and scores."""
