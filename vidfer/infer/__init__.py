"""Apply a trained model: embed, predict and label the clips of a cache."""
