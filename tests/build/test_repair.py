import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
from refused import refused

from vidfer.build.build_cache import build_cache
from vidfer.build.label_table import LabelTable
from vidfer.build.merge import merge_caches
from vidfer.build.relabel import relabel_cache
from vidfer.build.repair import repair_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.settings import CropSettings
from vidfer.errors import CacheError, DataError
from vidfer.store.reader import CropCache
from vidfer.store.verify import CONTENT, PROVENANCE, UNREADABLE, Fault, verify_cache

CROPS = CropSettings(size_px=48)


@pytest.fixture(scope="module")
def sound(studio_clips, tmp_path_factory):
    """A cache of the studio clips, which is not to be changed, and its clips."""
    out, clips = tmp_path_factory.mktemp("sound") / "studio.h5", find_clips("actors", studio_clips)
    build_cache(clips, out, CROPS, BuildSettings(workers=1))
    return out, clips


@pytest.fixture
def copy(sound, tmp_path):
    return shutil.copy(sound[0], tmp_path / "copy.h5")


def spoil(path, where: str, index: int) -> None:
    """Flip a bit of a number or of a text."""
    with h5py.File(path, "a") as file:
        value = file[where][index]
        flipped = bytes([value[0] ^ 1]) + value[1:] if isinstance(value, bytes) else value + 1
        file[where][index] = flipped


def payload_of(path, position: int) -> int:
    """A byte in the midst of the crops of a clip."""
    cache = CropCache(path)
    first = 3 * cache.clips[position].first_frame
    cache.close()
    with h5py.File(path) as file:
        return int(file["frames/jpeg_offset"][first + 4]) + 100


def repair(path, clips, **options):
    return repair_cache(path, verify_cache(path), clips, workers=1, **options)


def test_damaged_crops_are_made_again_and_nothing_else(sound, copy):
    out, clips = sound
    for position in (1, 4):
        spoil(copy, "jpeg", payload_of(out, position))
    damaged = [clip.id for i, clip in enumerate(CropCache(out).clips) if i in (1, 4)]
    assert [fault.clip for fault in verify_cache(copy)] == damaged
    steps = []
    done = repair(copy, clips, progress=lambda *step: steps.append(step))
    assert (done.ids, done.as_before) == (damaged, True) and steps[-1] == (2, 2)
    assert copy.read_bytes() == out.read_bytes()
    assert list(copy.parent.iterdir()) == [copy]


@pytest.mark.parametrize(
    "where",
    ["clips/id", "clips/label", "clips/hash", "clips/crops_hash", "clips/n_frames", "clips/first_frame",
     "frames/score", "frames/jpeg_offset"],
)  # fmt: skip
def test_damaged_records_and_tables_are_made_again(sound, copy, where):
    spoil(copy, where, 3)
    assert verify_cache(copy)
    assert repair(copy, sound[1]).as_before
    assert copy.read_bytes() == sound[0].read_bytes()


def test_ids_that_merging_has_given_a_prefix(sound, tmp_path):
    paths = [shutil.copy(sound[0], tmp_path / name) for name in ("a.h5", "b.h5")]
    merge_caches(paths, tmp_path / "both.h5", prefix_ids=True)
    before = (tmp_path / "both.h5").read_bytes()
    spoil(tmp_path / "both.h5", "jpeg", payload_of(tmp_path / "both.h5", 9))
    assert verify_cache(tmp_path / "both.h5")[0].clip.startswith("b/")
    assert repair(tmp_path / "both.h5", sound[1]).as_before
    assert (tmp_path / "both.h5").read_bytes() == before


def test_a_repaired_clip_keeps_the_label_that_it_was_given(sound, copy):
    cache = CropCache(copy)
    row = {cache.clips[2].id: {"label": "fear"}}
    content = relabel_cache(cache, LabelTable(copy, ("label",), row)).content_hash
    spoil(copy, "jpeg", payload_of(copy, 2))
    done = repair(copy, sound[1])
    assert (done.as_before, done.content_hash) == (True, content)
    assert CropCache(copy).clips[2].label == "fear"


def test_a_video_that_has_changed_is_told(sound, copy, tmp_path):
    clips = {clip.id: clip for clip in sound[1]}
    first, second = sorted(clips)[:2]
    clips[first] = replace(clips[first], path=clips[second].path)
    spoil(copy, "jpeg", payload_of(copy, 0))
    assert not repair(copy, list(clips.values())).as_before
    assert verify_cache(copy) == []


def test_a_repair_that_is_interrupted_goes_on(sound, copy, monkeypatch):
    spoil(copy, "jpeg", payload_of(copy, 3))
    before = copy.read_bytes()

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("vidfer.build.repair.concatenate", stop)
    with pytest.raises(KeyboardInterrupt):
        repair(copy, sound[1])
    assert copy.read_bytes() == before
    monkeypatch.undo()
    monkeypatch.setattr("vidfer.build.builder.read_clips", stop)  # what was read is not read again
    assert repair(copy, sound[1]).as_before
    assert copy.read_bytes() == sound[0].read_bytes() and list(copy.parent.iterdir()) == [copy]


def test_videos_that_are_gone(sound, copy, tmp_path):
    spoil(copy, "jpeg", payload_of(copy, 0))
    before = copy.read_bytes()
    damaged = CropCache(copy).clips[0].id
    others = [clip for clip in sound[1] if clip.id != damaged]
    with refused(DataError, f"'{damaged}'", "7 clips", "--root", copy):
        repair(copy, [*others[1:], replace(others[0], id="another")])
    gone = [replace(clip, path=tmp_path / "gone.avi") for clip in sound[1]]
    with refused(DataError, f"'{damaged}'", "no such file", copy, "as it was"):
        repair(copy, gone)
    assert copy.read_bytes() == before
    assert repair(copy, sound[1]).as_before


def test_damaged_remarks_cost_no_decoding(sound, copy):
    with h5py.File(copy, "a") as file:
        file.attrs["versions"] = file.attrs["versions"].replace("torch", "tosch")
    assert [fault.what for fault in verify_cache(copy)] == [PROVENANCE]
    done = repair(copy, sound[1])
    assert (done.ids, done.as_before) == ([], True) and verify_cache(copy) == []
    assert "tosch" in CropCache(copy).header.versions


def test_what_cannot_be_repaired(sound, copy, tmp_path):
    with h5py.File(copy, "a") as file:
        file.attrs["crop_settings"] = file.attrs["crop_settings"].replace("2.9", "2.8")
    with refused(CacheError, copy, CONTENT, "vidfer cache --overwrite"):
        repair(copy, sound[1])
    other = shutil.copy(sound[0], tmp_path / "other.h5")
    with h5py.File(other, "a") as file:
        file.attrs["crop_settings"] = file.attrs["crop_settings"].replace("{", '{"colour":"red",', 1)
    with refused(CacheError, other, "colour", "vidfer cache --overwrite"):
        repair_cache(other, [Fault("x", "", 0)], sound[1])


def test_a_broken_clip_table_says_what_helps(sound, copy):
    """Repairing cannot, and says so; making it again can."""
    with h5py.File(copy, "a") as file:
        del file["clips/label"]
    [fault] = verify_cache(copy)
    assert fault.what.startswith(UNREADABLE)
    with refused(CacheError, copy, UNREADABLE, "--overwrite"):
        repair(copy, sound[1])
    with refused(CacheError, copy, "clip table", "--overwrite"):
        build_cache(sound[1], copy, CROPS, BuildSettings(workers=1))
    build_cache(sound[1], copy, CROPS, BuildSettings(workers=1, overwrite=True))
    assert CropCache(copy).content_hash == CropCache(sound[0]).content_hash


def test_a_flip_in_the_midst_of_the_file_is_found_wherever_it_is(sound, copy):
    """Whole-file check on a cache of real size: payload, tables, clip table."""
    whole, rng = sound[0].read_bytes(), np.random.default_rng(1)
    with h5py.File(sound[0]) as file:
        spans = {
            name: (file[name].id.get_offset(), file[name].id.get_storage_size())
            for name in (
                "jpeg",
                "frames/landmarks",
                "frames/jpeg_offset",
                "clips/id",
                "clips/hash",
                "clips/n_frames",
            )
        }
    for name, (begin, size) in spans.items():
        position = begin + int(rng.integers(size))
        data = bytearray(whole)
        data[position] ^= 1 << int(rng.integers(8))
        copy.write_bytes(data)
        faults = verify_cache(copy)
        assert faults, name
        assert faults[0].clip, name
