import pytest
import torch

from vidfer.models.heads.shots import class_means, shots_by_class


def test_groups_unordered_and_unequal_shots():
    positions, is_shot = shots_by_class(torch.tensor([2, 0, 2, 1, 0, 2]))
    assert is_shot.tolist() == [[True, True, False], [True, False, False], [True, True, True]]
    assert [row[m].tolist() for row, m in zip(positions, is_shot)] == [[1, 4], [3], [0, 2, 5]]
    assert positions.max() < 6


def test_class_means():
    values = torch.tensor([[1.0, 2.0], [3.0, 5.0], [7.0, 0.0]])
    assert class_means(values, torch.tensor([1, 0, 1])).tolist() == [[3.0, 5.0], [4.0, 1.0]]


@pytest.mark.parametrize("labels", [[0, 2, 2], []])
def test_a_class_without_a_shot_is_an_error(labels):
    with pytest.raises(ValueError, match=r"every class 0 \.\. N-1"):
        shots_by_class(torch.tensor(labels, dtype=torch.int64))
