"""Clips embedded once: with maps, and without them for heads that compare vectors."""

import numpy as np
import pytest
import torch

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.fewshot import fewshot_accuracy
from vidfer.learn.embed import embed_clips
from vidfer.models.build import build_head, build_recogniser
from vidfer.models.settings import ModelSettings


@pytest.fixture(scope="module")
def embedded(striped_cache):
    """Twelve clips of three classes with their maps, and without."""
    torch.manual_seed(0)
    recogniser = build_recogniser(ModelSettings(width=4, head=None))
    loader = build_loader(ClipDataset(striped_cache, range(12), n_frames=2), 5)
    (whole, faces), (vectors, _) = (embed_clips(recogniser, loader, maps=maps) for maps in (True, False))
    return whole, vectors, faces


def test_vectors_and_weights_are_the_same_without_maps(embedded):
    whole, vectors, _ = embedded
    assert whole.maps.shape == (12, 3, 64, 14, 14) and vectors.maps.shape == (12, 0, 64, 14, 14)
    assert vectors.vector.equal(whole.vector) and vectors.attention["frames"].equal(whole.attention["frames"])


@pytest.mark.parametrize("name", ["csrn", "crn", "relation", "prototype", "matching", "similarity"])
def test_heads_that_do_not_compare_maps_score_the_same_without(embedded, name):
    whole, vectors, faces = embedded
    head = build_head(ModelSettings(head=name)).eval()
    if getattr(head, "compares_maps", True):
        changed = EpisodeScores(head, type(whole)(torch.zeros_like(whole.vector), whole.maps))
        found = changed, EpisodeScores(head, whole)
    else:
        found = EpisodeScores(head, vectors), EpisodeScores(head, whole)
    options = {"ways": 3, "shots": 2, "queries": 1, "episodes": 20, "seed": 0}
    one, other = (
        fewshot_accuracy(scores, np.arange(12) % 3, faces, "abc", **options).answers for scores in found
    )
    assert (one == other).all()
