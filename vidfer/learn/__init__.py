"""Train: losses, steps, epochs, episodes, pseudo-labels."""
