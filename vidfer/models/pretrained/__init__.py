"""Published weights: which there are, where they come from, and how an encoder starts from them."""
