import shutil

import h5py
import numpy as np
import pytest
from killed import run_and_kill
from made_up_caches import described, header_for, make_part
from refused import refused

from vidfer.build.join import concatenate
from vidfer.build.label_table import read_label_table
from vidfer.build.relabel import relabel_cache
from vidfer.errors import CacheError, DataError, DiskError
from vidfer.store.reader import CropCache
from vidfer.store.shard import Shard
from vidfer.store.verify import verify_cache

LENGTHS = (5, 1, 12, 7)


@pytest.fixture
def pairs(tmp_path):
    (tmp_path / "parts").mkdir()
    return [make_part(tmp_path / "parts", i, n) for i, n in enumerate(LENGTHS)]


@pytest.fixture
def cache(pairs, tmp_path) -> CropCache:
    concatenate(pairs, header_for(), tmp_path / "cache.h5")
    return CropCache(tmp_path / "cache.h5")


def table_of(tmp_path, text: str):
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    return read_label_table(tmp_path / "labels.csv")


TABLE = (
    "\ufeffID,label,note,split,subject\n"
    "train/clip_0000,Anger,x,validation,person_0\n"
    "more/clip_0003, Happily Surprised ,,,None\n"
    "val/clip_0001,,,val,new\n"
)
NEW = {
    "train/clip_0000": {"label": "angry", "split": "val", "subject": "person_0"},
    "more/clip_0003": {"label": "happily_surprised", "split": None, "subject": None},
    "val/clip_0001": {"label": None, "split": "val", "subject": "new"},
}


@pytest.mark.parametrize("in_place", [True, False])
def test_the_result_is_what_is_built_with_these_labels(pairs, cache, tmp_path, in_place):
    relabelled = [described(stored, **NEW.get(stored.record.id, {})) for stored in pairs]
    expected = concatenate(relabelled, header_for(), tmp_path / "expected.h5")
    before, out = cache.path.read_bytes(), tmp_path / "out.h5"
    done = relabel_cache(cache, table_of(tmp_path, TABLE), None if in_place else out)
    assert done.n_changed == 3 and done.content_hash == expected != cache.content_hash
    assert done.changes == {
        ("label", "happy", "angry"): 1,
        ("split", "train", "val"): 1,
        ("label", None, "happily_surprised"): 1,
        ("subject", "person_3", None): 1,
        ("label", "sad", None): 1,
        ("subject", "person_1", "new"): 1,
    }
    written = cache.path if in_place else out
    assert in_place or cache.path.read_bytes() == before
    assert written.read_bytes() == (tmp_path / "expected.h5").read_bytes()
    assert verify_cache(written) == []
    assert not list(tmp_path.glob("*.tmp")) and not list(tmp_path.glob("*.parts"))


def test_relabelled_to_and_fro_it_is_the_same_file(cache, tmp_path):
    before = cache.path.read_bytes()
    for label in ("a label that is longer than all the others", "sad"):
        relabel_cache(CropCache(cache.path), table_of(tmp_path, f"id,label\nval/clip_0001,{label}\n"))
    assert cache.path.read_bytes() == before


def test_a_shard_stays_a_shard(pairs, tmp_path):
    shard = Shard(index=1, count=2, total_clips=8, list_hash="ab")
    concatenate(pairs, header_for(shard=shard), tmp_path / "shard.h5")
    relabel_cache(CropCache(tmp_path / "shard.h5"), table_of(tmp_path, TABLE))
    assert CropCache(tmp_path / "shard.h5").header.shard == shard


def test_nothing_new_writes_nothing(cache, tmp_path):
    before = cache.path.stat()
    done = relabel_cache(cache, table_of(tmp_path, "id,label\nval/clip_0001,SADNESS\n"))
    assert (done.n_changed, done.content_hash) == (0, cache.content_hash)
    after = cache.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_text_cannot_hold_is_spelt_out(cache, tmp_path):
    relabel_cache(cache, table_of(tmp_path, "id,label\nval/clip_0001,happy\0\n"))
    assert CropCache(cache.path).clips[-1].label == r"happy\0"
    assert verify_cache(cache.path) == []


def test_a_reader_at_work_keeps_the_old_cache(cache, tmp_path):
    crops = cache.read(0, [0, 1])
    relabel_cache(CropCache(cache.path), table_of(tmp_path, TABLE))
    np.testing.assert_array_equal(cache.read(0, [0, 1]), crops)
    assert {clip.id: clip.label for clip in cache.clips}["val/clip_0001"] == "sad"


def test_a_full_disk_leaves_everything_as_it_was(cache, tmp_path, monkeypatch):
    before = cache.path.read_bytes()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with refused(DiskError, "full", cache.path, "as it was"):
        relabel_cache(cache, table_of(tmp_path, TABLE))
    assert cache.path.read_bytes() == before and not list(tmp_path.glob("cache.h5.*"))


@pytest.mark.parametrize(("where", "index"), [("clips/n_faces", 0), ("jpeg", 200)])
def test_damage_is_not_passed_off_as_what_was_written(cache, tmp_path, where, index):
    cache.close()
    with h5py.File(cache.path, "a") as file:
        file[where][index] ^= 4
    damaged = CropCache(cache.path)
    with refused(CacheError, damaged.clips[0].id, cache.path, "vidfer verify"):
        relabel_cache(damaged, table_of(tmp_path, TABLE))
    assert not list(tmp_path.glob("cache.h5.*"))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("id,label\nval/clip_0001,sad\nclip_0000,sad\nx,sad\n", ["2 of 3", "'clip_0000'", "train/clip_0000"]),
        ("name,label\na,sad\n", ["'id'", "name, label"]),
        ("id,name\na,sad\n", ["id, name", "label, subject, split"]),
        ("id,label,Label\na,sad,sad\n", ["'label'", "twice"]),
        ("id,label\na,sad\na,happy\n", ["line 3", "'a'"]),
        ("id,label\n,sad\n", ["line 2", "id"]),
        ("id,split\na,dev\n", ["line 2", "'dev'", "train"]),
        ("id,label\na,sad,x\n", ["line 2", "3 cells", "2 columns"]),
        ("id,label\n", ["id"]),
        ("", ["'id'"]),
    ],
)  # fmt: skip
def test_tables_with_mistakes(cache, tmp_path, text, facts):
    with refused(DataError, tmp_path / "labels.csv", *facts):
        relabel_cache(cache, table_of(tmp_path, text))


def test_a_table_that_is_not_there(tmp_path):
    with refused(DataError, tmp_path / "nowhere.csv"):
        read_label_table(tmp_path / "nowhere.csv")


def test_killed_at_any_moment_it_is_the_old_cache_or_the_new_one(cache, tmp_path):
    """The process relabels to and fro without end and is killed; what is left is sound, and goes on."""
    code = (
        "import sys; from pathlib import Path; from vidfer.store.reader import CropCache\n"
        "from vidfer.build.relabel import relabel_cache\n"
        "from vidfer.build.label_table import read_label_table\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    print(flush=True)  # fails, and so ends, when the test is gone\n"
        "    for name in ('a.csv', 'b.csv'):\n"
        "        relabel_cache(CropCache('cache.h5'), read_label_table(Path(name)))\n"
    )
    hashes = set()
    for name, label in (("a.csv", "fear"), ("b.csv", "a rather long label")):
        (tmp_path / name).write_text(f"id,label\nval/clip_0001,{label}\n")
        table = read_label_table(tmp_path / name)
        hashes.add(relabel_cache(cache, table, tmp_path / f"{name}.h5").content_hash)
    hashes.add(cache.content_hash)
    rng = np.random.default_rng(0)
    for _ in range(6):
        run_and_kill(code, tmp_path, rng.uniform(0, 0.1))
        assert CropCache(cache.path).content_hash in hashes
        assert verify_cache(cache.path) == []
    relabel_cache(CropCache(cache.path), table_of(tmp_path, TABLE))
    assert not list(tmp_path.glob("cache.h5.*"))
    shutil.rmtree(tmp_path / "parts")


def test_other_spellings_of_an_id_find_the_clip(tmp_path):
    """The disk has the name in NFD, as macOS writes it; tables have it in NFC or with backslashes."""
    nfc, nfd = "z\xf6e/1.avi", "zo\u0308e/1.avi"
    parts = [make_part(tmp_path, i, 3, id=name) for i, name in enumerate((nfd, "b/2.avi"))]
    concatenate(parts, header_for(), tmp_path / "cache.h5")
    cache = CropCache(tmp_path / "cache.h5")
    relabel_cache(cache, table_of(tmp_path, f"id,label\n{nfc},fear\nb\\2.avi,sad\n"))
    assert {c.id: c.label for c in CropCache(cache.path).clips} == {nfd: "fear", "b/2.avi": "sad"}
    with refused(DataError, "labels.csv", "b/2.avi", "b\\2.avi"):
        relabel_cache(cache, table_of(tmp_path, "id,label\nb/2.avi,fear\nb\\2.avi,sad\n"))
