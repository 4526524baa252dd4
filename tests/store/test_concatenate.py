from dataclasses import replace

import pytest
from made_up_caches import header_for, make_cache, make_part

from vidfer.store.concatenate import DamagedClip, StoredClip, concatenate, damaged_among
from vidfer.store.reader import CropCache
from vidfer.store.verify import verify_cache


def test_order_of_parts_changes_no_byte(tmp_path):
    pairs = [make_part(tmp_path, i, n) for i, n in enumerate((5, 1, 12, 7))]
    one = concatenate(pairs, header_for(), tmp_path / "one.h5")
    two = concatenate(pairs[::-1], header_for(), tmp_path / "two.h5")
    assert one == two
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_clips_of_a_cache_and_of_parts_mix(tmp_path, codec):
    pairs = [make_part(tmp_path, i, n, codec) for i, n in enumerate((5, 1, 12, 7))]
    whole = concatenate(pairs, header_for(codec), tmp_path / "whole.h5")
    concatenate([pairs[3], pairs[0]], header_for(codec), tmp_path / "some.h5")
    some = CropCache(tmp_path / "some.h5")
    place = {clip.id: StoredClip(some.path, i) for i, clip in enumerate(some.clips)}
    mixed = [(record, place.get(record.id, stored)) for record, stored in pairs]
    assert concatenate(mixed, header_for(codec), tmp_path / "mixed.h5") == whole
    assert (tmp_path / "mixed.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_another_label_keeps_the_crops_and_changes_the_hash(tmp_path):
    pairs = [make_part(tmp_path, i, n) for i, n in enumerate((5, 12))]
    before = concatenate(pairs, header_for(), tmp_path / "a.h5")
    record, stored = pairs[1]
    after = concatenate([pairs[0], (replace(record, label="fear"), stored)], header_for(), tmp_path / "b.h5")
    assert before != after
    old, new = CropCache(tmp_path / "a.h5").clips, CropCache(tmp_path / "b.h5").clips
    changed = [i for i in range(2) if old[i].hash != new[i].hash]
    assert [new[i].label for i in changed] == ["fear"]
    assert [clip.crops_hash for clip in old] == [clip.crops_hash for clip in new]
    assert verify_cache(tmp_path / "b.h5") == []


def test_versions_wording_and_file_sizes_do_not_change_the_content_hash(tmp_path):
    hashes = set()
    for i, (reason, versions, size) in enumerate(
        (("no codec", {"torch": "2"}, 1), ("cannot", {"torch": "3"}, 2))
    ):
        (tmp_path / str(i)).mkdir()
        pair = make_part(tmp_path / str(i), 0, 0, reason=reason, file_size=size)
        hashes.add(concatenate([pair], header_for(versions=versions), tmp_path / f"{i}.h5"))
    assert len(hashes) == 1


def test_settings_change_the_content_hash(tmp_path):
    pair = make_part(tmp_path, 0, 3)
    other = header_for(crop_settings={"size_px": 32, "key_every": 1})
    assert concatenate([pair], header_for(), tmp_path / "a.h5") != concatenate(
        [pair], other, tmp_path / "b.h5"
    )


@pytest.mark.parametrize("position", [8, 100, -200, -20])  # crops, crops, record, hash of the record
def test_a_damaged_part_is_named_and_the_old_cache_stays(tmp_path, position):
    out = make_cache(tmp_path / "old", lengths=(4,))
    before = out.read_bytes()
    pairs = [make_part(tmp_path, i, 6) for i in range(4)]
    for _, stored in pairs[1:3]:
        data = bytearray(stored.path.read_bytes())
        data[position] ^= 1
        stored.path.write_bytes(data)
    with pytest.raises(DamagedClip, match=pairs[2][0].id):  # test/... comes before val/...
        concatenate(pairs, header_for(), out)
    assert out.read_bytes() == before
    assert not out.with_name("cache.h5.tmp").exists()
    assert damaged_among(pairs, header_for()) == {pairs[1][0].id, pairs[2][0].id}


def test_what_is_gathered_before_writing_changes_no_byte(tmp_path, monkeypatch):
    pairs = [make_part(tmp_path, i, n) for i, n in enumerate((5, 0, 12, 7))]
    concatenate(pairs, header_for(), tmp_path / "one.h5")
    monkeypatch.setattr("vidfer.store.gather.FLUSH_BYTES", 1)
    steps = []
    concatenate(pairs, header_for(), tmp_path / "two.h5", progress=lambda *step: steps.append(step))
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    assert steps == [(i, 4) for i in range(1, 5)]
