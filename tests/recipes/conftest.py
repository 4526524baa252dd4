"""A cache that can be learned from in seconds."""

from pathlib import Path

import pytest
from striped_cache import write_striped_cache


@pytest.fixture(scope="session")
def striped_cache(tmp_path_factory) -> Path:
    """3 classes: 6 clips to train on, 4 to validate on, 8 unlabelled (one of them faceless) of each."""
    path = tmp_path_factory.mktemp("striped") / "striped.h5"
    write_striped_cache(path, {"train": 6, "val": 4, "unlabelled": 8}, faceless=1)
    return path
