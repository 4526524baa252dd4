from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from refused import refused

from vidfer.actors.encode import encode
from vidfer.clips.clip import Clip
from vidfer.crops import extract
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import MISSING

SETTINGS = CropSettings(size_px=64)


@pytest.fixture(scope="module")
def film(tmp_path_factory, draw_actor) -> Path:
    path = tmp_path_factory.mktemp("film") / "actor.mp4"
    encode(draw_actor(2, 40)[0], path, fps=25, crf=18)
    return path


def crops_of(path: Path, detector, **options) -> tuple[extract.ClipCrops, np.ndarray]:
    (crops,) = extract.extract_crops(Clip(id=path.name, path=path, **options), detector, SETTINGS)
    return crops, np.concatenate(list(crops.iter_crops()))


def test_a_video_gives_three_crops_a_frame(film, detector):
    crops, pictures = crops_of(film, detector)
    assert pictures.shape == (40, 3, 64, 64, 3) and pictures.dtype == np.uint8
    assert (crops.track.status != MISSING).all()
    assert np.allclose(crops.track.times_s, np.arange(40) / 25, atol=1e-3)
    assert np.array_equal(pictures, np.concatenate(list(crops.iter_crops())))


def test_a_clip_beyond_the_buffer_gives_the_same(film, detector, monkeypatch):
    kept, kept_pictures = crops_of(film, detector)
    monkeypatch.setattr(extract, "BUFFER_BYTES", 1)
    again, pictures = crops_of(film, detector)
    assert np.array_equal(kept.track.status, again.track.status)
    assert np.array_equal(kept_pictures, pictures)


def test_part_of_a_video(film, detector):
    crops, pictures = crops_of(film, detector, start_s=0.4, end_s=0.8)
    assert len(pictures) == len(crops.track) == 10
    assert crops.track.times_s[0] == pytest.approx(0.4, abs=1e-3)


def test_an_image_is_a_clip_of_one_frame(tmp_path, detector, draw_actor):
    image = draw_actor(0, 1)[0][0]
    path = tmp_path / "someone.png"
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    crops, pictures = crops_of(path, detector)
    assert np.array_equal(pictures[0], crop_regions(image, crops.track.landmarks[0], SETTINGS))


def test_crops_of_missing_frames_are_black(tmp_path, detector, draw_actor):
    frames = draw_actor(2, 12)[0].copy()
    frames[6:] = 90
    encode(frames, tmp_path / "leaves.mp4", fps=25, crf=18)
    crops, pictures = crops_of(tmp_path / "leaves.mp4", detector)
    gone = crops.track.status == MISSING
    assert gone[7:].all() and not gone[:6].any()
    assert (pictures[gone] == 0).all() and (
        pictures[~gone].reshape((~gone).sum(), 3, -1).max(axis=2) > 0
    ).all()


def test_a_dark_clip_is_enhanced_alike_in_all_its_frames(tmp_path, detector, draw_actor):
    frames = (draw_actor(2, 12)[0] * 0.15).astype(np.uint8)
    encode(frames, tmp_path / "dark.mp4", fps=25, crf=10)
    crops, pictures = crops_of(tmp_path / "dark.mp4", detector)
    assert (crops.track.status != MISSING).all()
    light = pictures[:, 0].mean(axis=(1, 2, 3))
    assert light.min() > 1.7 * frames.mean() and np.ptp(light) < 0.05 * light.mean()


def test_a_file_that_is_no_video_says_so(tmp_path, detector):
    (tmp_path / "text.mp4").write_text("not a video")
    with refused(UnreadableVideo, "text.mp4"):
        crops_of(tmp_path / "text.mp4", detector)


def test_decord_gives_the_same_crops_but_for_rounding(tmp_path, detector, draw_actor):
    path = tmp_path / "actor.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for image in draw_actor(2, 20)[0]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    by_reader = [
        extract.extract_crops(Clip(id="a", path=path), detector, CropSettings(size_px=64, reader=reader))[0]
        for reader in ("pyav", "decord")
    ]
    pyav, decord = (np.concatenate(list(crops.iter_crops())) for crops in by_reader)
    assert len(pyav) == len(decord) == 20
    assert np.abs(pyav.astype(int) - decord).mean() < 0.5  # their FFmpegs round differently at times


@pytest.mark.parametrize("buffer_bytes", [1, 3_000_000, 10**9])
def test_a_film_that_is_read_once_has_the_frames_of_a_clip(
    film, draw_actor, tmp_path, monkeypatch, buffer_bytes
):
    dark = tmp_path / "dark.mp4"
    encode((draw_actor(2, 40)[0] * 0.2).astype(np.uint8), dark, fps=25, crf=18)
    monkeypatch.setattr(extract, "BUFFER_BYTES", buffer_bytes)
    clip = Clip(id="dark", path=dark)
    expected = np.concatenate([chunk.images for chunk in extract.read_clip(clip, SETTINGS).chunks()])
    reader = extract.FilmReader(clip, SETTINGS)
    found = np.concatenate([chunk.images.copy() for chunk in reader.chunks()])
    assert np.array_equal(found, expected) and expected.mean() > 1.5 * draw_actor(2, 40)[0].mean() * 0.2
    assert reader.library in ("decord", "pyav") and reader.fault == ""


def test_a_film_that_breaks_off_says_why(film, tmp_path):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    reader = extract.FilmReader(Clip(id="cut", path=cut), SETTINGS)
    n_frames = sum(map(len, reader.chunks()))
    assert 0 < n_frames < 40 and reader.fault
