import itertools
import json
import random
from dataclasses import replace

import h5py
import pytest
from build_here import CROPS
from made_up_caches import clip_record
from refused import refused

from vidfer.build.build_cache import build_cache
from vidfer.build.merge import merge_caches
from vidfer.build.settings import BuildSettings
from vidfer.build.shares import BYTES_PER_SECOND, choose_shard, length_of, parse_shard, share_out
from vidfer.clips import find_clips
from vidfer.errors import CacheError, SettingError
from vidfer.store.reader import CropCache


@pytest.mark.parametrize("text", ["9/8", "0/8", "x", "1/0", "2 of 8", "", "-1/4"])
def test_a_share_that_does_not_exist(text):
    with refused(SettingError, "--shard", f"'{text}'", "2/8"):
        parse_shard(text)


def test_shares_are_of_nearly_equal_length():
    lengths = random.Random(0).choices(range(10_000, 5_000_000), k=1000)
    shares = share_out(lengths, 7)
    assert sorted(i for share in shares for i in share) == list(range(1000))
    sums = [sum(lengths[i] for i in share) for share in shares]
    assert max(sums) < 1.002 * min(sums)
    assert all(lengths[a] >= lengths[b] for share in shares for a, b in itertools.pairwise(share))
    assert [len(share) for share in share_out([0] * 12, 4)] == [3] * 4


def test_a_span_of_a_film_is_as_long_as_it_lasts():
    film = replace(clip_record(0), file_size=10**9)
    assert length_of(film) == 10**9
    assert length_of(replace(film, start_s=60.0, end_s=62.0)) == 2 * BYTES_PER_SECOND


def test_shares_depend_on_the_clips_alone():
    records = [clip_record(i, file_size=1000 + 37 * i % 11) for i in range(50)]
    shuffled = random.Random(1).sample(records, 50)
    whole = set()
    for i in range(1, 6):
        shard, ids = choose_shard(records, i, 5)
        assert (shard, ids) == choose_shard(shuffled, i, 5)
        assert (shard.index, shard.count, shard.total_clips) == (i, 5, 50)
        assert not whole & ids
        whole |= ids
    assert whole == {record.id for record in records}
    relabelled = [replace(record, label="fear") for record in records]
    assert choose_shard(relabelled, 1, 5)[0] == choose_shard(records, 1, 5)[0]
    other = [replace(records[0], file_size=99), *records[1:]]
    assert choose_shard(other, 1, 5)[0].list_hash != choose_shard(records, 1, 5)[0].list_hash


def test_more_shares_than_clips():
    with refused(SettingError, "--shard 1/4", "3 clips"):
        choose_shard([clip_record(i) for i in range(3)], 1, 4)


def test_jobs_that_do_not_talk_make_what_one_would_have_made(studio_clips, tmp_path):
    clips = find_clips("actors", studio_clips)
    whole = build_cache(clips, tmp_path / "whole.h5", CROPS, BuildSettings())
    reports = [
        build_cache(clips, tmp_path / "c.h5", CROPS, BuildSettings(), shard=f"{i}/3") for i in (1, 2, 3)
    ]
    paths = [report.out for report in reports]
    assert [path.name for path in paths] == ["c.1of3.h5", "c.2of3.h5", "c.3of3.h5"]
    assert sum(report.n_clips for report in reports) == 8
    shards = [CropCache(path).header.shard for path in paths]
    assert [shard.index for shard in shards] == [1, 2, 3] and len({s.list_hash for s in shards}) == 1
    assert CropCache(tmp_path / "whole.h5").header.shard is None
    with h5py.File(paths[1], "r") as file:
        assert (file.attrs["shard_index"], file.attrs["shard_count"]) == (2, 3)
        assert file.attrs["shard_total_clips"] == 8 and len(file.attrs["shard_list_hash"]) == 64
    with refused(CacheError, "2/3", paths[0]):
        merge_caches([paths[0], paths[2]], tmp_path / "merged.h5")
    assert merge_caches(paths[::-1], tmp_path / "merged.h5").content_hash == whole.content_hash
    assert json.dumps(CropCache(tmp_path / "merged.h5").settings) == json.dumps(
        CropCache(tmp_path / "whole.h5").settings
    )
    before = paths[1].stat()
    again = build_cache(clips, tmp_path / "c.h5", CROPS, BuildSettings(), shard="2/3")
    assert again.n_new == 0 and paths[1].stat().st_ino == before.st_ino
