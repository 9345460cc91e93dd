"""Images in: sources, the cache at training size, and the order in which a run sees them."""
