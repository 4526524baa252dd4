"""Merging, exporting and relabelling by the commands, compared with caches that are built so at once."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.commands.main import main
from vidfer.crops.settings import CropSettings
from vidfer.store.reader import CropCache
from vidfer.store.verify import verify_cache

CROPS = CropSettings(size_px=32)


@pytest.fixture(scope="module")
def clips(studio_clips):
    return find_clips("actors", studio_clips)


@pytest.fixture(scope="module")
def whole(clips, tmp_path_factory) -> Path:
    return build(clips, tmp_path_factory.mktemp("keeping") / "whole.h5")


def build(clips, out: Path, **options) -> Path:
    return build_cache(clips, out, CROPS, BuildSettings(workers=1), **options).out


def run(words: str, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["vidfer", *words.split()])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0


def test_shards_merged_are_the_whole(clips, whole, tmp_path, monkeypatch, capsys):
    shards = [build(clips, tmp_path / "c.h5", shard=f"{i}/3") for i in (1, 2, 3)]
    run(f"merge {' '.join(map(str, shards))} --out {tmp_path / 'all.h5'}", monkeypatch)
    assert (tmp_path / "all.h5").read_bytes() == whole.read_bytes()
    assert capsys.readouterr().out == (
        f"{tmp_path / 'all.h5'}: 8 clips of 3 caches\ncontent hash {CropCache(whole).content_hash}\n"
    )


def test_what_is_exported_and_what_is_left_are_as_if_built_alone(clips, whole, tmp_path, monkeypatch):
    run(f"export {whole} --split train val --label happy --out {tmp_path / 'some.h5'}", monkeypatch)
    run(f"export {whole} --drop --split train val --label happy --out {tmp_path / 'rest.h5'}", monkeypatch)
    copy = shutil.copy(whole, tmp_path / "copy.h5")
    run(f"export {copy} --drop --split train val --label happy --out {copy} --overwrite", monkeypatch)
    assert copy.read_bytes() == (tmp_path / "rest.h5").read_bytes()
    some = [clip for clip in clips if clip.split in ("train", "val") and clip.label == "happy"]
    alone = build(some, tmp_path / "alone.h5")
    assert (tmp_path / "some.h5").read_bytes() == alone.read_bytes()
    run(f"merge {tmp_path / 'rest.h5'} {tmp_path / 'some.h5'} --out {tmp_path / 'all.h5'}", monkeypatch)
    assert (tmp_path / "all.h5").read_bytes() == whole.read_bytes()


def test_relabelled_is_as_if_built_with_these_labels(clips, whole, tmp_path, monkeypatch, capsys):
    (tmp_path / "labels.csv").write_text(
        f"id,label,subject\n{clips[0].id},Fearful,\n{clips[3].id},none,new\n"
    )
    run(f"relabel {whole} --table {tmp_path / 'labels.csv'} --out {tmp_path / 'new.h5'}", monkeypatch)
    assert f"  label {clips[0].label} -> fear: 1\n" in capsys.readouterr().out
    changed = list(clips)
    changed[0] = replace(clips[0], label="fear", subject=None)
    changed[3] = replace(clips[3], label=None, subject="new")
    (tmp_path / "built.h5").write_bytes(whole.read_bytes())
    built = build(changed, tmp_path / "built.h5")
    assert (tmp_path / "new.h5").read_bytes() == built.read_bytes()
    assert verify_cache(tmp_path / "new.h5") == []
