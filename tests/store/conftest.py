"""Fixtures of the store's tests."""

from pathlib import Path

import pytest
from made_up_caches import make_cache


@pytest.fixture(scope="session")
def jpeg_cache(tmp_path_factory) -> Path:
    return make_cache(tmp_path_factory.mktemp("jpeg"))


@pytest.fixture(scope="session")
def raw_cache(tmp_path_factory) -> Path:
    return make_cache(tmp_path_factory.mktemp("raw"), codec="raw")
