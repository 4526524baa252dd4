"""Standardising, in closed form and within the recogniser."""

from dataclasses import replace

import pytest
import torch
from networks import network

from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.whitening import Whitening, fit_standardising

SETTINGS = network(encoder="conv4", head="prototype")


def test_closed_form():
    """Two parts of two numbers and of one; spreads 2, 1/2 and 3 over the four vectors."""
    vectors = torch.tensor([[2.0, 0.5, 4], [-2, 0.5, 4], [2, -0.5, -2], [-2, -0.5, -2]])
    standardising = fit_standardising(vectors, torch.tensor([1.0, 0, 4]), torch.tensor([2.0, 2, 1]))
    expected = torch.diag(torch.tensor([1 / (2 * 2**0.5), 1 / (0.5 * 2**0.5), 1 / 3]))
    torch.testing.assert_close(standardising.transform, expected)
    torch.testing.assert_close(standardising.centre, torch.tensor([1.0, 0, 4]))
    torch.testing.assert_close(standardising(vectors[:1]), torch.tensor([[1.0, 0.5, 0]]) @ expected)


def test_parts_weigh_the_same_whatever_their_size_and_scale():
    vectors = torch.cat([torch.randn(200, 30) * 0.01 + 5, torch.randn(200, 2) * 40], dim=1)
    standardised = fit_standardising(vectors, vectors.mean(0), torch.tensor([30.0] * 30 + [2] * 2))(vectors)
    lengths = [part.square().sum(1).mean() for part in standardised.split((30, 2), dim=1)]
    torch.testing.assert_close(torch.stack(lengths), torch.ones(2), atol=1e-3, rtol=0)


def test_a_number_that_never_changes_becomes_zero():
    vectors = torch.cat([torch.randn(5, 40), torch.full((5, 1), 0.1)], dim=1)
    standardised = fit_standardising(vectors, vectors[0], torch.full((41,), 41.0))(vectors + 1)
    assert standardised.isfinite().all() and (standardised[:, -1] == 0).all()


def test_nothing_to_fit():
    with pytest.raises(ValueError, match="3 vectors are all equal"):
        fit_standardising(torch.ones(3, 2), torch.ones(2), torch.full((2,), 2.0))


def test_the_recogniser_whitens_vectors_of_clips_with_a_face(tmp_path):
    torch.manual_seed(0)
    plain = build_recogniser(SETTINGS, ("angry", "happy")).eval()
    model = build_recogniser(replace(SETTINGS, whitened=True), ("angry", "happy")).eval()
    for name in ("encoder", "classifier"):
        getattr(model, name).load_state_dict(getattr(plain, name).state_dict())
    crops = torch.randint(0, 256, (3, 2, 3, 3, 64, 64), dtype=torch.uint8)
    mask = torch.tensor([[True, True], [True, False], [False, False]])
    with torch.no_grad():
        before = plain.embed(crops, mask)
        assert torch.equal(model.embed(crops, mask).vector, before.vector)
        model.whitening.centre.normal_()
        model.whitening.transform.normal_()
        after = model.embed(crops, mask)
        expected = (before.vector - model.whitening.centre) @ model.whitening.transform
        torch.testing.assert_close(after.vector[:2], expected[:2])
        assert not after.vector[2].any() and torch.equal(after.maps, before.maps)
        torch.testing.assert_close(model(crops, mask), model.classifier(after.vector))
        save_checkpoint(tmp_path, model, {})
        loaded, _ = load_checkpoint(tmp_path)
        assert loaded.settings.whitened and torch.equal(loaded.embed(crops, mask).vector, after.vector)


def test_float32_under_autocast():
    whitening, vectors = Whitening(8), torch.randn(4, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(whitening(vectors), vectors)
