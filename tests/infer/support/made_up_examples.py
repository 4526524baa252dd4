"""Examples of own expressions as numbers: clouds of points, one for each class."""

import numpy as np

from vidfer.infer.support.embedded import EmbeddedExamples


def clouds(
    counts, n_background=0, *, size=12, apart=4.0, pieces=2, seed=0, name="made_up:vector", groups=None
):
    """Examples of classes ``apart`` from each other and from the background at the origin."""
    rng = np.random.default_rng(seed)
    labels = np.array([label for label, n in enumerate(counts) for _ in range(n)] + [-1] * n_background)
    centres = np.vstack([apart * np.eye(len(counts), size), np.zeros(size)])
    owner = np.repeat(np.arange(len(labels)), pieces)
    person = rng.standard_normal((len(labels), size))
    values = centres[labels][owner] + 0.7 * person[owner] + 0.3 * rng.standard_normal((len(owner), size))
    groups = np.arange(len(labels)) if groups is None else np.asarray(groups)
    return EmbeddedExamples({name: values.astype(np.float32)}, owner, labels, groups, len(counts))
