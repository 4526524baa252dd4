"""Several faces in a clip, clips that are not read to their end, and several data sets in one cache."""

import shutil
from dataclasses import replace

import av
import numpy as np
import pytest
from refused import refused

from vidfer.actors.encode import encode
from vidfer.build.build_cache import build_cache
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import CacheError, DataError
from vidfer.store.reader import CropCache
from vidfer.store.verify import verify_cache

CROPS = CropSettings(size_px=48, face="all")
ONE = BuildSettings(workers=1)


def frames_of(path) -> np.ndarray:
    with av.open(str(path)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])


@pytest.fixture(scope="module")
def clips(studio_clips, tmp_path_factory) -> list[Clip]:
    """One clip with two actors side by side, and one with one."""
    left, right = find_clips("actors", studio_clips)[:2]
    folder = tmp_path_factory.mktemp("two")
    both = np.concatenate([frames_of(left.path), frames_of(right.path)], axis=2)
    encode(both, folder / "two.avi", fps=25, crf=20)
    shutil.copy(left.path, folder / "one.avi")
    two = Clip(id="two.avi", path=folder / "two.avi", label="happy", subject="anna", split="train")
    return [two, Clip(id="one.avi", path=folder / "one.avi", label="sad", subject="berta", split="val")]


@pytest.fixture(scope="module")
def built(clips, tmp_path_factory):
    out = tmp_path_factory.mktemp("people") / "c.h5"
    return out, build_cache(clips, out, CROPS, ONE)


def described(cache: CropCache) -> list[tuple]:
    return [(clip.id, clip.track_index, clip.label, clip.subject, clip.split) for clip in cache.clips]


def test_each_person_is_a_clip_of_its_own(built):
    out, report = built
    cache = CropCache(out)
    assert described(cache) == [
        ("one.avi", 0, "sad", "berta", "val"),
        ("two.avi", 0, "happy", "anna", "train"),
        ("two.avi#face2", 1, None, None, "train"),
    ]
    assert (report.n_clips, report.n_others, report.n_new, report.n_frames) == (2, 1, 2, 40)
    main, other = (cache.frames(i).boxes_xyxy[10] for i in (1, 2))
    assert (main[0] < 320) != (other[0] < 320), "two people, one on each side"
    assert not np.array_equal(cache.read(1, [10]), cache.read(2, [10]))
    assert verify_cache(out) == []


def test_the_others_are_taken_over_and_relabelled_with_the_main_person(clips, built, tmp_path):
    out = shutil.copy(built[0], tmp_path / "c.h5")
    before = out.stat().st_ino
    assert build_cache(clips, out, CROPS, ONE).n_new == 0 and out.stat().st_ino == before
    changed = [replace(clips[0], label="fear", split="test"), clips[1]]
    report = build_cache(changed, out, CROPS, ONE)
    assert (report.n_new, report.n_others) == (0, 1)
    assert described(CropCache(out))[1:] == [
        ("two.avi", 0, "fear", "anna", "test"),
        ("two.avi#face2", 1, None, None, "test"),
    ]
    build_cache(clips, out, CROPS, ONE)
    assert out.read_bytes() == built[0].read_bytes()


def test_a_clip_that_goes_takes_its_people_along(clips, built, tmp_path):
    out = shutil.copy(built[0], tmp_path / "c.h5")
    with refused(CacheError, out, "2 clips", "1 found", "--add"):
        build_cache(clips[1:], out, CROPS, ONE)
    build_cache(clips[1:], out, CROPS, BuildSettings(workers=1, overwrite=True))
    assert [row[0] for row in described(CropCache(out))] == ["one.avi"]


def test_a_stop_between_parts_and_cache_keeps_everyone(clips, built, tmp_path, monkeypatch):
    out = tmp_path / "c.h5"

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("vidfer.build.builder.concatenate", stop)
    with pytest.raises(KeyboardInterrupt):
        build_cache(clips, out, CROPS, ONE)
    monkeypatch.undo()
    parts = list(PartsFolder.beside(out).folder.glob("*.part"))
    assert len(parts) == 2, "all people of a clip are in one part, so that they are there together or not"
    largest = max(parts, key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) * 3 // 4] ^= 1  # in the crops of the second person
    largest.write_bytes(data)
    report = build_cache(clips, out, CROPS, ONE)
    assert report.n_new == 1 and out.read_bytes() == built[0].read_bytes()


def test_a_clip_that_shows_fewer_people_now_leaves_none_behind(clips, built, tmp_path):
    (tmp_path / "v").mkdir()
    moved = [replace(clip, path=shutil.copy(clip.path, tmp_path / "v" / clip.id)) for clip in clips]
    out = shutil.copy(built[0], tmp_path / "c.h5")
    shutil.copy(clips[1].path, moved[0].path)
    report = build_cache(moved, out, CROPS, ONE)
    assert (report.n_new, report.n_others) == (1, 0)
    assert [row[0] for row in described(CropCache(out))] == ["one.avi", "two.avi"]


def test_one_person_is_the_default(clips, tmp_path):
    report = build_cache(clips[:1], tmp_path / "c.h5", CropSettings(size_px=48), ONE)
    assert (report.n_clips, report.n_others) == (1, 0)


def test_a_video_that_is_damaged_on_the_way_keeps_its_beginning(studio_clips, tmp_path):
    whole, half = find_clips("actors", studio_clips)[0].path, tmp_path / "half.mp4"
    with av.open(str(whole)) as source, av.open(str(half), "w", options={"movflags": "faststart"}) as video:
        stream = video.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                video.mux(packet)
    half.write_bytes(half.read_bytes()[: half.stat().st_size * 2 // 3])  # its table of frames says 20
    clip = Clip(id="half.mp4", path=half)
    settings = CropSettings(size_px=48)
    report = build_cache([clip], tmp_path / "c.h5", settings, ONE)
    [cached] = CropCache(tmp_path / "c.h5").clips
    assert 0 < cached.n_frames < 20 and cached.reason and cached.n_faces
    assert report.failures == [] and report.cut_short == [("half.mp4", cached.reason)]
    assert str(tmp_path) not in cached.reason
    assert build_cache([clip], tmp_path / "c.h5", settings, ONE).n_new == 0
    again = build_cache([clip], tmp_path / "c.h5", settings, BuildSettings(workers=1, retry_failed=True))
    assert again.n_new == 1 and again.content_hash == report.content_hash
    assert verify_cache(tmp_path / "c.h5") == []


def test_a_retry_that_fares_better_counts(studio_clips, tmp_path):
    good = find_clips("actors", studio_clips)[0]
    path, settings = tmp_path / "v.avi", CropSettings(size_px=48)
    whole = good.path.read_bytes()
    path.write_bytes(bytes(len(whole)))
    clip = Clip(id="v.avi", path=path)
    assert len(build_cache([clip], tmp_path / "c.h5", settings, ONE).failures) == 1
    path.write_bytes(whole)  # of the same size: only a retry looks at it again
    assert build_cache([clip], tmp_path / "c.h5", settings, ONE).n_new == 0
    retried = build_cache([clip], tmp_path / "c.h5", settings, BuildSettings(workers=1, retry_failed=True))
    assert retried.failures == [] and retried.n_frames == 20


def test_two_folders_into_one_cache(studio_clips, tmp_path):
    clips, out, settings = find_clips("actors", studio_clips), tmp_path / "c.h5", CropSettings(size_px=48)
    add = BuildSettings(workers=1, add=True)
    build_cache(clips[:3], out, settings, add)
    report = build_cache(clips[3:5], out, settings, add)
    assert (report.n_clips, report.n_new) == (5, 2)
    whole = build_cache(clips[:5], tmp_path / "whole.h5", settings, ONE)
    assert report.content_hash == whole.content_hash
    relabelled = [replace(clips[0], label="sad")]
    assert build_cache(relabelled, out, settings, add).n_clips == 5
    assert {clip.id: clip.label for clip in CropCache(out).clips}[clips[0].id] == "sad"
    before = out.stat().st_ino
    assert build_cache(relabelled, out, settings, add).n_new == 0 and out.stat().st_ino == before


def test_another_data_set_with_the_same_names_is_not_mixed_up(studio_clips, tmp_path):
    clips, out, settings = find_clips("actors", studio_clips), tmp_path / "c.h5", CropSettings(size_px=48)
    build_cache(clips[:2], out, settings, ONE)
    before = out.read_bytes()
    with refused(DataError, "1 clips", out, clips[0].id, "vidfer merge --prefix-ids"):
        build_cache([replace(clips[0], path=clips[3].path)], out, settings, BuildSettings(add=True))
    assert out.read_bytes() == before and list(tmp_path.iterdir()) == [out]
