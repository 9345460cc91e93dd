"""Benchmarks, mostly of speed as a ratio within one run. `make bench` runs them. None of them is a test."""
