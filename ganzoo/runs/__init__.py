"""A run as its folder records it and as a view shows it. Nothing here imports torch."""
