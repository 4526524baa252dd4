import os
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from refused import refused

from vidfer.actors.encode import encode
from vidfer.build import read_clips
from vidfer.build.build_cache import build_cache
from vidfer.build.lock import sole_writer
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import CacheError, DataError, DiskError
from vidfer.store.reader import CropCache
from vidfer.store.verify import verify_cache

CROPS = CropSettings(size_px=48)


@pytest.fixture(scope="module")
def clips(studio_clips) -> list[Clip]:
    return find_clips("actors", studio_clips)


@pytest.fixture(scope="module")
def built(clips, tmp_path_factory):
    """A cache of the studio clips, made by one worker; not to be changed."""
    out = tmp_path_factory.mktemp("built") / "studio.h5"
    steps, joined = [], []
    report = build_cache(
        clips,
        out,
        CROPS,
        BuildSettings(workers=1),
        progress=lambda *step: steps.append(step),
        join_progress=lambda *step: joined.append(step),
    )
    assert joined == [(i, 8) for i in range(1, 9)]
    return out, report, steps


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copy(built[0], tmp_path / "copy.h5")


def test_a_cache_holds_what_the_clips_show(clips, built):
    out, report, steps = built
    cache = CropCache(out)
    assert [clip.id for clip in cache.clips] == sorted(clip.id for clip in clips)
    for cached, clip in zip(cache.clips, sorted(clips, key=lambda clip: clip.id)):
        assert (cached.label, cached.subject, cached.split, cached.source) == (
            clip.label,
            clip.subject,
            clip.split,
            clip.source,
        )
        assert cached.n_frames == 20 and cached.n_faces >= 19
        assert clip.path.as_posix().endswith(cached.path)
    crops = cache.read(0, range(20))
    assert crops.shape == (20, 3, 3, 48, 48) and crops.std() > 20
    assert verify_cache(out) == []
    assert (report.n_clips, report.n_new, report.n_without_face, report.n_others) == (8, 8, 0, 0)
    assert report.failures == report.cut_short == []
    assert report.n_frames == 160 and report.content_hash == cache.content_hash
    assert steps == [(i, 8) for i in range(9)]
    assert list(out.parent.iterdir()) == [out]


def test_the_number_of_workers_changes_no_byte(clips, built, tmp_path):
    build_cache(clips[::-1], tmp_path / "two.h5", CROPS, BuildSettings(workers=2))
    assert (tmp_path / "two.h5").read_bytes() == built[0].read_bytes()


def test_another_place_gives_the_same_content(clips, studio_clips, built, tmp_path):
    shutil.copytree(studio_clips, tmp_path / "moved")
    moved = find_clips("actors", tmp_path / "moved")
    report = build_cache(moved, tmp_path / "moved.h5", CROPS, BuildSettings(workers=2))
    assert report.content_hash == built[1].content_hash


def test_nothing_to_do_reads_nothing_and_writes_nothing(clips, copy):
    before = copy.stat()  # with the number of the file: it is not even replaced by an equal one
    report = build_cache(clips, copy, CROPS, BuildSettings())
    assert report.n_new == 0 and report.n_clips == 8
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(copy.parent.iterdir()) == [copy]


def test_a_new_label_needs_no_decoding(clips, built, copy):
    changed = [replace(clips[0], label="sad", path=clips[0].path), *clips[1:]]
    report = build_cache(changed, copy, CROPS, BuildSettings())
    assert report.n_new == 0 and report.content_hash != built[1].content_hash
    assert {clip.id: clip.label for clip in CropCache(copy).clips}[clips[0].id] == "sad"
    again = build_cache(clips, copy, CROPS, BuildSettings())
    assert again.content_hash == built[1].content_hash


def test_added_clips_alone_are_read_and_end_in_the_same_bytes(clips, built, tmp_path):
    out = tmp_path / "grown.h5"
    build_cache(clips[:-2], out, CROPS, BuildSettings())
    report = build_cache(clips, out, CROPS, BuildSettings())
    assert report.n_new == 2
    assert out.read_bytes() == built[0].read_bytes()


def test_too_little_room_to_grow_is_told_before_the_work(clips, tmp_path, monkeypatch):
    out = tmp_path / "c.h5"
    build_cache(clips[:1], out, CROPS, BuildSettings(workers=1))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with refused(DiskError, out, "0.0 GB"):
        build_cache(clips[:2], out, CROPS, BuildSettings(workers=1))
    assert list(tmp_path.iterdir()) == [out]


@pytest.fixture
def interrupted(clips, tmp_path, monkeypatch):
    """A build that stopped when all clips had parts."""
    monkeypatch.setattr("vidfer.build.builder.concatenate", _stop)
    with pytest.raises(KeyboardInterrupt):
        build_cache(clips, tmp_path / "c.h5", CROPS, BuildSettings(workers=1))
    monkeypatch.undo()
    return tmp_path / "c.h5", sorted((tmp_path / "c.h5.parts").glob("*.part"))


def _stop(*_, **__):
    raise KeyboardInterrupt


def test_clips_of_spoilt_parts_are_read_anew_in_the_same_run(clips, built, interrupted):
    out, parts = interrupted
    parts[0].write_bytes(b"")  # what a power cut leaves: nothing, zeros, half a file
    parts[3].write_bytes(b"\0" * parts[3].stat().st_size)
    parts[5].write_bytes(parts[5].read_bytes()[:-1000])
    steps = []
    report = build_cache(
        clips, out, CROPS, BuildSettings(workers=1), progress=lambda *step: steps.append(step)
    )
    assert report.n_new == 3 and steps == [(8, 8), (5, 8), (6, 8), (7, 8), (8, 8)]
    assert out.read_bytes() == built[0].read_bytes()
    assert list(out.parent.iterdir()) == [out]


def test_what_was_joined_is_never_thrown_away_in_silence(clips, built, interrupted):
    out, _ = interrupted
    joined = PartsFolder.beside(out).new_joined_file()
    joined.write_bytes(b"damaged")
    with refused(CacheError, joined, "delete"):
        build_cache(clips, out, CROPS, BuildSettings(workers=1))
    joined.unlink()
    assert build_cache(clips, out, CROPS, BuildSettings(workers=1)).n_new == 0
    assert out.read_bytes() == built[0].read_bytes()


def test_a_kill_while_joining_goes_on_without_reading(clips, built, interrupted, monkeypatch):
    out, parts = interrupted
    monkeypatch.setattr("vidfer.build.join.SYNC_BYTES", 1)

    def kill(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_cache(clips, out, CROPS, BuildSettings(workers=1), join_progress=kill)
    assert sum(part.exists() for part in parts) == 3
    report = build_cache(clips, out, CROPS, BuildSettings(workers=1))
    assert report.n_new == 0 and out.read_bytes() == built[0].read_bytes()
    assert list(out.parent.iterdir()) == [out]


def test_a_disk_that_spoils_parts_again_and_again_stops_the_build(clips, interrupted, monkeypatch):
    out, _ = interrupted
    monkeypatch.setattr("vidfer.build.stored_clips.clip_digest", lambda *_: "another")
    with refused(DiskError, "again", out.with_name("c.h5.parts"), "check the disk"):
        build_cache(clips, out, CROPS, BuildSettings(workers=1))
    assert not out.exists()


def test_clips_are_never_dropped_in_silence(clips, copy):
    before = copy.read_bytes()
    with refused(CacheError, copy, "1 clips", "7", f"'{clips[0].id}'", "--add", "--overwrite"):
        build_cache(clips[1:], copy, CROPS, BuildSettings())
    assert copy.read_bytes() == before and list(copy.parent.iterdir()) == [copy]
    report = build_cache(clips[1:], copy, CROPS, BuildSettings(overwrite=True))
    assert report.n_clips == 7 and report.n_new == 0


@pytest.mark.parametrize("add", [False, True])
def test_a_folder_that_could_not_be_read_makes_room_for_its_clips(clips, copy, tmp_path, add):
    (tmp_path / "closed").mkdir()  # empty: as one that is closed, it cannot be read
    closed = Clip(id="closed", path=tmp_path / "closed", label="happy")
    assert len(build_cache([*clips, closed], copy, CROPS, BuildSettings(workers=1)).failures) == 1
    inner = replace(clips[0], id="closed/a.avi")
    report = build_cache([*clips[add:], inner], copy, CROPS, BuildSettings(workers=1, add=add))
    assert report.n_new == 1 and not report.failures
    assert {clip.id for clip in CropCache(copy).clips} == {clip.id for clip in [*clips, inner]}


def test_other_settings_are_named(clips, copy):
    with refused(CacheError, copy, "size_px: there 48, wanted 32", "--overwrite"):
        build_cache(clips, copy, CropSettings(size_px=32), BuildSettings())
    with refused(CacheError, copy, "(quality: there 95, wanted 60)"):
        build_cache(clips, copy, CROPS, BuildSettings(quality=60))
    report = build_cache(clips[:1], copy, CropSettings(size_px=32), BuildSettings(overwrite=True))
    assert report.n_new == 1 and CropCache(copy).size_px == 32


def test_a_clip_whose_file_has_changed_is_read_again(clips, studio_clips, copy, tmp_path):
    shutil.copytree(studio_clips, tmp_path / "changed")
    changed = find_clips("actors", tmp_path / "changed")
    shutil.copy(changed[1].path, changed[0].path)
    report = build_cache(changed, copy, CROPS, BuildSettings())
    assert report.n_new == 1
    cache = CropCache(copy)
    first, second = ([clip.id for clip in cache.clips].index(c.id) for c in changed[:2])
    np.testing.assert_array_equal(cache.read(first, [0, 9]), cache.read(second, [0, 9]))


def test_files_that_are_no_video_are_listed_and_stop_nothing(clips, tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "garbage.mp4").write_bytes(np.random.default_rng(0).bytes(20_000))
    (tmp_path / "text.avi").write_text("this is no video\n" * 100)
    whole = clips[0].path.read_bytes()
    (tmp_path / "half.avi").write_bytes(whole[: len(whole) // 2])
    names = ["empty.mp4", "garbage.mp4", "text.avi", "half.avi", "not_there.mp4"]
    bad = [Clip(id=f"bad/{name}", path=tmp_path / name, label="sad") for name in names]
    out = tmp_path / "cache.h5"
    report = build_cache([*bad, clips[0]], out, CROPS, BuildSettings(workers=2))
    reasons = dict(report.failures)
    assert reasons.keys() >= {f"bad/{name}" for name in names if name != "half.avi"}
    assert all(reasons.values()) and str(tmp_path) not in str(reasons)
    cache = CropCache(out)
    assert len(cache) == report.n_clips == 6
    for index, clip in enumerate(cache.clips):
        assert bool(clip.reason) == (clip.n_frames == 0)
        assert len(cache.frames(index)) == clip.n_frames
    assert verify_cache(out) == []
    again = build_cache([*bad, clips[0]], out, CROPS, BuildSettings())
    assert again.n_new == 0 and again.failures == report.failures
    retried = build_cache([*bad, clips[0]], out, CROPS, BuildSettings(retry_failed=True))
    assert (
        retried.n_new == len(report.failures) + len(report.cut_short)
        and retried.content_hash == report.content_hash
    )


def test_a_clip_whose_process_is_killed_is_read_once_more(clips, built, tmp_path, monkeypatch):
    monkeypatch.setattr(read_clips, "PREPARE", "dies_once:prepare")
    report = build_cache(clips, tmp_path / "c.h5", CROPS, BuildSettings(workers=2))
    assert (tmp_path / "died").exists() and not report.failures
    assert report.content_hash == built[1].content_hash
    readers = [clip.reader for clip in CropCache(tmp_path / "c.h5").clips]
    assert readers.count("pyav") in (1, 2)  # with two workers two may die; the second time without decord
    assert readers.count("decord") == len(clips) - readers.count("pyav")


def test_the_file_that_a_link_points_to_is_written_and_keeps_its_permissions(clips, built, tmp_path):
    target = shutil.copy(built[0], tmp_path / "target.h5")
    target.chmod(0o640)
    (tmp_path / "link.h5").symlink_to("target.h5")
    build_cache(clips[:-1], tmp_path / "link.h5", CROPS, BuildSettings(workers=1, overwrite=True))
    assert (tmp_path / "link.h5").is_symlink() and len(CropCache(target)) == len(clips) - 1
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_clip_that_takes_too_long_is_given_up(clips, tmp_path):
    # A minute of black has few bytes, so little time is granted; a search for tiny faces in it takes much.
    encode(np.zeros((1500, 120, 160, 3), np.uint8), tmp_path / "long.avi", fps=25, crf=40)
    endless = Clip(id="long.avi", path=tmp_path / "long.avi")
    slow = CropSettings(size_px=48, key_every_s=0, min_face_px=4)
    limit = BuildSettings(time_limit_s=1.0, workers=1)
    report = build_cache([endless], tmp_path / "c.h5", slow, limit)
    assert [clip_id for clip_id, _ in report.failures] == ["long.avi"]
    assert " 1 s" in report.failures[0][1] or " 2 s" in report.failures[0][1]
    other = build_cache([clips[0]], tmp_path / "other.h5", slow, BuildSettings(workers=1))
    assert other.failures == []


@pytest.mark.parametrize("n_clips", [0, 2])
def test_no_clips_or_equal_ids(clips, tmp_path, n_clips):
    with refused(DataError, *(["--src"] if n_clips == 0 else [clips[0].id, clips[0].path])):
        build_cache([clips[0]] * n_clips, tmp_path / "c.h5", CROPS, BuildSettings())
    assert not list(tmp_path.iterdir())


def test_the_second_writer_is_refused(clips, tmp_path):
    with (
        sole_writer(tmp_path / "c.h5.parts", tmp_path / "c.h5"),
        refused(CacheError, tmp_path / "c.h5", f"process {os.getpid()}"),
    ):
        build_cache(clips, tmp_path / "c.h5", CROPS, BuildSettings())


def test_a_place_that_cannot_be_written(clips, tmp_path):
    (tmp_path / "file").touch()
    with refused(DiskError, tmp_path / "file" / "c.h5"):
        build_cache(clips, tmp_path / "file" / "c.h5", CROPS, BuildSettings())


def test_the_program_that_gives_the_work_loads_no_network():
    code = "import sys, vidfer.build.build_cache; assert not {'torch', 'av', 'accelerate'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_person_is_spelt_alike_in_the_clips_that_are_kept_and_those_that_are_added(clips, built, copy):
    person = clips[0].subject
    kept = {clip.id for clip in clips[1:] if clip.subject == person}
    assert kept
    loud = [replace(clips[0], subject=person.upper())]
    report = build_cache(loud, copy, CROPS, BuildSettings(add=True))
    assert (report.n_new, report.content_hash) == (0, built[1].content_hash)
    assert build_cache(loud + clips[1:], copy, CROPS, BuildSettings()).content_hash == built[1].content_hash
