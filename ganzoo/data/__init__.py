"""The images of a run: sources, the cache at training size, and the order in which training draws them."""
