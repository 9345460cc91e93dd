"""A run as its folder records it, and as those who watch it see it. Light: nothing here imports torch."""
