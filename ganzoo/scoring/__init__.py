"""Scores of a trained model on images it never saw, with everything that says what may be compared with what."""
