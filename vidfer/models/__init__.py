"""Think: crops to an embedding of the clip, and embeddings to scores of classes."""
