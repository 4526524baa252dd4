"""`vidfer predict --webcam`, with a video file as the camera."""

import av
import numpy as np
import pytest
from refused import refused

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.commands.predict import main
from vidfer.crops.decode.camera import Camera
from vidfer.errors import DataError, ResultError, SettingError
from vidfer.infer.prediction_folder import read_prediction


@pytest.fixture(scope="module")
def camera_film(tmp_path_factory):
    """Nobody for half a second, then an actor, then nobody."""
    identity = sample_identity(np.random.default_rng(2))
    images, _ = draw_clip(identity, "happy", setting="studio", seed=2, n_frames=40, fps=25, size=(320, 240))
    empty = np.full_like(images[:13], 90)
    path = tmp_path_factory.mktemp("camera") / "film.mp4"
    encode(np.concatenate([empty, images, empty]), path, fps=25, crf=18)
    return path


def test_changes_are_printed(camera_film, capsys, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["--webcam", str(camera_film)]) == 0
    lines = capsys.readouterr().out.splitlines()
    times_s = [float(line.split()[0]) for line in lines]
    assert "face 0" in lines[0] and 0.4 <= times_s[0] <= 0.8
    assert lines[-1].endswith("face 0  gone") and times_s[-1] >= 2.0
    assert any("happy" in line for line in lines)


def test_tables_are_written_and_never_mixed(camera_film, tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    out = tmp_path / "seen"
    assert main(["--webcam", str(camera_film), "--out", str(out), "--end", "1.5"]) == 0
    about = read_prediction(out)
    frames = list(about.moments())
    assert [frame[0].frame for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[-1][0].time_s < 1.5 <= frames[-1][0].time_s + 0.05
    assert not frames[0][0].has_face and frames[-1][0].face_id == 0
    assert about.inputs[0].n_people == 1
    with refused(ResultError, out, "--out"):
        main(["--webcam", str(camera_film), "--out", str(out), "--end", "1.5"])


def test_frames_of_a_camera_are_those_of_the_film(camera_film):
    with Camera(str(camera_film)) as camera:
        chunks = list(camera.chunks(7))
    with av.open(str(camera_film)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    images = np.concatenate([chunk.images for chunk in chunks])
    assert len(images) == len(frames) == 66 and [len(chunk) for chunk in chunks] == [7] * 9 + [3]
    assert np.abs(images.astype(int) - np.stack(frames)).mean() < 3
    assert np.concatenate([chunk.times_s for chunk in chunks]) == pytest.approx(np.arange(66) / 25)


def test_a_camera_that_is_not_there(tmp_path):
    with refused(DataError, "--webcam 63", "connected"):
        Camera("63")
    with refused(DataError, "nowhere.mp4", "number of a camera"):
        Camera("nowhere.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with refused(DataError, "text.mp4", "is it a video"):
        Camera(str(tmp_path / "text.mp4"))
    for words in ([], ["film.mp4", "--webcam", "0"]):
        with refused(SettingError, "--webcam 0"):
            main(words)
