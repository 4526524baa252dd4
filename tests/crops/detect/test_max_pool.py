import pytest
import torch

from vidfer.crops.detect.max_pool import max_pool


@pytest.mark.parametrize("window", [2, 3])
@pytest.mark.parametrize("size", [(3, 3), (4, 5), (47, 47), (22, 46), (9, 10), (8, 21)])
def test_is_the_operator_of_torch(window, size, monkeypatch):
    monkeypatch.setattr("vidfer.crops.detect.max_pool.LEAST_VALUES", 0)
    features = torch.randn(2, 10, *size, generator=torch.Generator().manual_seed(0))
    expected = torch.max_pool2d(features, window, 2, ceil_mode=True)
    assert torch.equal(max_pool(features, window), expected)
    last = features.contiguous(memory_format=torch.channels_last)
    assert torch.equal(max_pool(last, window), expected)
    assert max_pool(last, window).is_contiguous(memory_format=torch.channels_last)
