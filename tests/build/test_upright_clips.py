"""A cache of clips whose faces are not upright is told as such."""

import shutil

import numpy as np
import pytest

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.build import upright_clips
from vidfer.build.upright_clips import look_for_rotation
from vidfer.clips import find_clips
from vidfer.commands import stopped
from vidfer.commands.cache import main
from vidfer.crops.settings import CropSettings
from vidfer.store.reader import CropCache


def write_clip(path, person: int, turns: int) -> None:
    """A clip of an actor, turned to the left so many times by 90 degrees."""
    identity = sample_identity(np.random.default_rng(person))
    size = (240, 240)
    images, _ = draw_clip(identity, "happy", setting="studio", seed=person, n_frames=6, fps=25, size=size)
    path.parent.mkdir(exist_ok=True)
    encode(np.ascontiguousarray(np.rot90(images, turns, (1, 2))), path, fps=25, crf=18)


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    for turns in range(4):
        write_clip(folder / "happy" / f"{turns}.mp4", 5, turns)
    return folder


def test_they_are_told_when_the_cache_is_made_and_not_again(footage, tmp_path, capsys):
    command = ["--src", "folder", "--root", str(footage), "--out", str(tmp_path / "c.h5"), "--workers", "1"]
    assert main(command) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(told) == 3 and all(f"happy/{i}.mp4" in line for i, line in enumerate(told, start=1))
    assert "by 90° to the right" in told[0] and "-i 2.mp4 -vf hflip,vflip" in told[1]
    assert main(command) == 0
    assert "warning" not in capsys.readouterr().err


def test_a_cache_is_complete_where_the_look_is_stopped(footage, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stopped.position, "go_on", "")
    monkeypatch.setattr(upright_clips, "rotation_to_upright", stop)
    command = ["--src", "folder", "--root", str(footage), "--out", str(tmp_path / "c.h5"), "--workers", "1"]
    with pytest.raises(KeyboardInterrupt):
        main(command)
    assert f"stopped. {tmp_path / 'c.h5'} is complete" in stopped.stopped_text("cache")
    assert main(command) == 0  # there is nothing to go on with
    assert len(CropCache(tmp_path / "c.h5")) == 4


def test_many_are_judged_by_some(footage, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(upright_clips, "MOST_CLIPS", 2)
    footage = shutil.copytree(footage, tmp_path / "footage")
    (footage / "happy" / "broken.mp4").write_bytes(b"no video")
    command = ["--src", "folder", "--root", str(footage), "--out", str(tmp_path / "c.h5"), "--workers", "1"]
    assert main(command) == 1
    lines = capsys.readouterr().err.splitlines()
    (last,) = [line for line in lines if "were looked at" in line]
    assert "2 of 2 clips that were looked at; 1 more may be like them" in last
    cache = CropCache(tmp_path / "c.h5")
    clips = [clip for clip in find_clips("folder", footage) if not clip.id.endswith("1.mp4")]
    done = []
    found = look_for_rotation(cache, clips, CropSettings(), "cpu", lambda n, n_all: done.append((n, n_all)))
    assert found.rotations == {"happy/2.mp4": 180, "happy/3.mp4": 270} and found.n_unsure == 2
    assert done == [(1, 2), (2, 2)]
    assert look_for_rotation(cache, clips, CropSettings(face="picture"), "cpu").n_looked_at == 0
    for clip in clips:
        clip.path.unlink()
    assert look_for_rotation(cache, clips, CropSettings(), "cpu").rotations == {}
