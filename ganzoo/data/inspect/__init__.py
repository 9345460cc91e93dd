"""Looking at a folder of images before a training: what is in it, what is wrong, and what to do about it."""
