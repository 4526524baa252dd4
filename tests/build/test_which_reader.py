"""The cache says what decoded each clip, and its content does not depend on it."""

import json
import os
import subprocess
import sys

import h5py
import pytest

from vidfer.build import read_clips
from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.settings import CropSettings
from vidfer.store.reader import CropCache
from vidfer.store.verify import verify_cache

PYAV, AUTO = CropSettings(size_px=48, reader="pyav"), CropSettings(size_px=48)


@pytest.fixture(scope="module")
def clips(studio_clips):
    return find_clips("actors", studio_clips)[:3]


@pytest.fixture(scope="module")
def by_pyav(clips, tmp_path_factory):
    out = tmp_path_factory.mktemp("by_pyav") / "c.h5"
    build_cache(clips, out, PYAV, BuildSettings(workers=1))
    return out


def readers_of(path):
    return [clip.reader for clip in CropCache(path).clips]


def test_both_readers_give_the_same_content(clips, by_pyav, tmp_path):
    report = build_cache(clips, tmp_path / "c.h5", AUTO, BuildSettings(workers=1))
    assert readers_of(tmp_path / "c.h5") == ["decord"] * 3 and readers_of(by_pyav) == ["pyav"] * 3
    assert report.content_hash == CropCache(by_pyav).content_hash
    assert CropCache(tmp_path / "c.h5").settings["reader"] == "auto"
    assert verify_cache(tmp_path / "c.h5") == []


def test_a_cache_made_before_decord_came_first_goes_on(clips, tmp_path):
    out = tmp_path / "c.h5"
    build_cache(clips[:2], out, PYAV, BuildSettings(workers=1))
    with h5py.File(out, "r+") as file:  # as it was then: no column of readers
        del file["clips/reader"]
    assert readers_of(out) == ["", ""]
    report = build_cache(clips, out, AUTO, BuildSettings(workers=1))
    assert report.n_new == 1 and sorted(readers_of(out)) == ["", "", "decord"]
    whole = build_cache(clips, tmp_path / "whole.h5", AUTO, BuildSettings(workers=1))
    assert report.content_hash == whole.content_hash


def test_unfinished_work_begun_with_pyav_goes_on(clips, by_pyav, tmp_path, monkeypatch):
    out = tmp_path / "c.h5"

    def stop(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_cache(clips, out, PYAV, BuildSettings(workers=1), progress=stop)
    settings = json.loads((tmp_path / "c.h5.parts/settings.json").read_text())
    assert settings["crop_settings"]["reader"] == "pyav"
    report = build_cache(clips, out, AUTO, BuildSettings(workers=1))
    assert report.n_new == 2 and sorted(readers_of(out)) == ["decord", "decord", "pyav"]
    assert report.content_hash == CropCache(by_pyav).content_hash


def test_a_clip_on_which_decord_crashes_is_read_by_pyav(clips, by_pyav, tmp_path, monkeypatch):
    monkeypatch.setattr(read_clips, "PREPARE", "decord_crashes:prepare")
    report = build_cache(clips[:2], tmp_path / "c.h5", AUTO, BuildSettings(workers=1))
    assert not report.failures and readers_of(tmp_path / "c.h5") == ["pyav"] * 2
    forced = CropSettings(size_px=48, reader="decord")
    report = build_cache(clips[:2], tmp_path / "forced.h5", forced, BuildSettings(workers=1))
    assert [clip_id for clip_id, _ in report.failures] == sorted(clip.id for clip in clips[:2])


WITHOUT_DECORD = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "decord":
            raise ImportError("decord is not installed")

sys.meta_path.insert(0, Blocked())
"""


def test_without_decord_pyav_reads_all(studio_clips, tmp_path):
    # sitecustomize is loaded by the worker processes too.
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_DECORD)
    arguments = ["--src", "actors", "--root", studio_clips, "--out", tmp_path / "c.h5", "--size-px", "48"]

    def cache(*more):
        command = [sys.executable, "-m", "vidfer", "cache", *map(str, arguments), *more]
        path = f"{tmp_path}:{':'.join(sys.path)}"
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})

    refused = cache("--reader", "decord")
    assert refused.returncode == 2 and "--reader pyav" in refused.stderr
    assert not (tmp_path / "c.h5").exists()
    done = cache()
    assert done.returncode == 0, done.stderr
    assert set(readers_of(tmp_path / "c.h5")) == {"pyav"}
