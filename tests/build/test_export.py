import shutil

import h5py
import pytest
from crop_caches import write_cache
from made_up_caches import header_for, make_cache, make_part
from refused import refused

from vidfer.build.export import export_clips
from vidfer.build.join import concatenate
from vidfer.build.lock import sole_writer
from vidfer.errors import CacheError, DataError, DiskError, SettingError
from vidfer.store.reader import CropCache
from vidfer.store.select import ClipFilter, select_clips

CLIPS = [
    {"id": "train/a.mp4", "label": "happy", "subject": "p1", "split": "train", "source": "afew"},
    {"id": "train/b.mp4", "label": "sad", "subject": "p2", "split": "train", "source": "afew"},
    {"id": "val/c.mp4", "label": "sad", "subject": "p3", "split": "val", "source": "folder", "status": "mm"},
    {"id": "val/d.mp4", "split": "val", "status": "mdd"},
    {"id": "zz/a.mp4", "status": "d"},
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> CropCache:
    return write_cache(tmp_path_factory.mktemp("export") / "cache.h5", CLIPS)


@pytest.mark.parametrize(
    ("options", "selected"),
    [
        ({"split": ("train",)}, [0, 1]),
        ({"split": ("train", "val"), "label": ("sad",)}, [1, 2]),
        ({"split": ("none",)}, [4]),
        ({"label": ("none", "happy")}, [0, 3, 4]),
        ({"subject": ("p2", "p3")}, [1, 2]),
        ({"source": ("folder",)}, [2, 3, 4]),
        ({"clip": ("zz/a.mp4", "train/b.mp4")}, [1, 4]),
        ({"with_face": True}, [0, 1, 3, 4]),
        ({"without_face": True}, [2]),
        ({"with_face": True, "split": ("val",)}, [3]),
    ],
)
def test_what_is_selected(cache, options, selected):
    assert select_clips(cache, ClipFilter(**options)) == selected


def test_a_file_of_ids(cache, tmp_path):
    (tmp_path / "ids.txt").write_text("\ufeffzz/a.mp4\r\n\ntrain/b.mp4\ntrain/b.mp4\n", encoding="utf-8")
    assert select_clips(cache, ClipFilter(ids=tmp_path / "ids.txt")) == [1, 4]
    assert select_clips(cache, ClipFilter(ids=tmp_path / "ids.txt", clip=("val/c.mp4",))) == [1, 2, 4]
    (tmp_path / "ids.txt").write_text("zz/a.mp4\nc.mp4\nnobody\n")
    with refused(DataError, "2 of 3", tmp_path / "ids.txt", cache.path, "'c.mp4'", "val/c.mp4"):
        select_clips(cache, ClipFilter(ids=tmp_path / "ids.txt"))
    (tmp_path / "ids.txt").write_text("\n")
    with refused(DataError, tmp_path / "ids.txt", "empty"):
        select_clips(cache, ClipFilter(ids=tmp_path / "ids.txt"))


@pytest.mark.parametrize(
    ("options", "kind", "facts"),
    [
        ({"clip": ("b.mp4",)}, DataError, ["'b.mp4'", "train/b.mp4"]),
        ({}, SettingError, ["--split", "--label", "--without-face"]),
        ({"label": ("hapy",)}, SettingError, ["label 'hapy'", "happy"]),
        ({"subject": ("x",)}, SettingError, ["subject 'x'", "none, p1, p2, p3"]),
        ({"split": ("train",), "without_face": True}, SettingError, ["5 clips"]),
    ],
)
def test_a_filter_that_nothing_matches(cache, options, kind, facts):
    with refused(kind, cache.path, *facts):
        select_clips(cache, ClipFilter(**options))


def test_no_clip_is_with_and_without_a_face():
    with refused(SettingError, "--with-face", "--without-face"):
        ClipFilter(with_face=True, without_face=True)


def test_a_subset_is_what_is_built_of_its_clips(tmp_path):
    pairs = [make_part(tmp_path, i, n) for i, n in enumerate((5, 1, 12, 7))]
    concatenate(pairs, header_for(), tmp_path / "whole.h5")
    content = concatenate(pairs[1:3], header_for(), tmp_path / "some.h5")
    cache = CropCache(tmp_path / "whole.h5")
    wanted = {stored.record.id for stored in pairs[1:3]}
    positions = [index for index, clip in enumerate(cache.clips) if clip.id in wanted]
    steps = []
    assert export_clips(cache, positions, tmp_path / "out.h5", progress=lambda *s: steps.append(s)) == content
    assert (tmp_path / "out.h5").read_bytes() == (tmp_path / "some.h5").read_bytes()
    assert steps == [(1, 2), (2, 2)]
    copy = CropCache(shutil.copy(tmp_path / "whole.h5", tmp_path / "copy.h5"))
    assert export_clips(copy, positions, copy.path, overwrite=True) == content
    assert copy.path.read_bytes() == (tmp_path / "some.h5").read_bytes()


def test_a_link_to_a_cache_stays_one(tmp_path):
    (tmp_path / "disk").mkdir()
    path = make_cache(tmp_path / "disk")
    (tmp_path / "link.h5").symlink_to(path)
    export_clips(CropCache(tmp_path / "link.h5"), [0], tmp_path / "link.h5", overwrite=True)
    assert (tmp_path / "link.h5").is_symlink() and len(CropCache(path)) == 1


def test_what_keeps_a_cache_from_being_written(cache, tmp_path):
    with refused(SettingError, cache.path):
        export_clips(cache, [], tmp_path / "new.h5")
    with refused(SettingError, cache.path, "--overwrite"):
        export_clips(cache, [0], cache.path)
    (tmp_path / "there.h5").touch()
    with refused(SettingError, tmp_path / "there.h5", "--overwrite"):
        export_clips(cache, [0], tmp_path / "there.h5")
    with refused(SettingError, tmp_path, "folder"):
        export_clips(cache, [0], tmp_path)
    with refused(DiskError, tmp_path / "there.h5" / "x.h5", "as it was"):
        export_clips(cache, [0], tmp_path / "there.h5" / "x.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.h5"]


def test_the_second_writer_is_refused(cache, tmp_path):
    out = tmp_path / "c.h5"
    with sole_writer(tmp_path / "c.h5.parts", out), refused(CacheError, out, "process"):
        export_clips(cache, [0], out)


def test_a_full_disk_leaves_everything_as_it_was(cache, tmp_path, monkeypatch):
    copy = CropCache(shutil.copy(cache.path, tmp_path / "copy.h5"))
    before = copy.path.read_bytes()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with refused(DiskError, "full", copy.path, "as it was"):
        export_clips(copy, [0], copy.path, overwrite=True)
    assert copy.path.read_bytes() == before and list(tmp_path.iterdir()) == [copy.path]


def test_a_cache_that_changed_meanwhile_is_left_alone(tmp_path):
    cache = CropCache(make_cache(tmp_path))
    make_cache(tmp_path / "other", lengths=(3,)).replace(cache.path)
    with refused(CacheError, cache.path, "replaced"):
        export_clips(cache, [0, 1], cache.path, overwrite=True)
    assert len(CropCache(cache.path)) == 1


def test_damage_is_not_passed_on(tmp_path):
    path = make_cache(tmp_path)
    with h5py.File(path, "a") as file:
        file["frames/score"][:] = 0.5
    cache = CropCache(path)
    with refused(CacheError, cache.clips[1].id, path, "vidfer verify"):
        export_clips(cache, [1], tmp_path / "out.h5")
    assert not list(tmp_path.glob("out.h5*"))


def test_a_filter_takes_any_spelling_of_a_name(tmp_path):
    people = ("Ann", "ann", "z\xf6e", "Bob")
    cache = write_cache(
        tmp_path / "c.h5",
        [{"id": str(i), "label": "happy", "subject": who} for i, who in enumerate(people)],
    )
    found = [select_clips(cache, ClipFilter(subject=(name,))) for name in ("ANN", "zo\u0308e", "Bob")]
    assert found == [[0, 1], [2], [3]]
    assert select_clips(cache, ClipFilter(label=("HAPPY",))) == [0, 1, 2, 3]
    export_clips(cache, [0, 1], tmp_path / "out.h5")
    assert [record.subject for record in CropCache(tmp_path / "out.h5").records] == ["Ann", "ann"]
