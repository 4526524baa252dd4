from made_up_caches import header_for, make_cache, make_part

from vidfer.build.join import concatenate
from vidfer.store.inspect import inspect_cache, summarise
from vidfer.store.reader import CropCache
from vidfer.store.shard import Shard


def test_the_numbers_of_a_cache(jpeg_cache):
    summary = summarise(CropCache(jpeg_cache))
    assert (summary.n_clips, summary.n_frames) == (5, 25)
    assert summary.counts == {
        ("train", "happy"): 2,
        ("val", "sad"): 1,
        ("test", "happy"): 1,
        ("-", "-"): 1,
    }
    assert summary.subjects == {"-": 1, "test": 1, "train": 2, "val": 1}
    assert sum(summary.status.values()) == 25 and summary.status["missing"] == 1 + 2 + 1
    assert summary.failures == {"unreadable": 1}
    assert abs(summary.video_s - (5 + 12 + 7) / 25) < 1e-9  # of one frame nobody knows how long it lasts
    assert summary.n_bytes == jpeg_cache.stat().st_size


def test_the_page_of_text(jpeg_cache):
    cache = CropCache(jpeg_cache)
    page = inspect_cache(cache)
    assert "5 clips, 25 frames, 1.0 s of video" in page
    assert cache.content_hash in page
    rows = {line.split("  ")[0]: line.split()[-1] for line in page.splitlines() if line}
    assert (rows["train"], rows["val"], rows["test"], rows["no split"], rows["all"]) == (
        "2",
        "1",
        "1",
        "1",
        "5",
    )
    assert "subjects   no split 1, test 1, train 2, val 1" in page
    assert "1 could not be read" in page and f"`vidfer inspect {cache.path} --failures`" in page


def test_what_read_the_clips_is_counted(tmp_path):
    readers = ("decord", "pyav", "decord", "")
    clips = [make_part(tmp_path, i, 2, reader=reader) for i, reader in enumerate(readers)]
    concatenate(clips, header_for(), tmp_path / "c.h5")
    cache = CropCache(tmp_path / "c.h5")
    assert summarise(cache).readers == {"decord": 2, "pyav": 1}
    assert "decord 2 clips, pyav 1 clips" in inspect_cache(cache)


def test_failures_are_counted_by_kind(tmp_path):
    page = inspect_cache(CropCache(make_cache(tmp_path, lengths=[0] * 25)))
    assert "25 could not be read" in page and "no such codec" not in page
    sound = inspect_cache(CropCache(make_cache(tmp_path / "sound", lengths=[5])))
    assert "--failures" not in sound


def test_a_shard_with_a_clip_that_is_cut_short(tmp_path):
    pairs = [make_part(tmp_path, 0, 4), make_part(tmp_path, 1, 3, reason="ends after frame 2")]
    shard = Shard(index=2, count=8, total_clips=1234, list_hash="ab")
    concatenate(pairs, header_for(shard=shard), tmp_path / "c.h5")
    page = inspect_cache(CropCache(tmp_path / "c.h5"))
    assert "shard 2 of 8, of 1,234 clips" in page and "`vidfer merge`" in page
    assert "1 could be read only up to a damaged place" in page and "could not be read" not in page
