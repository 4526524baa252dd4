"""Remember: the folder of a training run, written and read."""
