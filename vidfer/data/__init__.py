"""Feed: from the crop cache to batches, splits, episodes and noise."""
