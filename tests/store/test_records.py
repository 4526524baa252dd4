import os
from dataclasses import replace
from pathlib import Path

from made_up_caches import clip_record, header_for, make_part

from vidfer.build.join import concatenate
from vidfer.clips.clip import Clip
from vidfer.store.records import CachedClip, record_of
from vidfer.store.verify import verify_cache


def test_a_cache_holds_the_path_of_a_record_as_it_is(tmp_path):
    name = os.fsdecode(b"sad/b\xff.mp4")
    record = record_of(Clip(id="sad/b.mp4", path=Path("footage") / name))
    assert record.path == r"sad/b\udcff.mp4"
    concatenate([make_part(tmp_path, 0, 2, path=record.path)], header_for(), tmp_path / "cache.h5")
    assert verify_cache(tmp_path / "cache.h5") == []


def test_a_record_has_the_names_and_the_hash_that_it_has_in_files_written_before():
    record = clip_record(2, track_index=1, n_frames=3, n_faces=2, crops_hash="ab" * 32)
    columns = record.columns()
    assert columns["person"] == 1 and "track_index" not in columns
    assert CachedClip.from_columns(columns) == record
    assert record.fingerprint() == "f8188b5102125d0706338de440643b7a411aeafe6dd4bd019eaa287a5b199d1f"
    assert replace(record, reason="no codec").fingerprint() == replace(record, reason="x").fingerprint()
    assert replace(record, file_size=1, first_frame=9).fingerprint() == record.fingerprint()
