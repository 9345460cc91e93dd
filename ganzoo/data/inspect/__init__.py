"""Inspects a folder of images before training: what is in it, what is wrong, and what to do about it."""
