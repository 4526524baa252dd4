import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest
from made_up_caches import header_for, make_part

from vidfer.build.join import concatenate
from vidfer.build.label_table import read_label_table
from vidfer.build.relabel import relabel_cache
from vidfer.build.verify import verify_cache
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache

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
    relabelled = [(replace(record, **NEW.get(record.id, {})), stored) for record, stored in pairs]
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
    one, two = CropCache(written), CropCache(tmp_path / "expected.h5")
    assert one.clips == two.clips and one.header == two.header and verify_cache(written) == []
    for i in range(len(LENGTHS)):
        np.testing.assert_array_equal(
            one.read(i, range(LENGTHS[0])[: one.clips[i].n_frames]),
            two.read(i, range(LENGTHS[0])[: two.clips[i].n_frames]),
        )
    assert not list(tmp_path.glob("*.tmp")) and not list(tmp_path.glob("*.parts"))


def test_again_and_again_the_file_does_not_grow(cache, tmp_path):
    first = CropCache(cache.path).content_hash
    sizes, cache_size = [], cache.path.stat().st_size
    for i in range(12):
        label = "sad" if i % 2 else "a label that is longer than all the others"
        relabel_cache(CropCache(cache.path), table_of(tmp_path, f"id,label\nval/clip_0001,{label}\n"))
        sizes.append(cache.path.stat().st_size)
    assert CropCache(cache.path).content_hash == first
    assert sizes[-1] <= cache_size + 12 * 5_000  # HDF5 takes 4 kB for a new text attribute


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


def _cannot(*_):
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize("copy_file_range", [_cannot, lambda *_: 0])
def test_where_the_kernel_cannot_copy(cache, tmp_path, monkeypatch, copy_file_range):
    monkeypatch.setattr("os.copy_file_range", copy_file_range)
    steps = []
    relabel_cache(cache, table_of(tmp_path, TABLE), progress=lambda *step: steps.append(step))
    assert verify_cache(cache.path) == [] and steps


def test_a_full_disk_leaves_everything_as_it_was(cache, tmp_path, monkeypatch):
    before = cache.path.read_bytes()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(VidferError, match=r"the disk is full .*cache.h5 is as it was before"):
        relabel_cache(cache, table_of(tmp_path, TABLE))
    assert cache.path.read_bytes() == before and not list(tmp_path.glob("cache.h5.*"))


def test_damage_is_not_passed_off_as_what_was_written(cache, tmp_path):
    cache.close()
    with h5py.File(cache.path, "a") as file:
        file["clips/n_faces"][2] += 1
    with pytest.raises(VidferError, match=r"clip table .* damaged; `vidfer verify"):
        relabel_cache(CropCache(cache.path), table_of(tmp_path, TABLE))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,label\nval/clip_0001,sad\nclip_0000,sad\nx,sad\n", r"2 of 3 ids .* first 'clip_0000'; similar"),
        ("name,label\na,sad\n", "has no column 'id'; its columns are: name, label"),
        ("id,name\na,sad\n", "has the columns id, name; it needs id and"),
        ("id,label,Label\na,sad,sad\n", "has the column 'label' twice"),
        ("id,label\na,sad\na,happy\n", r"line 3 of .* has the id 'a' a second time"),
        ("id,label\n,sad\n", r"line 2 of .* has no id"),
        ("id,split\na,dev\n", r"line 2 of .* has the split 'dev'; write train"),
        ("id,label\na,sad,x\n", r"line 2 of .* has 3 cells, .* 2 columns"),
        ("id,label\n", "has no row with an id"),
        ("", "has no column 'id'; its columns are: none"),
    ],
)  # fmt: skip
def test_tables_with_mistakes(cache, tmp_path, text, message):
    with pytest.raises(VidferError, match=message):
        relabel_cache(cache, table_of(tmp_path, text))
    with pytest.raises(VidferError, match="there is no table"):
        read_label_table(tmp_path / "nowhere.csv")


def test_killed_at_any_moment_it_is_the_old_cache_or_the_new_one(cache, tmp_path):
    """The process relabels to and fro without end and is killed; what is left is sound, and goes on."""
    code = (
        "import sys; from pathlib import Path; from vidfer.store.reader import CropCache\n"
        "from vidfer.build.relabel import relabel_cache\n"
        "from vidfer.build.label_table import read_label_table\n"
        "print('ready', flush=True)\n"
        "while True:\n"
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
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, env=dict(os.environ)
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert CropCache(cache.path).content_hash in hashes
        assert verify_cache(cache.path) == []
    relabel_cache(CropCache(cache.path), table_of(tmp_path, TABLE))
    assert not list(tmp_path.glob("cache.h5.*"))
    shutil.rmtree(tmp_path / "parts")
