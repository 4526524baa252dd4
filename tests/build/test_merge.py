import h5py
import pytest
from killed import run_and_kill
from made_up_caches import clip_record, described, header_for, make_cache, make_part
from refused import refused

from vidfer.build.join import concatenate
from vidfer.build.merge import merge_caches
from vidfer.errors import CacheError, SettingError
from vidfer.store.reader import CropCache
from vidfer.store.shard import Shard
from vidfer.store.verify import verify_cache

LENGTHS = (5, 1, 12, 0, 7, 3)


@pytest.fixture
def pairs(tmp_path):
    """Parts of six clips; one could not be read."""
    return [make_part(tmp_path, i, n, reason="" if n else "no such codec") for i, n in enumerate(LENGTHS)]


def write(path, pairs, **header) -> CropCache:
    concatenate(pairs, header_for(**header), path)
    cache = CropCache(path)
    cache.close()
    return cache


def shard_of(index: int, count: int) -> Shard:
    return Shard(index=index, count=count, total_clips=len(LENGTHS), list_hash="ab")


def test_merged_is_what_is_built_in_one_go(pairs, tmp_path):
    whole = write(tmp_path / "whole.h5", pairs)
    for i in range(3):
        write(tmp_path / f"{i}.h5", pairs[i::3])
    merged = merge_caches([tmp_path / f"{i}.h5" for i in (2, 0, 1)], tmp_path / "all.h5")
    assert (merged.n_clips, merged.n_duplicates, merged.content_hash) == (6, 0, whole.content_hash)
    assert (tmp_path / "all.h5").read_bytes() == whole.path.read_bytes()
    assert not list(tmp_path.glob("all.h5.*"))


def test_each_cache_is_opened_once(pairs, tmp_path, monkeypatch):
    a, b = write(tmp_path / "a.h5", pairs[::2]), write(tmp_path / "b.h5", pairs[1::2])
    opened = []
    monkeypatch.setattr(
        "vidfer.build.stored_clips.CropCache", lambda path: opened.append(path) or CropCache(path)
    )
    merge_caches([a.path, b.path], tmp_path / "all.h5")
    assert sorted(path for path in opened if path in (a.path, b.path)) == [a.path, b.path]


def test_the_same_clip_in_two_caches_is_one(pairs, tmp_path):
    a, b = write(tmp_path / "a.h5", pairs[:4]), write(tmp_path / "b.h5", pairs[2:])
    merged = merge_caches([a.path, b.path], tmp_path / "all.h5")
    assert (merged.n_clips, merged.n_duplicates) == (6, 2)
    assert merged.content_hash == write(tmp_path / "whole.h5", pairs).content_hash


def test_two_clips_of_one_id_are_told_and_kept_by_a_prefix(pairs, tmp_path):
    (tmp_path / "other").mkdir()
    other = make_part(tmp_path / "other", 0, 5, label="fear")
    a, b = write(tmp_path / "a.h5", pairs), write(tmp_path / "b.h5", [other])
    with refused(CacheError, "'train/clip_0000'", a.path, b.path, "(label fear, happy)", "--prefix-ids"):
        merge_caches([a.path, b.path], tmp_path / "all.h5")
    assert not (tmp_path / "all.h5").exists()
    merged = merge_caches([a.path, b.path], tmp_path / "all.h5", prefix_ids=True)
    labels = {clip.id: clip.label for clip in CropCache(tmp_path / "all.h5").clips}
    assert merged.n_clips == len(labels) == 7
    assert (labels["a/train/clip_0000"], labels["b/train/clip_0000"]) == ("happy", "fear")
    assert verify_cache(tmp_path / "all.h5") == []


def test_other_crops_under_the_same_description_are_not_the_same_clip(pairs, tmp_path):
    (tmp_path / "other").mkdir()
    a = write(tmp_path / "a.h5", pairs)
    b = write(tmp_path / "b.h5", [make_part(tmp_path / "other", 0, 6)])
    with refused(CacheError, clip_record(0).id, "crops", a.path, b.path):
        merge_caches([a.path, b.path], tmp_path / "all.h5")


def test_other_settings_are_named(pairs, tmp_path):
    a = write(tmp_path / "a.h5", pairs[:2])
    b = write(tmp_path / "b.h5", pairs[2:], crop_settings={"size_px": 32, "key_every": 1})
    with refused(CacheError, a.path, b.path, "(key_every: there 1, wanted 4)"):
        merge_caches([a.path, b.path], tmp_path / "all.h5")


def test_versions_that_differ_are_all_kept(pairs, tmp_path):
    a = write(tmp_path / "a.h5", pairs[:2], versions={"torch": "2.14"})
    b = write(tmp_path / "b.h5", pairs[2:4], versions={"torch": "2.15"})
    c = write(tmp_path / "c.h5", pairs[4:], versions={"torch": "2.15"})
    merge_caches([a.path, b.path], tmp_path / "ab.h5")
    merge_caches([tmp_path / "ab.h5", c.path], tmp_path / "all.h5")
    assert CropCache(tmp_path / "all.h5").header.versions == {"torch": "2.14 and 2.15"}
    assert verify_cache(tmp_path / "all.h5") == []


def test_a_missing_shard_is_named(pairs, tmp_path):
    for i in range(3):
        concatenate(pairs[i::3], header_for(shard=shard_of(i + 1, 3)), tmp_path / f"{i}.h5")
    paths = [tmp_path / f"{i}.h5" for i in range(3)]
    with refused(CacheError, paths[0], "3 shards", "2/3", "--partial"):
        merge_caches(paths[::2], tmp_path / "all.h5")
    assert merge_caches(paths[::2], tmp_path / "some.h5", partial=True).n_clips == 4
    assert merge_caches(paths, tmp_path / "all.h5").n_clips == 6
    assert CropCache(tmp_path / "all.h5").header.shard is None


def test_the_only_shard_of_a_job_that_was_not_split(pairs, tmp_path):
    whole = write(tmp_path / "whole.h5", pairs)
    concatenate(pairs, header_for(shard=shard_of(1, 1)), tmp_path / "1.h5")
    merged = merge_caches([tmp_path / "1.h5"], tmp_path / "all.h5")
    assert merged.content_hash == whole.content_hash and CropCache(tmp_path / "all.h5").header.shard is None
    concatenate(pairs, header_for(shard=shard_of(1, 2)), tmp_path / "1.h5")
    with refused(CacheError, tmp_path / "1.h5", "2/2"):
        merge_caches([tmp_path / "1.h5"], tmp_path / "new.h5")


def test_nothing_is_overwritten_by_accident(pairs, tmp_path):
    a, b = write(tmp_path / "a.h5", pairs[:3]), write(tmp_path / "b.h5", pairs[3:])
    before = a.path.read_bytes()
    for overwrite in (False, True):
        with refused(SettingError, a.path, "--out"):
            merge_caches([a.path, b.path], a.path, overwrite=overwrite)
    out = make_cache(tmp_path / "old")
    with refused(SettingError, out, "--overwrite"):
        merge_caches([a.path, b.path], out)
    with refused(SettingError, a.path, "two"):
        merge_caches([a.path, a.path], tmp_path / "new.h5")
    assert merge_caches([a.path, b.path], out, overwrite=True).n_clips == 6
    assert a.path.read_bytes() == before


def test_damage_is_not_passed_on(pairs, tmp_path):
    a, b = write(tmp_path / "a.h5", pairs[:3]), write(tmp_path / "b.h5", pairs[3:])
    with h5py.File(b.path, "a") as file:
        file["jpeg"][200] ^= 4
    with refused(CacheError, b.path, "vidfer verify"):
        merge_caches([a.path, b.path], tmp_path / "all.h5")
    assert not list(tmp_path.glob("all.h5*"))


def test_killed_at_any_moment_the_result_is_whole(pairs, tmp_path):
    """The process merges one pair and another without end and is killed; the next start is not disturbed."""
    for name, some in (("a", pairs[:2]), ("b", pairs[2:4]), ("c", pairs[4:])):
        write(tmp_path / f"{name}.h5", some)
    code = (
        "from pathlib import Path; from vidfer.build.merge import merge_caches\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    print(flush=True)  # fails, and so ends, when the test is gone\n"
        "    for other in ('b.h5', 'c.h5'):\n"
        "        merge_caches([Path('a.h5'), Path(other)], Path('all.h5'), overwrite=True)\n"
    )
    for seconds in (0.0, 0.013, 0.031, 0.057, 0.1):
        run_and_kill(code, tmp_path, seconds)
        if (tmp_path / "all.h5").exists():  # the first one may have been killed before
            assert verify_cache(tmp_path / "all.h5") == []
    merge_caches([tmp_path / "a.h5", tmp_path / "b.h5"], tmp_path / "all.h5", overwrite=True)
    assert (tmp_path / "all.h5").read_bytes() == write(tmp_path / "w.h5", pairs[:4]).path.read_bytes()
    assert not list(tmp_path.glob("all.h5.*"))


def test_one_person_in_two_caches_in_two_spellings_is_one(pairs, tmp_path):
    """The id of the third clip is in both caches, the same but for the spelling of its subject."""
    spelt = [described(stored, subject="PERSON_2") if i == 2 else stored for i, stored in enumerate(pairs)]
    a, b = write(tmp_path / "a.h5", pairs[:3]), write(tmp_path / "b.h5", spelt[2:])
    for paths in ([a.path, b.path], [b.path, a.path]):
        merged = merge_caches(paths, tmp_path / "all.h5", overwrite=True)
        assert (merged.n_clips, merged.n_duplicates) == (6, 1)
        assert merged.content_hash == write(tmp_path / "whole.h5", pairs).content_hash
    other = write(tmp_path / "c.h5", [described(pairs[2], subject="PERSON_2", split="val")])
    with refused(CacheError, pairs[2].record.id, "split val", "a.h5"):
        merge_caches([a.path, other.path], tmp_path / "new.h5")


def test_clips_of_one_person_from_two_caches_get_one_spelling(pairs, tmp_path):
    loud = [described(stored, subject=stored.record.subject.upper()) for stored in pairs]
    a, b = write(tmp_path / "a.h5", pairs[:3]), write(tmp_path / "b.h5", loud[3:])
    merge_caches([a.path, b.path], tmp_path / "all.h5")
    found = [record.subject for record in CropCache(tmp_path / "all.h5").records]
    # person_0 is in both (clips 0 and 5); 3 and 4 are in the second cache only, and stay as they are.
    assert sorted(found) == ["PERSON_3", "PERSON_4", "person_0", "person_0", "person_1", "person_2"]
