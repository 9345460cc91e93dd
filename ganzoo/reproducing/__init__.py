"""Trains a run again and says whether the result is the same, bit by bit."""
