"""Own expressions from a few examples, without training."""
