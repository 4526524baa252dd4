import cv2
import numpy as np
import pytest
from made_up_caches import clip_record, make_cache
from refused import refused

from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.decode.video import read_chunks
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError, SettingError
from vidfer.report.contact_sheet import contact_sheet
from vidfer.report.sheet_page import COLOURS, EMPTY
from vidfer.report.whole_frames import find_video, read_whole_frames
from vidfer.store.reader import CropCache


def count_of(image, colour: str) -> int:
    """Pixels of exactly that colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return int((image == (blue, green, red)).all(axis=2).sum())


def test_a_sheet_shows_crops_and_the_status_of_each_frame(jpeg_cache, tmp_path):
    cache = CropCache(jpeg_cache)
    notes = contact_sheet(cache, clip_record(2).id, tmp_path / "new" / "sheet.png")
    assert len(notes) == 1 and "--root" in notes[0]
    image = cv2.imread(str(tmp_path / "new" / "sheet.png"))
    height, width = image.shape[:2]
    assert width > height > 400
    seen = {status for status in COLOURS if count_of(image, COLOURS[status]) > 1000}
    status = cache.frames([clip.id for clip in cache.clips].index(clip_record(2).id)).status
    assert seen == {list(COLOURS)[number] for number in set(status.tolist())}


def test_a_clip_of_one_frame_has_a_sheet_too(jpeg_cache, tmp_path):
    contact_sheet(CropCache(jpeg_cache), clip_record(1).id, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000


def test_a_clip_that_is_not_there_or_has_no_frames(jpeg_cache, tmp_path):
    cache = CropCache(jpeg_cache)
    with refused(DataError, cache.path, "'train/clip_0001'", clip_record(1).id):
        contact_sheet(cache, "train/clip_0001", tmp_path / "x.png")
    with refused(DataError, cache.path, clip_record(3).id, "no such codec"):
        contact_sheet(cache, clip_record(3).id, tmp_path / "x.png")
    with refused(SettingError, tmp_path / "x.jpg", ".png"):
        contact_sheet(cache, clip_record(2).id, tmp_path / "x.jpg")


@pytest.mark.parametrize("name", ["long " * 60, "a$x_{$b.mp4", "表情.mp4"])
def test_names_of_all_kinds_fit(jpeg_cache, tmp_path, name, recwarn):
    cache = CropCache(jpeg_cache)
    clip = next(clip for clip in cache.clips if clip.n_frames)
    object.__setattr__(clip, "id", name)
    contact_sheet(cache, name, tmp_path / "s.png")
    assert (tmp_path / "s.png").is_file() and not recwarn.list


@pytest.fixture(scope="module")
def built(studio_clips, tmp_path_factory) -> CropCache:
    out = tmp_path_factory.mktemp("sheet") / "studio.h5"
    clips = [clip for clip in find_clips("actors", studio_clips) if clip.split in ("train", "val")]
    build_cache(clips, out, CropSettings(size_px=32), BuildSettings(workers=1))
    return CropCache(out)


def test_whole_frames_are_those_that_the_crops_are_of(built, studio_clips, tmp_path):
    clip = built.clips[1]
    path = find_video(studio_clips, clip)
    assert path == studio_clips / clip.path
    whole = read_whole_frames(built, 1, path, np.array([0, 7, 19]))
    assert whole.note == "" and (whole.width, whole.height) == (320, 240)
    images = np.concatenate([chunk.images for chunk in read_chunks(path)])
    for frame in (0, 7, 19):
        np.testing.assert_array_equal(whole.images[frame], images[frame])
    assert contact_sheet(built, clip.id, tmp_path / "s.png", root=studio_clips) == []
    with_frames = cv2.imread(str(tmp_path / "s.png"))
    contact_sheet(built, clip.id, tmp_path / "n.png")
    without = cv2.imread(str(tmp_path / "n.png"))
    assert count_of(without, EMPTY) > 100_000 > count_of(with_frames, EMPTY)


def test_another_video_is_told(built, studio_clips):
    from vidfer.actors.encode import encode

    path = studio_clips.parent / "other.avi"
    encode(np.zeros((12, 60, 80, 3), np.uint8), path, fps=25, crf=40)
    whole = read_whole_frames(built, 0, path, np.array([0, 19]))
    assert "12 frames" in whole.note and "20" in whole.note
    assert list(whole.images) == [0]
    encode(np.zeros((20, 60, 80, 3), np.uint8), path, fps=20, crf=40)
    assert "19 of 20 frames" in read_whole_frames(built, 0, path, np.array([0])).note
    path.write_text("no video")
    assert "cannot be read" in read_whole_frames(built, 0, path, np.array([0])).note


def test_the_longest_end_of_the_path_finds_the_video(tmp_path):
    def touch(name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    clip = clip_record(0, path="train/happy/a.mp4")
    deep, other = touch("disk/set/train/happy/a.mp4"), touch("disk/set/val/happy/a.mp4")
    assert find_video(tmp_path / "disk" / "set", clip) == deep
    assert find_video(tmp_path / "disk" / "set" / "train", clip) == deep
    assert find_video(tmp_path, clip) == deep
    assert find_video(other.parent, clip) == other  # only the name fits; the frames will tell
    again = touch("disk/copy/train/happy/a.mp4")
    with refused(DataError, deep, again, clip.id, "--root"):
        find_video(tmp_path, clip)
    again.unlink()
    with refused(DataError, tmp_path, "b.mp4", "--root"):
        find_video(tmp_path, clip_record(0, path="train/b.mp4"))
    with refused(DataError, tmp_path / "nowhere"):
        find_video(tmp_path / "nowhere", clip)
    in_nfd = touch("disk/set/zo\u0308e/c.mp4")  # as macOS writes the name
    for root, path in (("disk/set", "z\xf6e/c.mp4"), ("disk/set/zo\u0308e", "z\xf6e/c.mp4")):
        assert find_video(tmp_path / root, clip_record(0, path=path)) == in_nfd
    assert find_video(tmp_path, clip_record(0, path="elsewhere/z\xf6e")) == in_nfd.parent


def test_other_people_in_the_video_are_drawn_thinly(tmp_path):
    cache = CropCache(make_cache(tmp_path, lengths=(6, 6)))
    contact_sheet(cache, cache.clips[0].id, tmp_path / "alone.png")
    other = cache.clips[1]
    object.__setattr__(other, "id", f"{cache.clips[0].id}#face2")
    object.__setattr__(other, "track_index", 1)
    contact_sheet(cache, cache.clips[0].id, tmp_path / "both.png")
    alone, both = (cv2.imread(str(tmp_path / f"{name}.png")) for name in ("alone", "both"))
    assert alone.shape == both.shape and (alone != both).any()
