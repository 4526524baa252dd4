import os
from pathlib import Path

from made_up_caches import header_for, make_part

from vidfer.build.join import concatenate
from vidfer.build.verify import verify_cache
from vidfer.clips.clip import Clip
from vidfer.store.records import record_of


def test_a_cache_holds_the_path_of_a_record_as_it_is(tmp_path):
    name = os.fsdecode(b"sad/b\xff.mp4")
    record = record_of(Clip(id="sad/b.mp4", path=Path("footage") / name))
    assert record.path == r"sad/b\udcff.mp4"
    concatenate([make_part(tmp_path, 0, 2, path=record.path)], header_for(), tmp_path / "cache.h5")
    assert verify_cache(tmp_path / "cache.h5") == []
