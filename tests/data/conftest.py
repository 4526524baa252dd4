import pytest
from crop_caches import write_cache

from vidfer.store.reader import CropCache


@pytest.fixture
def make_cache(tmp_path):
    """``make_cache(clips, name="cache.h5", ...)``: see :func:`write_cache`."""

    def make(clips: list[dict], name: str = "cache.h5", **options) -> CropCache:
        return write_cache(tmp_path / name, clips, **options)

    return make
