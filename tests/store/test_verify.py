import h5py
import numpy as np
import pytest
from made_up_caches import make_cache

from vidfer.errors import CacheError
from vidfer.store.reader import CropCache
from vidfer.store.records import frame_columns
from vidfer.store.verify import verify_cache


def faults_of(path) -> list[str]:
    try:
        return [str(fault) for fault in verify_cache(path)]
    except CacheError as error:
        return [str(error)]


def everything(path) -> list:
    """All that a reader can see in a cache."""
    cache = CropCache(path)
    seen = [cache.clips, cache.header, cache.content_hash]
    for i, clip in enumerate(cache.clips):
        seen += [column.tobytes() for column in frame_columns(cache.frames(i)).values()]
        seen.append(cache.read(i, range(clip.n_frames)).tobytes())
    return seen


@pytest.mark.parametrize("name", ["jpeg_cache", "raw_cache"])
def test_a_sound_cache_has_no_faults(request, name):
    assert verify_cache(request.getfixturevalue(name)) == []


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("jpeg", 700),
        ("frames/time_s", 3),
        ("frames/box_xyxy", (3, 1)),
        ("frames/landmarks", (6, 2, 1)),
        ("frames/score", 3),
        ("frames/status", 3),
        ("frames/jpeg_offset", 9),
        ("clips/start_s", 0),
        ("clips/end_s", 0),
        ("clips/box_hint", (0, 0)),
        ("clips/n_frames", 1),
        ("clips/n_faces", 1),
        ("clips/first_frame", 1),
        ("clips/file_size", 1),
    ],
)
def test_one_changed_number_is_found(tmp_path, where, index):
    path = make_cache(tmp_path)
    with h5py.File(path, "a") as file:
        file[where][index] = np.nan_to_num(file[where][index]) + 1
    assert verify_cache(path)


@pytest.mark.parametrize("where", ["clips/start_s", "clips/end_s", "clips/box_hint"])
def test_another_bit_with_the_same_meaning_is_found(tmp_path, where):
    path = make_cache(tmp_path, lengths=(5,))
    with h5py.File(path) as file:
        place = file[where].id.get_offset()  # of the lowest byte of a NaN
    data = bytearray(path.read_bytes())
    data[place] ^= 2
    path.write_bytes(data)
    assert [fault.what for fault in verify_cache(path)] == ["its record is not as it was written"]


@pytest.mark.parametrize(
    "column", ["id", "path", "label", "subject", "split", "source", "reason", "hash", "crops_hash"]
)
def test_one_changed_letter_is_found(tmp_path, column):
    path = make_cache(tmp_path)
    with h5py.File(path, "a") as file:
        texts = file["clips"][column][:]
        row = next(i for i, text in enumerate(texts) if text)
        texts[row] = bytes([texts[row][0] ^ 1]) + texts[row][1:]
        file["clips"][column][:] = texts
    assert verify_cache(path)


def test_the_clip_is_named(tmp_path):
    path = make_cache(tmp_path)
    cache = CropCache(path)
    clip = cache.clips[1]
    cache.close()
    with h5py.File(path, "a") as file:
        file["jpeg"][int(file["frames/jpeg_offset"][3 * clip.first_frame]) + 50] ^= np.uint8(16)
    assert [fault.clip for fault in verify_cache(path)] == [clip.id]


@pytest.mark.parametrize("name", ["crop_settings", "quality", "size_px", "versions", "codec", "status"])
def test_a_changed_attribute_is_found(tmp_path, name):
    path = make_cache(tmp_path)
    with h5py.File(path, "a") as file:
        value = file.attrs[name]
        file.attrs[name] = value.replace("e", "i") if isinstance(value, str) else value + 1
    assert faults_of(path)


def test_any_flipped_bit_is_found_or_lies_where_nothing_is_stored(tmp_path):
    path = make_cache(tmp_path, lengths=(3, 0, 2))
    whole, sound = path.read_bytes(), everything(path)
    rng = np.random.default_rng(0)
    flipped = tmp_path / "flipped.h5"
    n_found = 0
    for position in rng.choice(len(whole), 400, replace=False):
        data = bytearray(whole)
        data[position] ^= 1 << int(rng.integers(8))
        flipped.write_bytes(data)
        if faults_of(flipped):
            n_found += 1
        else:
            assert everything(flipped) == sound, f"byte {position}"
    assert n_found > 200
