"""The film of a prediction, decoded again: its times, its sound, and its pictures."""

import subprocess
import sys
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from drawn_films import actor, moments_of, packets_of, write_actor
from made_up_predictions import film_of, moment, write_prediction
from refused import refused

from vidfer.crops.decode.video import read_chunks
from vidfer.errors import DataError, ResultError, SettingError
from vidfer.report.film.write_film import write_film, write_films

UNEVEN = np.cumsum([0, *[40, 33, 7, 120, 40, 41, 500, 20, 22] * 3]).tolist()


def read(path):
    chunks = list(read_chunks(path))
    return np.concatenate([c.times_s for c in chunks]), np.concatenate([c.images for c in chunks])


def predict(video, folder, positions=None):
    """A folder with a prediction of every frame of a video, or of some."""
    times_s, images = read(video)
    _, truth = actor(images.shape[2], images.shape[1])
    frames = moments_of(video.name, times_s, truth, positions=positions)
    return write_prediction(folder, {video: frames}), times_s, images, truth


@pytest.mark.parametrize(
    ("suffix", "tick_s"),
    [
        ("mp4", Fraction(1, 1000)),
        ("mp4", Fraction(1, 90000)),
        ("mkv", Fraction(1, 1000)),
        ("mov", Fraction(1001, 30000)),
    ],
)
def test_frames_are_shown_when_the_video_shows_them(suffix, tick_s, tmp_path):
    video = tmp_path / f"a.{suffix}"
    write_actor(video, ticks=UNEVEN, tick_s=tick_s)
    prediction, times_s, *_ = predict(video, tmp_path / "out")
    written = write_film(prediction, video.name, tmp_path / "film.mp4")
    assert (written.n_frames, written.has_sound, written.notes) == (len(UNEVEN), True, ())
    np.testing.assert_array_equal(read(tmp_path / "film.mp4")[0], times_s)


def test_who_looks_on_sees_each_frame_before_it_is_covered(tmp_path):
    video, seen = tmp_path / "a.mp4", []
    write_actor(video, sound=None)
    prediction, _, images, _ = predict(video, tmp_path)

    def look(image, moments):
        seen.append((moments[0].frame, image.copy()))

    write_film(prediction, "a.mp4", tmp_path / "film.mp4", blur_faces=True, look=look)
    assert [frame for frame, _ in seen] == [*range(1, len(images) + 1)]
    np.testing.assert_array_equal([image for _, image in seen], images)


def test_sound_is_copied_packet_by_packet(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video)
    write_film(predict(video, tmp_path)[0], "a.mp4", tmp_path / "film.mp4")
    before, after = (packets_of(path, "audio") for path in (video, tmp_path / "film.mp4"))
    assert len(before) > 15 and [content for _, content in after] == [content for _, content in before]
    np.testing.assert_allclose([t for t, _ in after], [t for t, _ in before], atol=1e-6)


def heard(path):
    """The time of the first sample of the sound, its samples, and how many are a second."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0].astype(float) for frame in frames])
    return float(frames[0].pts * frames[0].time_base), samples, frames[0].sample_rate


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "pcm_s16le"), ("avi", "pcm_s16le"), ("mkv", "mp2")])
def test_sound_that_mp4_does_not_hold_becomes_aac(suffix, codec, tmp_path):
    video = tmp_path / f"a.{suffix}"
    options = {"bf": "0"} if suffix == "avi" else {}
    write_actor(video, sound=codec, options=options)
    write_film(predict(video, tmp_path)[0], video.name, tmp_path / "film.mp4")
    (start, before, rate), (new_start, after, new_rate) = map(heard, (video, tmp_path / "film.mp4"))
    assert rate == new_rate
    picture, new_picture = (packets_of(path, "video")[0][0] for path in (video, tmp_path / "film.mp4"))
    shift = round((start - picture - new_start + new_picture) * rate)
    n = min(len(before), len(after) - shift) - rate // 10
    cut = before[rate // 10 : n], after[rate // 10 + shift : n + shift]
    assert len(cut[0]) > 0.9 * rate
    assert np.corrcoef(*cut)[0, 1] > 0.99  # a tone that is a millisecond late has -0.9


def test_sound_that_begins_before_the_picture_stays(tmp_path):
    video = tmp_path / "a.mkv"
    write_actor(video, ticks=range(25, 55), sound_from_s=0.2)
    prediction, times_s, *_ = predict(video, tmp_path)
    write_film(prediction, "a.mkv", tmp_path / "film.mp4")
    late = [
        packets_of(p, "video")[0][0] - packets_of(p, "audio")[0][0] for p in (video, tmp_path / "film.mp4")
    ]
    assert late[0] == pytest.approx(0.8, abs=0.1) and late[1] == pytest.approx(late[0], abs=1e-3)
    np.testing.assert_allclose(read(tmp_path / "film.mp4")[0], times_s, atol=1e-9)


def test_a_film_without_sound(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video, sound=None)
    written = write_film(predict(video, tmp_path)[0], "a.mp4", tmp_path / "film.mp4")
    assert not written.has_sound and packets_of(tmp_path / "film.mp4", "audio") == []


def test_only_the_frames_that_were_predicted(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video)
    positions = list(range(10, 26, 3))
    prediction, times_s, images, truth = predict(video, tmp_path, positions)
    written = write_film(prediction, "a.mp4", tmp_path / "film.mp4")
    film_s, film = read(tmp_path / "film.mp4")
    assert written.n_frames == len(positions) and written.notes == ()
    np.testing.assert_allclose(film_s, times_s[positions] - times_s[10], atol=1e-9)
    for image, position in zip(film, positions):
        assert outside_difference(image, images[position], truth.box_xyxy[position]) < 3
    sound = packets_of(tmp_path / "film.mp4", "audio")
    original = dict((content, t) for t, content in packets_of(video, "audio"))
    assert all(original[content] - t == pytest.approx(times_s[10], abs=1e-3) for t, content in sound)
    assert 0 <= sound[0][0] < 0.065 and sound[-1][0] < film_s[-1] + 0.04 < sound[-1][0] + 0.13


def outside_difference(drawn, original, box):
    """Mean difference of the pixels that are far from the box and its tag."""
    height, width = original.shape[:2]
    picture = drawn[:height, (drawn.shape[1] - width) // 2 :][:, :width].astype(int)
    far = np.ones((height, width), bool)
    x1, y1, x2, y2 = np.round(box).astype(int)
    far[max(0, y1 - 45) : y2 + 25, max(0, x1 - 25) : x2 + 90] = False
    assert far.mean() > 0.2
    return np.abs(picture - original)[far].mean()


@pytest.mark.parametrize("size", [(240, 180), (241, 179), (64, 50), (31, 45)])
def test_the_picture_is_that_of_the_video_and_the_face_is_free(size, tmp_path):
    video = tmp_path / "a.mkv"
    write_actor(video, size=size, codec="ffv1", pixels="bgr0", sound=None)
    prediction, _, images, truth = predict(video, tmp_path)
    write_film(prediction, "a.mkv", tmp_path / "film.mp4")
    _, film = read(tmp_path / "film.mp4")
    assert film.shape[1] % 2 == film.shape[2] % 2 == 0 and film.shape[2] >= 480
    if min(size) > 100:
        assert outside_difference(film[20], images[20], truth.box_xyxy[20]) < 3
    left = (film.shape[2] - size[0]) // 2
    x1, y1, x2, y2 = np.round(truth.box_xyxy[20]).astype(int)
    face = film[20][y1 + 2 : y2 - 2, left + x1 + 2 : left + x2 - 2].astype(int)
    assert np.abs(face - images[20][y1 + 2 : y2 - 2, x1 + 2 : x2 - 2]).mean() < 6


def test_cards_below_the_picture_differ_with_the_label(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video, sound=None)
    write_film(predict(video, tmp_path)[0], "a.mp4", tmp_path / "film.mp4")
    _, film = read(tmp_path / "film.mp4")
    cards = film[:, 180:].astype(int)
    assert np.abs(cards[2] - cards[10]).mean() > 2 * np.abs(cards[2] - cards[3]).mean() > 0


def test_a_broken_end_ends_the_film(tmp_path):
    video = tmp_path / "a.avi"
    write_actor(video, sound=None, options={"bf": "0"})
    prediction, *_ = predict(video, tmp_path)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    written = write_film(prediction, "a.avi", tmp_path / "film.mp4")
    assert 3 < written.n_frames < 30 and len(written.notes) == 1
    assert len(read(tmp_path / "film.mp4")[0]) == written.n_frames


def test_another_video_under_the_same_name(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video)
    prediction, *_ = predict(video, tmp_path)
    late = [[moment("a.mp4", i + 1, 100 + i / 25, 0, "happy")] for i in range(5)]
    with refused(DataError, video):
        write_film(write_prediction(tmp_path / "late", {video: late}), "a.mp4", tmp_path / "film.mp4")
    write_actor(video, ticks=[*range(5), *range(105, 130)])
    written = write_film(prediction, "a.mp4", tmp_path / "film.mp4")
    assert written.n_frames == 5 and "lacks 25 of 30" in written.notes[0]


def test_films_that_cannot_be_written(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video)
    prediction, *_ = predict(video, tmp_path)
    before = video.read_bytes()
    with refused(SettingError, video):
        write_film(prediction, "a.mp4", video)
    assert video.read_bytes() == before
    with refused(ResultError, "b.mp4", "a.mp4"):
        write_film(prediction, "b.mp4", tmp_path / "film.mp4")
    with refused(ResultError, "not a video"):
        write_film(write_prediction(tmp_path / "no", {video: []}), "a.mp4", tmp_path / "film.mp4")
    with refused(ResultError, "predict.json"):
        write_film(tmp_path / "nothing", "a.mp4", tmp_path / "film.mp4")
    video.unlink()
    with refused(DataError, video):
        write_film(prediction, "a.mp4", tmp_path / "film.mp4")
    assert not [*tmp_path.glob("film*")]


FULL = """
import resource, sys
from pathlib import Path
from vidfer.errors import DiskError
from vidfer.report.film.write_film import write_film, write_films
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
folder = Path(sys.argv[1])
try:
    write_film(folder, "a.mp4", folder / "film.mp4")
except DiskError as error:
    print(error)
"""


@pytest.mark.parametrize("share", [0.02, 0.6, 0.98])
def test_a_full_disk_leaves_no_half_film(share, tmp_path):
    video, film = tmp_path / "a.mp4", tmp_path / "film.mp4"
    write_actor(video)
    prediction, *_ = predict(video, tmp_path)
    write_film(prediction, "a.mp4", film)
    limit = int(share * film.stat().st_size)
    film.write_bytes(b"the film before")
    words = [sys.executable, "-c", FULL, str(tmp_path), str(limit)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "the disk is full" in done.stdout and "film.mp4" in done.stdout
    assert done.stderr == ""
    assert film.read_bytes() == b"the film before"
    assert not [*tmp_path.glob("*.tmp")]


def test_a_folder_of_frames_has_a_film_and_a_picture_a_picture(tmp_path):
    frames, truth = actor()
    folder = tmp_path / "frames"
    folder.mkdir()
    for i in range(5):
        cv2.imwrite(str(folder / f"{i}.png"), frames[i][..., ::-1])
    prediction = write_prediction(tmp_path, {folder: moments_of("frames", read(folder)[0], truth)})
    written = write_film(prediction, "frames", tmp_path / "film.mp4")
    np.testing.assert_allclose(read(written.path)[0], read(folder)[0], atol=1e-9)
    picture = folder / "0.png"
    prediction = write_prediction(tmp_path, {picture: moments_of("0.png", [0.0], truth)})
    written = write_film(prediction, "0.png", tmp_path / "drawn.mp4")
    assert (written.path, written.n_frames, written.has_sound) == (tmp_path / "drawn.png", 1, False)
    _, (drawn,) = read(written.path)
    assert outside_difference(drawn, frames[0], truth.box_xyxy[0]) == 0
    with refused(SettingError, picture):
        write_film(prediction, "0.png", folder / "0.mp4")
    assert not [*tmp_path.rglob("*.tmp")] and not (tmp_path / "drawn.mp4").exists()


def test_colours_stay(tmp_path):
    colours = [(200, 30, 30), (30, 180, 40), (40, 50, 200), (230, 220, 40), (250, 250, 250), (5, 5, 5)]
    folder = tmp_path / "frames"
    folder.mkdir()
    for i, colour in enumerate(colours):
        image = np.full((120, 160, 3), colour, np.uint8)
        cv2.imwrite(str(folder / f"{i}.png"), image[..., ::-1])
    frames = [[moment("frames", i + 1, i / 25)] for i in range(len(colours))]
    write_film(write_prediction(tmp_path, {folder: frames}), "frames", tmp_path / "film.mp4")
    _, film = read(tmp_path / "film.mp4")
    seen = film[:, 20:100, 180:300].reshape(len(colours), -1, 3).mean(1)
    np.testing.assert_allclose(seen, colours, atol=4)


def test_a_turned_video_is_upright(shared, tmp_path):
    video = shared / "data" / "hard_clips" / "rot90_meta.mp4"
    times_s, images = read(video)
    people = film_of(video.name, {0: " " * len(times_s)})
    frames = [[moment(video.name, i + 1, t)] for i, t in enumerate(times_s)]
    assert len(people) == len(frames)
    write_film(write_prediction(tmp_path, {video: frames}), video.name, tmp_path / "film.mp4")
    _, film = read(tmp_path / "film.mp4")
    height, width = images.shape[1:3]
    assert height > width
    left = (film.shape[2] - width) // 2
    assert np.abs(film[9][:height, left : left + width].astype(int) - images[9]).mean() < 3


def test_films_of_several_inputs(tmp_path):
    inputs = {}
    for name in "abc":
        video = tmp_path / f"{name}.mp4"
        write_actor(video, sound=None)
        inputs[video] = moments_of(video.name, read(video)[0], actor()[1])
    prediction = write_prediction(tmp_path, inputs)
    (tmp_path / "b.mp4").unlink()
    paths = {f"{name}.mp4": tmp_path / "films" / f"{name}.mp4" for name in "abc"}
    found = dict(write_films(prediction, paths))
    assert [*found] == ["a.mp4", "b.mp4", "c.mp4"] and isinstance(found["b.mp4"], DataError)
    for name in ("a.mp4", "c.mp4"):
        assert found[name].n_frames == 30 and len(read(paths[name])[0]) == 30
    assert not paths["b.mp4"].exists()


def test_progress_is_told(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video, sound=None)
    told = []
    write_film(
        predict(video, tmp_path)[0], "a.mp4", tmp_path / "film.mp4", progress=lambda *n: told.append(n)
    )
    assert told[0] == ("a.mp4", 1, 30) and told[-1] == ("a.mp4", 30, 30)
