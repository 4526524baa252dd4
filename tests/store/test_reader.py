import errno
import gc
import pickle

import cv2
import h5py
import numpy as np
import pytest
from made_up_caches import SIZE_PX, clip_record, face_track, make_cache, pictures
from refused import refused

from vidfer.errors import CacheError
from vidfer.store.reader import CropCache

LONGEST = 2  # clip number 2 of the made-up cache: 12 frames, split test


def index_of(cache: CropCache, number: int) -> int:
    return [clip.id for clip in cache.clips].index(clip_record(number).id)


def expected_crops(number: int, n_frames: int) -> np.ndarray:
    crops = pictures(n_frames, number)
    crops[face_track(n_frames, number).status == 0] = 0
    return crops.transpose(0, 1, 4, 2, 3)


def test_raw_crops_come_back_exactly(raw_cache):
    cache = CropCache(raw_cache)
    crops = cache.read(index_of(cache, LONGEST), range(12))
    assert crops.shape == (12, 3, 3, SIZE_PX, SIZE_PX) and crops.dtype == np.uint8
    np.testing.assert_array_equal(crops, expected_crops(LONGEST, 12))


def test_jpeg_crops_come_back_in_rgb_and_in_place(jpeg_cache):
    cache = CropCache(jpeg_cache)
    crops = cache.read(index_of(cache, LONGEST), range(12)).astype(float)
    error = np.square(crops - expected_crops(LONGEST, 12)).mean(axis=(2, 3, 4))  # of each frame and region
    assert error.max() < 255**2 / 10**3.5  # PSNR above 35 dB; any other picture is below 15
    assert (crops[2] == 0).all()  # a missing frame is black


@pytest.mark.parametrize("frames", [[7, 0, 7, 11], [3], [], np.array([1, 0])])
def test_frames_come_in_the_order_asked_for(jpeg_cache, frames):
    cache = CropCache(jpeg_cache)
    clip = index_of(cache, LONGEST)
    everything = cache.read(clip, range(12))
    np.testing.assert_array_equal(cache.read(clip, frames), everything[np.asarray(frames, dtype=int)])


def test_far_apart_frames_are_read_one_by_one_with_the_same_result(jpeg_cache, monkeypatch):
    cache = CropCache(jpeg_cache)
    clip = index_of(cache, LONGEST)
    at_once = cache.read(clip, [11, 0, 5])
    monkeypatch.setattr("vidfer.store.reader.ONE_READ_BYTES", 10)
    np.testing.assert_array_equal(cache.read(clip, [11, 0, 5]), at_once)


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_crops_come_to_where_they_are_wanted(jpeg_cache, raw_cache, codec):
    cache = CropCache(jpeg_cache if codec == "jpeg" else raw_cache)
    clip, frames = index_of(cache, LONGEST), [2, 8, 0, 8, 2]  # 2 is missing; two of them come twice
    out = np.full((5, 3, 3, SIZE_PX, SIZE_PX), 99, np.uint8)
    assert cache.read(clip, frames, out) is out
    np.testing.assert_array_equal(out, cache.read(clip, range(12))[frames])
    assert (out[0] == 0).all() and (out[1] != out[2]).any()


def test_crops_come_undecoded(jpeg_cache, monkeypatch):
    cache = CropCache(jpeg_cache)
    clip = index_of(cache, LONGEST)
    jpegs = cache.jpegs(clip, [8, 2, 0])
    assert [len(jpeg) > 0 for jpeg in jpegs] == [True] * 3 + [False] * 3 + [True] * 3
    mouth = cv2.imdecode(np.frombuffer(jpegs[2], np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(mouth.transpose(2, 0, 1), cache.read(clip, [8])[0, 2])
    monkeypatch.setattr("vidfer.store.reader.ONE_READ_BYTES", 10)
    assert cache.jpegs(clip, [8, 2, 0]) == jpegs
    assert cache.jpegs(clip, []) == []
    with pytest.raises(IndexError, match="12"):
        cache.jpegs(clip, [12])


def test_a_frame_that_is_not_there_is_an_error(jpeg_cache):
    cache = CropCache(jpeg_cache)
    for frames in ([12], [-1]):
        with pytest.raises(IndexError, match="12"):
            cache.read(index_of(cache, LONGEST), frames)


def test_records_come_back_whole(jpeg_cache):
    cache = CropCache(jpeg_cache)
    assert [clip.id for clip in cache.clips] == sorted(clip.id for clip in cache.clips)
    assert len(cache) == len(cache.clips) == 5
    for number, n_frames in enumerate((5, 1, 12, 0, 7)):
        clip = cache.clips[index_of(cache, number)]
        wanted = clip_record(number)
        for name in (
            "id",
            "path",
            "label",
            "subject",
            "split",
            "source",
            "start_s",
            "end_s",
            "box_hint",
            "file_size",
        ):
            assert getattr(clip, name) == getattr(wanted, name), name
        assert clip.n_frames == n_frames
        assert clip.n_faces == (face_track(n_frames, number).status > 0).sum()
        assert clip.reason == ("" if n_frames else "no such codec")
    assert cache.size_px == SIZE_PX and cache.settings["key_every"] == 4


def test_face_tracks_come_back_exactly(jpeg_cache):
    cache = CropCache(jpeg_cache)
    found, wanted = cache.frames(index_of(cache, LONGEST)), face_track(12, LONGEST)
    for name in ("times_s", "boxes_xyxy", "landmarks", "scores", "status"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
        assert getattr(found, name).dtype == getattr(wanted, name).dtype


def test_pickle_carries_no_handle(jpeg_cache):
    cache = CropCache(jpeg_cache)
    cache.read(index_of(cache, LONGEST), [0])
    text = pickle.dumps(cache)
    assert len(text) < 1000
    again = pickle.loads(text)
    assert again.content_hash == cache.content_hash
    np.testing.assert_array_equal(again.read(LONGEST, [0]), cache.read(LONGEST, [0]))


def test_a_with_block_closes_the_file_and_the_next_use_opens_it_again(jpeg_cache):
    with CropCache(jpeg_cache) as cache:
        crops = cache.read(LONGEST, [0])
        file = cache._file
    assert not file  # closed
    np.testing.assert_array_equal(cache.read(LONGEST, [0]), crops)
    cache.close()


def test_a_hundred_thousand_clips_open_at_once(tmp_path, monkeypatch):
    path, n = make_cache(tmp_path), 100_000
    with h5py.File(path, "a") as file:
        for name, column in file["clips"].items():
            rows = np.resize(column[:], (n, *column.shape[1:])).astype(column.dtype)
            del file["clips"][name]
            file["clips"][name] = rows
    reads, read = [], h5py.Dataset.__getitem__

    def count(dataset, key):
        reads.append(dataset.name)
        return read(dataset, key)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", count)
    cache = CropCache(path)
    assert len(cache.clips) == n and cache.clips[n - 1].hash == cache.clips[4].hash
    assert len(reads) < 100  # whole columns, and not one clip after the other


def test_no_such_file(tmp_path):
    with refused(CacheError, tmp_path / "none.h5", "vidfer cache"):
        CropCache(tmp_path / "none.h5")


def test_unfinished_cache_says_how_to_go_on(tmp_path):
    (tmp_path / "half.h5.parts").mkdir()
    with refused(CacheError, tmp_path / "half.h5", "half.h5.parts", "vidfer cache"):
        CropCache(tmp_path / "half.h5")


@pytest.mark.parametrize("keep", [0.99, 0.5, 0.01])
def test_truncated_cache(jpeg_cache, tmp_path, keep):
    data = jpeg_cache.read_bytes()
    path = tmp_path / "cut.h5"
    path.write_bytes(data[: int(len(data) * keep)])
    with refused(CacheError, path, "truncated", "vidfer cache"):
        CropCache(path)


def test_a_file_of_another_kind(tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("time,score\n")
    with refused(CacheError, text, "HDF5"):
        CropCache(text)
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = 1
    with refused(CacheError, other, "vidfer cache"):
        CropCache(other)


def test_another_schema_version(tmp_path):
    path = make_cache(tmp_path, lengths=(2,))
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = 1
    with refused(CacheError, path, "schema 1", "schema 2", "--overwrite"):
        CropCache(path)


def test_a_cache_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    path = make_cache(tmp_path, lengths=(2,))

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Unable to synchronously open file")

    monkeypatch.setattr("h5py.File", refuse)
    with refused(CacheError, path, "permission"):
        CropCache(path)


def test_a_damaged_cache_that_is_written_over_is_read_anew(tmp_path):
    path = make_cache(tmp_path, lengths=(2,))
    sound = path.read_bytes()
    with h5py.File(path, "a") as file:
        del file["clips/id"]
    gc.disable()  # what only the collector would close must not be left open
    try:
        for _ in range(2):
            try:
                found = len(CropCache(path))
            except CacheError:
                path.write_bytes(sound)
        assert found == 1
    finally:
        gc.enable()


def test_a_missing_table_is_damage_not_a_traceback(tmp_path):
    path = make_cache(tmp_path, lengths=(2,))
    with h5py.File(path, "a") as file:
        del file["frames/score"]
    with refused(CacheError, path, "damaged", "vidfer verify"):
        CropCache(path).frames(0)
