"""The built-in plugins. Each package declares in its `__init__`, which stays light, and computes in its modules."""
