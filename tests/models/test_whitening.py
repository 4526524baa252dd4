"""Whitening by the variance of one class, in closed form and within the recogniser."""

from dataclasses import replace

import pytest
import torch
from networks import network

from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.whitening import Whitening, fit_whitening

SETTINGS = network(encoder="conv4", head="prototype")


def test_closed_form():
    """Neutral vectors differ by 4 and 1 in two directions, with variances 4 and 1/4, of 4.25 in all."""
    neutral = torch.tensor([[2.0, 0.5, 1], [-2, 0.5, 1], [2, -0.5, 1], [-2, -0.5, 1]])
    others = torch.tensor([[6.0, 1, 5], [0, 3, 7]])
    vectors = torch.cat([neutral, others])
    whitening = fit_whitening(vectors, torch.arange(6) < 4, shrinkage=0.2)
    added = 0.2 * 4.25
    expected = torch.diag(torch.tensor([4 + added, 0.25 + added, added]) ** -0.5)
    torch.testing.assert_close(whitening.transform, expected)
    torch.testing.assert_close(whitening.centre, torch.tensor([1.0, 4 / 6, 16 / 6]))
    torch.testing.assert_close(whitening(vectors), (vectors - vectors.mean(0)) @ expected)


def test_the_class_is_white_with_little_shrinkage_whatever_the_directions():
    torch.manual_seed(0)
    vectors = torch.randn(500, 4) @ torch.randn(4, 4) + 3
    of_class = torch.arange(500) % 5 > 0
    whitening = fit_whitening(vectors, of_class, shrinkage=1e-9)
    torch.testing.assert_close(
        whitening(vectors[of_class]).T.cov(correction=0), torch.eye(4), atol=1e-3, rtol=0
    )
    torch.testing.assert_close(whitening(vectors).mean(0), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(whitening.transform, whitening.transform.T)
    turn = torch.linalg.qr(torch.randn(4, 4))[0]
    turned = fit_whitening(vectors @ turn, of_class, shrinkage=0.1)
    plain = fit_whitening(vectors, of_class, shrinkage=0.1)
    torch.testing.assert_close(turned(vectors @ turn), plain(vectors) @ turn, atol=1e-4, rtol=1e-4)


def test_more_numbers_than_vectors_stay_finite():
    vectors = torch.randn(5, 40)
    whitening = fit_whitening(vectors, torch.ones(5, dtype=torch.bool), shrinkage=1 / 60)
    assert whitening.transform.isfinite().all() and whitening(vectors).isfinite().all()


@pytest.mark.parametrize(
    ("vectors", "of_class", "shrinkage"),
    [
        (torch.randn(3, 2), torch.tensor([True, False, False]), 0.1),
        (torch.ones(3, 2), torch.tensor([True, True, False]), 0.1),
        (torch.randn(3, 2), torch.tensor([True, True, False]), 0.0),
    ],
)
def test_nothing_to_fit(vectors, of_class, shrinkage):
    with pytest.raises(ValueError, match="vectors"):
        fit_whitening(vectors, of_class, shrinkage)


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
