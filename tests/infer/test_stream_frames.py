"""Frames that a program gives one by one: who is seen in them, soon after they came."""

import numpy as np
import pytest
from refused import refused

import vidfer
from vidfer.errors import DataError, SettingError
from vidfer.infer.predict_live import CHUNK_FRAMES, CHUNK_S, chunks_of


@pytest.fixture(scope="module")
def predictor():
    return vidfer.load()


def timed(images, fps: float = 25.0):
    return ((i / fps, image) for i, image in enumerate(images))


def picture(height: int = 8, width: int = 6) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_each_frame_comes_back_with_the_people_in_it(predictor, film_frames):
    taken = []

    def camera():
        buffer = np.empty_like(film_frames[0])  # as some cameras do, which have one buffer for all frames
        for time_s, image in timed(film_frames[20:70]):
            taken.append(time_s)
            buffer[:] = image
            yield time_s, buffer

    late_s = []
    for i, (image, moments) in enumerate(predictor.stream_frames(camera(), name="door")):
        late_s.append(taken[-1] - moments[0].time_s)
        assert np.array_equal(image, film_frames[20 + i])
        assert {(moment.input, moment.frame, moment.time_s) for moment in moments} == {
            ("door", i + 1, i / 25)
        }
        assert [moment.face_id for moment in moments] == ([0, 1] if i < 30 else [0])
    assert len(late_s) == 50 and max(late_s) < 1.5


def test_pictures_of_faces_are_not_searched(film_frames):
    predictor = vidfer.load(films=vidfer.FilmSettings(face="picture"))
    shown = list(predictor.stream_frames(timed(film_frames[:6, 20:220, 60:260])))
    assert [len(moments) for _, moments in shown] == [1] * 6
    assert all(tuple(moments[0].box_xyxy) == (0, 0, 200, 200) for _, moments in shown)


def test_no_frame_gives_nothing(predictor):
    assert list(predictor.stream_frames(iter(()))) == []


@pytest.mark.parametrize(("fps", "lengths"), [(25, [5, 5, 2]), (6, [3, 3, 3, 3]), (1, [2] * 6)])
def test_few_frames_are_looked_at_together_and_fewer_where_they_come_slowly(fps, lengths):
    chunks = list(chunks_of(timed([picture()] * 12, fps)))
    assert [len(chunk) for chunk in chunks] == lengths
    assert np.array_equal(np.concatenate([chunk.times_s for chunk in chunks]), np.arange(12) / fps)
    assert all(len(c) <= CHUNK_FRAMES and np.ptp(c.times_s[:-1]) < CHUNK_S for c in chunks)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([picture()], "frame 1 is no pair"),
        ([None], "frame 1 is no pair"),
        ([(0, picture()), ("late", picture())], "frame 2 is no pair"),
        ([(0, picture().astype(float))], "frame 1 is float64 (8, 6, 3)"),
        ([(0, picture()[..., 0])], "frame 1 is uint8 (8, 6)"),
        ([(0, picture()), (0, picture())], "frame 2 is at 0 s"),
        ([(0, picture()), (float("nan"), picture())], "frame 2 is at nan s"),
        ([(0, picture()), (1, picture(9))], "frame 2 has the shape (9, 6, 3)"),
        ([*timed([picture()] * 5), (1, picture(9))], "frame 6 has the shape (9, 6, 3)"),
    ],
)
def test_other_frames_are_refused(frames, said):
    with refused(DataError, said):
        list(chunks_of(frames))


def test_who_shows_at_the_end_of_a_film_cannot_be_chosen():
    predictor = vidfer.load(films=vidfer.FilmSettings(face="main"))
    with refused(SettingError, "face is 'main'", "all or picture"):
        next(predictor.stream_frames(timed([picture()])))
