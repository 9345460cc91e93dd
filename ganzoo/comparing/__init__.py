"""Compares models, presets and finished runs: same data, split, seeds, budget and scores for all."""
