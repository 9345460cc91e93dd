"""Scores of generated images, as pure functions of feature matrices or image pairs, computed in float64."""
