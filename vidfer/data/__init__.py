"""Feed: from the crop cache to splits, episodes, batches and noise."""
