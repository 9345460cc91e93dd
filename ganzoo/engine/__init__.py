"""Training: devices, steps, averages, checkpoints and the run folder. Knows no loss and no plugin."""
