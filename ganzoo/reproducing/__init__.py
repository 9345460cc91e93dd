"""Makes a run again and says whether it came out bit by bit."""
