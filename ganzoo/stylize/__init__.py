"""Translates photos and videos of any size with a trained translator."""
