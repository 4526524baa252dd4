import torch

from vidfer.crops.detect import suppress as module
from vidfer.crops.detect.suppress import suppress


def many_boxes() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Boxes of 40 groups of 0 to 60, many of which overlap; groups are mixed, and scores may be equal."""
    random = torch.Generator().manual_seed(0)
    corner = torch.rand(1200, 2, generator=random) * 60 - 5
    boxes = torch.cat([corner, corner + 5 + torch.rand(1200, 2, generator=random) * 30], dim=1)
    scores = (torch.rand(1200, generator=random) * 50).round() / 50
    groups = (torch.rand(1200, generator=random) ** 2 * 40).long() * 3
    return boxes, scores, groups


def intersection_over_union(a: torch.Tensor, b: torch.Tensor) -> float:
    shared = (torch.minimum(a[2:], b[2:]) - torch.maximum(a[:2], b[:2])).clamp(min=0).prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))


def test_keeps_the_best_of_boxes_that_overlap_in_each_group():
    boxes, scores, groups = many_boxes()
    expected = []
    for group in groups.unique():
        kept: list[int] = []
        own = torch.nonzero(groups == group)[:, 0]
        for i in own[scores[own].argsort(descending=True, stable=True)].tolist():
            if all(intersection_over_union(boxes[i], boxes[j]) <= 0.4 for j in kept):
                kept.append(i)
        expected += kept
    assert suppress(boxes, scores, groups, 0.4).tolist() == expected
    assert 100 < len(expected) < 1000


def test_how_many_are_compared_at_once_changes_nothing(monkeypatch):
    expected = suppress(*many_boxes(), 0.4)
    for n in (1, 17, 10**6):
        monkeypatch.setattr(module, "BOXES_AT_ONCE", n)
        assert torch.equal(suppress(*many_boxes(), 0.4), expected)


def test_no_boxes():
    kept = suppress(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64), 0.5)
    assert kept.shape == (0,) and kept.dtype == torch.int64
