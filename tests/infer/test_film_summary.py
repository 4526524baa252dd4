"""Segments and people of films whose frames lie far apart, or not evenly."""

import numpy as np

from vidfer.infer.moment import Moment
from vidfer.infer.summary import FilmSummary, Segment


def seen(frame: int, time_s: float, happy: float = 0.9) -> list[Moment]:
    """A frame with one person."""
    return [
        Moment(
            input="film",
            frame=frame,
            time_s=time_s,
            face_id=0,
            box_xyxy=np.zeros(4, np.float32),
            label="happy" if happy > 0.5 else "sad",
            probabilities={"happy": happy, "sad": 1 - happy},
            face_px=100.0,
            sharpness=0.6,
            brightness=120.0,
        )
    ]


def empty(frame: int, time_s: float) -> list[Moment]:
    return [Moment(input="film", frame=frame, time_s=time_s)]


def summed(frames: list[list[Moment]]) -> tuple[list[Segment], list[list]]:
    film = FilmSummary("film", ("happy", "sad"))
    segments = [segment for frame in frames for segment in film.add(frame)]
    return segments + list(film.end()), film.people_rows()


def test_frames_of_a_slow_film_are_one_segment():
    """One frame in two seconds: who is seen in each of them was never gone."""
    segments, _ = summed([seen(i + 1, 2.0 * i) for i in range(4)])
    assert [(one.start_s, one.end_s) for one in segments] == [(0, 8)]


def test_who_is_missing_in_a_frame_of_a_slow_film_was_gone():
    frames = [seen(1, 0.0), seen(2, 2.0), empty(3, 4.0), seen(4, 6.0)]
    segments, _ = summed(frames)
    assert [(one.start_s, one.end_s) for one in segments] == [(0, 4), (6, 8)]


def test_a_segment_ends_with_the_frame_after_it_also_at_variable_rates():
    """Someone leaves after 0.4 s, while frames come ten times a second; later ones come once in a second."""
    times_s = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.5, 2.5, 3.5]
    frames = [(seen if t < 0.45 else empty)(i + 1, t) for i, t in enumerate(times_s)]
    segments, ((_, _, start_s, end_s, *_),) = summed(frames)
    assert [(one.start_s, one.end_s) for one in segments] == [(0, 0.5)]
    assert (start_s, end_s) == (0, 0.5)
    segments, _ = summed([*frames, seen(10, 4.5)])
    assert [(one.start_s, one.end_s) for one in segments] == [(0, 0.5), (4.5, 5.5)]


def test_a_short_gap_does_not_end_a_segment_and_another_expression_does():
    frames = [seen(1, 0.0), empty(2, 0.1), seen(3, 0.4), seen(4, 0.5, happy=0.2)]
    segments, _ = summed(frames)
    assert [(one.start_s, one.end_s, one.label) for one in segments] == [(0, 0.5, "happy"), (0.5, 0.6, "sad")]
