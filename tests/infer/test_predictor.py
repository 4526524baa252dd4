"""The Python interface: films, pictures, faces and clips of a cache."""

import logging
import pickle
import random
import signal
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
import torch
from networks import network
from refused import refused

import vidfer
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.infer.answers import Answers
from vidfer.infer.settings import FilmSettings
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint


@pytest.fixture(scope="module")
def predictor():
    return vidfer.load()


def test_a_stream_gives_moments_while_the_film_is_read(predictor, film):
    moments = predictor.stream(film)
    first = next(moments)
    assert (first.input, first.frame, first.time_s, first.face_id) == ("two people.mp4", 1, 0.0, 0)
    assert tuple(first.probabilities) == predictor.classes and first.label in (*predictor.classes, "unsure")
    rest = list(moments)
    assert rest[-1].frame == 140 and any(not moment.has_face for moment in rest)


def test_tables_for_pandas(predictor, film):
    pytest.importorskip("pandas")
    found = predictor.predict(film, end_s=1.0)
    table = found.to_pandas()
    assert len(table) == len(found) == 50 and list(table["face_id"][:2]) == [0, 1]
    assert table[list(predictor.classes)].sum(axis=1).between(0.99, 1.01).all()
    people = found.people_to_pandas()
    assert list(people["face_id"]) == [0, 1] and (people["n_frames"] == 25).all()
    segments = found.segments_to_pandas()
    assert (segments["end_s"] > segments["start_s"]).all()


def test_pictures_folders_and_faults(predictor, film_frames, tmp_path):
    cv2.imwrite(str(tmp_path / "face.png"), film_frames[0][:, :320, ::-1])
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    found = predictor.predict(tmp_path)
    (moment,) = found
    assert moment.input == "face.png" and moment.has_face and "not a video" in found.faults["broken.mp4"]
    cv2.imwrite(str(tmp_path / "lies.png"), np.rot90(film_frames[0][:, :320])[..., ::-1])
    assert predictor.predict(tmp_path).rotate_deg == {"lies.png": 90}
    with refused(DataError, "none of 1", "broken.mp4"):
        predictor.predict(tmp_path / "broken.mp4")
    with refused(DataError, "nowhere.mp4"):
        predictor.predict(["nowhere.mp4"])
    with refused(DataError, "empty"):
        predictor.predict([])


def test_one_broken_film_stops_neither_a_stream_nor_is_it_lost(predictor, film_frames, tmp_path):
    for name in ("a.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"no video")
    cv2.imwrite(str(tmp_path / "b.png"), film_frames[0][:, :320, ::-1])
    seen = []
    with refused(DataError, tmp_path / "a.mp4", tmp_path / "c.mp4", "not a video"):
        seen.extend(predictor.stream(tmp_path))
    assert [moment.input for moment in seen] == ["b.png"]
    for name in range(7):
        (tmp_path / f"d{name}.mp4").write_bytes(b"no video")
    with refused(DataError, "and 4 more"):
        list(predictor.stream(tmp_path))


def test_a_stream_tells_that_a_film_breaks_off(predictor, film, tmp_path):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    seen = []
    with refused(DataError, "cut.mp4", "not read to its end"):
        seen.extend(predictor.stream(cut))
    assert 0 < len(seen) < 230


def test_faces_as_arrays_lists_and_tensors(predictor, film_frames):
    faces = film_frames[:3, 20:220, 60:260]
    found = predictor.predict_faces(faces)
    assert found.probabilities.shape == (3, 7) and len(found.labels) == len(found) == 3
    assert found.probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    as_tensor = torch.from_numpy(faces).permute(0, 3, 1, 2)
    for other in (list(faces), as_tensor, as_tensor.float() / 255):
        assert np.array_equal(predictor.predict_faces(other).probabilities, found.probabilities)
    mixed = predictor.predict_faces([faces[0], faces[1, :150, :150]])
    assert mixed.probabilities[0] == pytest.approx(found.probabilities[0], abs=1e-5)


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        (np.zeros((2, 3, 8, 8), np.uint8), "(3, 8, 8)"),
        (np.zeros((2, 8, 8, 3)), "float64"),
        (torch.zeros(2, 8, 8, 3), "(2, 8, 8, 3)"),
        (torch.full((1, 3, 8, 8), 255.0), "divide it by 255"),
        (torch.zeros(0, 3, 8, 8), "empty"),
        ([], "empty"),
        ([1], "int"),
    ],
)
def test_faces_of_another_shape_are_refused(predictor, faces, said):
    with refused(DataError, said):
        predictor.predict_faces(faces)


def test_clips_of_a_cache(predictor, striped_cache, tmp_path):
    cache = vidfer.CropCache(striped_cache)
    found = predictor.predict_clips(cache)
    assert list(found.names) == [clip.id for clip in cache.clips]
    faceless = [clip.n_faces == 0 for clip in cache.clips]
    assert any(faceless) and [label == "" for label in found.labels] == faceless
    some = predictor.predict_clips(striped_cache, [4, 2])
    assert np.array_equal(some.probabilities, found.probabilities[[4, 2]], equal_nan=True)
    for places in ([len(cache.clips)], [-1], np.ones(len(cache.clips), bool)):
        with refused(DataError, f"0 to {len(cache.clips) - 1}", striped_cache):
            predictor.predict_clips(striped_cache, places)
    with refused(SettingError, "frames 0"):
        predictor.predict_clips(striped_cache, frames=0)


def test_expressions_that_are_named_like_columns_of_a_table():
    pytest.importorskip("pandas")
    answers = Answers(["a.mp4"], ("Label", "happy"), np.array([[0.9, 0.1]], np.float32), 0.5)
    assert list(answers.to_pandas().columns) == ["name", "label", "p_Label", "happy"]


def test_what_cannot_be_loaded(tmp_path):
    with refused(CheckpointError, tmp_path / "nothing"):
        vidfer.load(tmp_path / "nothing")
    with refused(SettingError, "cuda:99"):
        vidfer.load(device="cuda:99")
    for accuracy in (80, -0.1, float("nan")):
        with refused(SettingError, f"accuracy {accuracy}"):
            vidfer.load(accuracy=accuracy)
    save_checkpoint(tmp_path / "headless", build_recogniser(network(width=4), ()), {})
    with refused(CheckpointError, "no classifier", "--support"):
        vidfer.load(tmp_path / "headless")


def test_an_example_that_cannot_be_used_is_told(predictor, film_frames, tmp_path):
    for name, picture in (("a", film_frames[0][:, :320]), ("b", film_frames[0][:, 320:])):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture[..., ::-1])
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    examples = {"left": [tmp_path / "a.png"], "right": [tmp_path / "b.png", tmp_path / "broken.mp4"]}
    with pytest.warns(UserWarning, match=r"left out: .*broken\.mp4 cannot be read"):
        mine = predictor.with_support(examples)
    assert mine.notes[0].startswith("left out: ")
    assert any(note.startswith("warning: ") for note in mine.notes)


def test_only_own_expressions_are_saved(predictor, tmp_path):
    with refused(SettingError, "with_support"):
        predictor.save(tmp_path / "mine.vidfer")


def test_a_predictor_tells_what_it_is_and_can_be_sent_to_another_process(predictor, film_frames):
    assert repr(predictor) == "Predictor('basic7', 7 classes, threshold 0.60, device 'cpu')"
    faces = film_frames[:1, 20:220, 60:260]
    assert pickle.loads(pickle.dumps(predictor)).predict_faces(faces) == predictor.predict_faces(faces)


def test_the_rest_of_the_program_is_left_alone(film_frames, tmp_path, capfd):
    def state():
        return (
            *(random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()),
            *(torch.get_num_threads(), torch.is_grad_enabled(), torch.backends.cudnn.allow_tf32),
            *(list(logging.root.handlers), logging.root.level),
            {number: signal.getsignal(number) for number in signal.valid_signals()},
        )

    cv2.imwrite(str(tmp_path / "face.png"), film_frames[0][..., ::-1])
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    before, threads = state(), {*threading.enumerate()}
    found = vidfer.load().predict(tmp_path)
    assert len(found) == 2 and found.faults and state() == before
    assert {*threading.enumerate()} <= threads  # those of other tests may end meanwhile
    assert capfd.readouterr() == ("", "")


def test_frames_are_not_taken_for_paths(predictor, film_frames):
    with refused(DataError, "stream_frames"):
        predictor.predict(film_frames[:2])


def test_settings_of_films_reach_the_frames(film):
    predictor = vidfer.load(films=FilmSettings(fps=5.0, face="main"))
    found = predictor.predict(film, end_s=1.0)
    assert len(found.frames) == 5 and {moment.face_id for moment in found} == {0}


def test_importing_vidfer_loads_nothing_heavy():
    code = "import sys, vidfer; assert not {'torch', 'numpy', 'cv2', 'av'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"load", "Predictor"} <= set(dir(vidfer))
