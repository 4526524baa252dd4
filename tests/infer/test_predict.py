"""Predictions of a classifier over a loader, and their scores."""

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from networks import network

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.infer.iterate import iterate_batches
from vidfer.infer.predict import Predictions, predict, war_uar
from vidfer.models.build import build_recogniser


def found(labels, chosen, has_face=None) -> Predictions:
    labels = np.array(labels)
    faces = np.ones(len(labels), bool) if has_face is None else np.array(has_face)
    return Predictions(np.arange(len(labels)), np.eye(3, dtype=np.float32)[chosen], labels, faces)


def test_war_is_the_share_of_clips_and_uar_of_classes():
    # Class 0: 3 of 4; class 1: 1 of 2; class 2 is not asked for, though it is answered.
    war, uar = war_uar(found([0, 0, 0, 0, 1, 1], [0, 0, 0, 2, 1, 0]))
    assert war == pytest.approx(4 / 6) and uar == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_clips_of_several_caches_are_measured_together():
    one, other = found([0, 0, 0], [0, 0, 1]), found([0, 1], [2, 1], [True, False])
    war, uar = war_uar(one, other)
    assert war == pytest.approx(2 / 5) and uar == pytest.approx((2 / 4 + 0) / 2)


def test_a_clip_without_a_face_counts_as_wrong_whatever_was_said():
    war, uar = war_uar(found([0, 0, 1, 2], [0, 0, 1, 2], [True, False, True, False]))
    assert war == pytest.approx(0.5) and uar == pytest.approx((0.5 + 1 + 0) / 3)


def test_a_clip_whose_probabilities_are_no_numbers_counts_as_wrong():
    predictions = found([0, 0, 1, 2], [0, 0, 1, 2])
    predictions.probabilities[0] = np.nan  # NumPy and torch take it for the largest
    war, uar = war_uar(predictions)
    assert war == pytest.approx(3 / 4) and uar == pytest.approx((1 / 2 + 1 + 1) / 3)


def test_every_clip_once_in_the_order_of_the_cache_without_noise_or_dropout(striped_cache):
    torch.manual_seed(0)
    model = build_recogniser(network(width=4, head=None), ["angry", "happy", "sad"]).train()
    clips = [40, 3, 17, 30, 31]  # 30 is the first unlabelled clip, which has no face
    accelerator = Accelerator(cpu=True)
    loader = accelerator.prepare(build_loader(ClipDataset(striped_cache, clips, n_frames=2), 2))
    first = predict(model, loader, accelerator)
    assert first.clips.tolist() == sorted(clips) and model.training
    assert first.probabilities.sum(1) == pytest.approx(1.0)
    assert first.has_face.tolist() == [clip != faceless_clip(striped_cache) for clip in sorted(clips)]
    shuffled = accelerator.prepare(build_loader(ClipDataset(striped_cache, clips[::-1], n_frames=2), 5))
    second = predict(model, shuffled, accelerator)
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-6)


def faceless_clip(path) -> int:
    return next(i for i, clip in enumerate(ClipDataset(path, [], n_frames=1).cache.clips) if not clip.n_faces)


def test_one_process_needs_no_accelerator(striped_cache):
    torch.manual_seed(0)
    model = build_recogniser(network(width=4, head=None), ["angry", "happy", "sad"]).eval()
    loader = build_loader(ClipDataset(striped_cache, [2, 40, 7], [0, 1, 2], n_frames=2), 2)
    accelerator = Accelerator(cpu=True)
    alone, gathered = predict(model, iterate_batches(loader, "cpu")), predict(model, loader, accelerator)
    assert alone.clips.tolist() == [2, 7, 40] and alone.labels.tolist() == [0, 2, 1]
    for one, other in zip(vars(alone).values(), vars(gathered).values(), strict=True):
        np.testing.assert_array_equal(one, other)
