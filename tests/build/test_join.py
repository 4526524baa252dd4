from dataclasses import replace

import pytest
from made_up_caches import described, header_for, make_cache, make_part
from refused import refused

from vidfer.build.join import concatenate
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.stored_clips import DamagedClip, StoredClip
from vidfer.errors import DataError
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
    in_some = {clip.id: StoredClip(clip, some.path, i) for i, clip in enumerate(some.clips)}
    mixed = [in_some.get(stored.record.id, stored) for stored in pairs]
    assert concatenate(mixed, header_for(codec), tmp_path / "mixed.h5") == whole
    assert (tmp_path / "mixed.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_another_label_keeps_the_crops_and_changes_the_hash(tmp_path):
    pairs = [make_part(tmp_path, i, n) for i, n in enumerate((5, 12))]
    before = concatenate(pairs, header_for(), tmp_path / "a.h5")
    after = concatenate([pairs[0], described(pairs[1], label="fear")], header_for(), tmp_path / "b.h5")
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
    for stored in pairs[1:3]:
        data = bytearray(stored.path.read_bytes())
        data[position] ^= 1
        stored.path.write_bytes(data)
    with pytest.raises(DamagedClip, match=pairs[2].record.id) as damage:  # test/... comes before val/...
        concatenate(pairs, header_for(), out)
    assert out.read_bytes() == before
    assert not out.with_name("cache.h5.tmp").exists()
    assert damage.value.damaged.keys() <= {pairs[1].record.id, pairs[2].record.id}


def begin(tmp_path, lengths=(5, 1, 12, 7, 3)):
    """A parts folder with finished clips; what to join; the cache that this must become."""
    parts = PartsFolder(tmp_path / "c.h5.parts")
    parts.folder.mkdir()
    pairs = []
    for i, n in enumerate(lengths):
        stored = make_part(tmp_path, i, n)
        pairs.append(replace(stored, path=stored.path.rename(parts.path_of(stored.record))))
    whole = tmp_path / "whole.h5"
    concatenate(pairs, header_for(), whole)
    return parts, pairs, whole.read_bytes()


class Killed(BaseException):
    pass


def kill_after(n: int):
    def progress(done, total):
        if done == n:
            raise Killed

    return progress


def places_now(pairs, parts):
    """Where each clip is: in its part, or if that is gone in what was joined."""
    joined = CropCache(parts.joined_files()[0])
    index = {clip.id: i for i, clip in enumerate(joined.clips)}
    gone = [stored.record.id for stored in pairs if not stored.path.exists()]
    return [
        replace(stored, path=joined.path, index=index[stored.record.id])
        if stored.record.id in gone
        else stored
        for stored in pairs
    ], len(gone)


@pytest.mark.parametrize("n_before", [1, 2, 4, 5])
def test_parts_are_deleted_on_the_way_and_joining_goes_on_after_a_kill(tmp_path, monkeypatch, n_before):
    monkeypatch.setattr("vidfer.build.join.SYNC_BYTES", 1)
    parts, pairs, whole = begin(tmp_path)
    out = tmp_path / "c.h5"
    with pytest.raises(Killed):
        concatenate(pairs, header_for(), out, kill_after(n_before), parts=parts)
    assert not out.exists()
    pairs, n_gone = places_now(pairs, parts)
    assert n_gone == n_before
    steps = []
    concatenate(pairs, header_for(), out, lambda *step: steps.append(step), parts=parts)
    assert out.read_bytes() == whole and len(steps) == 5
    assert not parts.joined_files() and len(list(parts.folder.iterdir())) == 0


def test_another_list_after_a_kill_begins_another_file_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("vidfer.build.join.SYNC_BYTES", 1)
    parts, pairs, _ = begin(tmp_path)
    out = tmp_path / "c.h5"
    with pytest.raises(Killed):
        concatenate(pairs, header_for(), out, kill_after(3), parts=parts)
    pairs, _ = places_now(pairs, parts)
    changed = [described(stored, label="fear") for stored in pairs]
    concatenate(changed, header_for(), out, parts=parts)
    assert verify_cache(out) == [] and {clip.label for clip in CropCache(out).clips} == {"fear"}
    assert len(parts.joined_files()) == 1  # left to the caller, who removes the folder


def test_what_did_not_arrive_is_seen_although_its_part_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr("vidfer.build.join.SYNC_BYTES", 1)
    parts, pairs, whole = begin(tmp_path)
    out = tmp_path / "c.h5"
    with pytest.raises(Killed):
        concatenate(pairs, header_for(), out, kill_after(2), parts=parts)
    unread = sorted(pairs, key=lambda stored: stored.record.id)[3]  # its place is still empty
    kept = unread.path.rename(tmp_path / "kept.part")
    with pytest.raises(DamagedClip) as damage:
        concatenate(places_now(pairs, parts)[0], header_for(), out, parts=parts)
    assert damage.value.damaged.keys() == {unread.record.id} and not out.exists()
    kept.rename(unread.path)
    concatenate(places_now(pairs, parts)[0], header_for(), out, parts=parts)
    assert out.read_bytes() == whole


def test_two_clips_of_one_id_are_refused(tmp_path):
    pair = make_part(tmp_path, 0, 3)
    with refused(DataError, pair.record.id, pair.path):
        concatenate([pair, pair], header_for(), tmp_path / "c.h5")
    assert not (tmp_path / "c.h5").exists()
