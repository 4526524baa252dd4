"""Clips embedded once: with maps, and without them for heads that compare vectors."""

import numpy as np
import pytest
import torch
from crop_caches import write_cache
from networks import network

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.fewshot import fewshot_answers
from vidfer.infer.embed import embed_clips
from vidfer.models.build import build_head, build_recogniser


@pytest.fixture(scope="module")
def embedded(striped_cache):
    """Twelve clips of three classes with their maps, and without."""
    torch.manual_seed(0)
    recogniser = build_recogniser(network(width=4, head=None))
    loader = build_loader(ClipDataset(striped_cache, range(12), n_frames=2), 5)
    (whole, faces), (vectors, _) = (embed_clips(recogniser, loader, maps=maps) for maps in (True, False))
    return whole, vectors, faces


def test_vectors_and_weights_are_the_same_without_maps(embedded):
    whole, vectors, _ = embedded
    assert whole.maps.shape == (12, 3, 64, 14, 14) and vectors.maps.shape == (12, 0, 64, 14, 14)
    assert vectors.vector.equal(whole.vector) and vectors.attention["frames"].equal(whole.attention["frames"])


@pytest.mark.parametrize("attention", ["softmax", "mean", "sigmoid", "relation"])
def test_places_beyond_a_clips_frames_change_nothing(tmp_path, attention):
    torch.manual_seed(0)
    recogniser = build_recogniser(network(width=4, head=None, frame_attention=attention))
    for parameter in recogniser.encoder.frame_attention.parameters():
        torch.nn.init.normal_(parameter)  # weights that differ from frame to frame
    clips = [{"id": f"{i}.mp4", "status": "d" * n} for i, n in enumerate((3, 3, 3, 16))]
    path = write_cache(tmp_path / "c.h5", clips, size_px=32).path
    exact, padded = (
        embed_clips(recogniser, build_loader(ClipDataset(path, range(n), n_frames=99), 4))[0] for n in (3, 4)
    )
    torch.testing.assert_close(padded.vector[:3], exact.vector)
    torch.testing.assert_close(padded.maps[:3], exact.maps)
    weights = padded.attention["frames"]
    torch.testing.assert_close(weights[:3, :3], exact.attention["frames"])
    assert weights.shape == (4, 16) and (weights[:3, 3:] == 0).all() and (weights[3] > 0).all()
    assert attention == "mean" or weights[:3, :3].std(1).min() > 1e-4


@pytest.mark.parametrize("name", ["csrn", "crn", "relation", "prototype", "matching", "similarity"])
def test_heads_that_do_not_compare_maps_score_the_same_without(embedded, name):
    whole, vectors, faces = embedded
    head = build_head(network(head=name).head).eval()
    if head.compares_maps:
        changed = EpisodeScores(head, type(whole)(torch.zeros_like(whole.vector), whole.maps))
        found = changed, EpisodeScores(head, whole)
    else:
        found = EpisodeScores(head, vectors), EpisodeScores(head, whole)
    protocol = EvalProtocol(ways=3, shots=2, queries=1, episodes=20)
    one, other = (
        fewshot_answers(scores, np.arange(12) % 3, faces, "abc", protocol).answers for scores in found
    )
    assert (one == other).all()
