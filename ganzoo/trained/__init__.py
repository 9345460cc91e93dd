"""Where a trained model is: run folders, their checkpoints, and published models, all by one resolver."""

from ganzoo.trained.finding import Trained, find, sought, where

__all__ = ["Trained", "find", "sought", "where"]
