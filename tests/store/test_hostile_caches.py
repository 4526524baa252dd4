"""Caches that are damaged or made up: the right content or one message, in bounded memory and time."""

import json
import resource
import shutil

import h5py
import numpy as np
import pytest
from made_up_caches import make_cache
from refused import refused

from vidfer.build.export import export_clips
from vidfer.errors import CacheError, VidferError
from vidfer.store.inspect import inspect_cache
from vidfer.store.reader import CropCache
from vidfer.store.schema import FRAME_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS
from vidfer.store.verify import verify_cache

DATA_SETS = (
    *(f"clips/{name}" for name in (*TEXT_COLUMNS, *NUMBER_COLUMNS)),
    *(f"frames/{name}" for name in FRAME_COLUMNS),
    *("frames/jpeg_offset", "jpeg"),
)
ATTRIBUTES = ("format", "schema_version", "crop_settings", "codec", "quality", "size_px", "regions")
ATTRIBUTES += ("status", "versions", "content_hash", "provenance_hash", "crops_version")
VALUES = (0, -1, 200, 10**9, 2**62, -(2**63))
ODD = (np.nan, np.inf, -1.0, [1, 2], np.zeros((2, 2)), "", "[]", "{}", "null", "x", b"\xff\xfe", 7, 10**12)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_cache(tmp_path_factory.mktemp("whole"), lengths=(5, 1, 0, 7))


def replace_data(file: h5py.File, name: str, value, **how) -> None:
    del file[name]
    file.create_dataset(name, data=value, **how) if value is not None else file.create_dataset(name, **how)


def mutate(file: h5py.File, rng: np.random.Generator) -> None:
    """Change one thing as a damaged disk or a hostile author would."""
    if rng.random() < 0.25:
        file.attrs[str(rng.choice(ATTRIBUTES))] = ODD[rng.integers(len(ODD))]
        return
    name = str(rng.choice(DATA_SETS))
    data, kind = file[name][:], rng.integers(9)
    if kind == 0:
        del file[name]
    elif kind == 1:
        replace_data(file, name, np.arange(len(data)))
    elif kind == 2:
        replace_data(file, name, np.stack([data, data]))
    elif kind == 3:
        replace_data(file, name, data[:-1])
    elif kind == 4:  # declared, but never written
        replace_data(file, name, None, shape=(10**9, *data.shape[1:]), dtype=data.dtype)
    elif kind == 5:
        replace_data(file, name, np.full(data.shape, np.nan))
    elif kind == 6:
        del file[name]
        file.create_group(name)
    elif kind == 7:
        replace_data(file, name, data, chunks=True)
    elif data.dtype.kind in "iu":
        file[name][rng.integers(len(data))] = np.array(VALUES[rng.integers(6)]).astype(data.dtype)
    elif data.dtype.kind == "f":
        file[name][rng.integers(len(data))] = rng.choice([np.nan, np.inf, -1e30])
    else:
        file[name][rng.integers(len(data))] = bytes(rng.integers(0, 256, data.dtype.itemsize, np.uint8))


def content(cache: CropCache) -> list:
    """Everything that a reader of the crops sees."""
    return [
        (clip.id, clip.label, clip.subject, cache.read(i, range(clip.n_frames)).tobytes())
        for i, clip in enumerate(cache.clips)
    ]


def test_every_mutation_gives_the_right_content_or_a_message(whole, tmp_path):
    expected, copy, out = content(CropCache(whole)), tmp_path / "copy.h5", tmp_path / "out.h5"
    before_kb, n_refused = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        shutil.copy(whole, copy)
        with h5py.File(copy, "a") as file:
            mutate(file, rng)
        try:
            is_sound = not verify_cache(copy)
        except VidferError:
            is_sound = False
        for use in (
            lambda: inspect_cache(CropCache(copy)),
            lambda: content(CropCache(copy)),
            lambda: export_clips(CropCache(copy), range(len(CropCache(copy))), out, overwrite=True),
        ):
            try:
                found = use()
            except VidferError as error:
                assert str(error), seed
                n_refused += 1
            else:
                assert not is_sound or not isinstance(found, list) or found == expected, seed
    assert n_refused > 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 300_000  # 0.3 GB


@pytest.mark.parametrize("name", ["clips/id", "clips/n_frames", "frames/status", "jpeg"])
def test_a_declared_length_that_the_file_does_not_have(whole, tmp_path, name):
    copy = shutil.copy(whole, tmp_path / "copy.h5")
    with h5py.File(copy, "a") as file:
        dtype = file[name].dtype
        replace_data(file, name, None, shape=(10**9,), dtype=dtype)
    with refused(CacheError, copy, name, 10**9, "vidfer"):
        inspect_cache(CropCache(copy))
        content(CropCache(copy))


@pytest.mark.parametrize(("column", "value"), [("status", 200), ("time_s", np.nan), ("box_xyxy", np.inf)])
def test_frames_with_numbers_that_cannot_be(whole, tmp_path, column, value):
    copy = shutil.copy(whole, tmp_path / "copy.h5")
    clip = next(clip for clip in CropCache(whole).clips if clip.n_frames == 7)
    with h5py.File(copy, "a") as file:
        file["frames"][column][clip.first_frame] = value
    with refused(CacheError, copy, clip.id, "vidfer verify"):
        inspect_cache(CropCache(copy))
    assert [fault.clip for fault in verify_cache(copy)] == [clip.id]


def test_an_attribute_that_is_an_array(whole, tmp_path):
    copy = shutil.copy(whole, tmp_path / "copy.h5")
    with h5py.File(copy, "a") as file:
        file.attrs["format"] = [1, 2]
    with refused(CacheError, copy, "format", "vidfer cache"):
        CropCache(copy)
    with h5py.File(copy, "a") as file:
        file.attrs["format"] = "vidfer crop cache"
        file.attrs["crop_settings"] = json.dumps([1])
    with refused(CacheError, copy, "settings", "--overwrite"):
        _ = CropCache(copy).settings
