"""A film becomes moments, in one go or in two, and says the same as the network on the same crops."""

from dataclasses import replace

import numpy as np
import pytest

from vidfer.actors.encode import encode
from vidfer.clips.clip import Clip
from vidfer.crops.extract import extract_crops
from vidfer.infer.plain_state import read_state, write_state


@pytest.fixture(scope="module")
def clip(film) -> Clip:
    return Clip(id="film", path=film)


@pytest.fixture(scope="module")
def moments(film_predictor, clip):
    return list(film_predictor.predict(clip).moments())


def same(one, other) -> bool:
    """Whether two moments say the same, bit for bit."""
    return all(
        np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
        for a, b in zip(vars(one).values(), vars(other).values(), strict=True)
    )


def test_every_frame_has_its_people(moments):
    assert [frame[0].frame for frame in moments] == list(range(1, 141))
    assert [frame[0].time_s for frame in moments] == pytest.approx(np.arange(140) / 25, abs=1e-3)
    people = [[moment.face_id for moment in frame] for frame in moments]
    assert (
        people[10] == [0, 1] and people[70] in ([0], [1]) and people[100] == [None] and len(people[130]) == 2
    )
    nobody = moments[100][0]
    assert (nobody.label, dict(nobody.probabilities), nobody.status) == ("", {}, "missing")


def test_probabilities_labels_and_quality(moments, film_predictor):
    threshold = film_predictor.classifier.about["threshold"]
    for frame in moments:
        for moment in frame:
            if moment.has_face:
                assert tuple(moment.probabilities) == film_predictor.classifier.classes
                assert sum(moment.probabilities.values()) == pytest.approx(1, abs=1e-3)
                best = max(moment.probabilities, key=moment.probabilities.get)
                assert moment.label == (best if moment.probabilities[best] >= threshold else "unsure")
                assert 80 < moment.face_px < 240 and 0 < moment.sharpness < 1 and 0 < moment.brightness < 256
    labels = {moment.label for frame in moments for moment in frame}
    assert "happy" in labels


def test_it_is_the_networks_answer_to_the_crops_of_a_cache(film_predictor, clip, moments):
    """Of a film of two frames, the network sees the first one."""
    short = replace(clip, end_s=0.08)
    found = next(film_predictor.predict(short).moments())[0]
    crops_of = replace(film_predictor.crops, size_px=film_predictor.classifier.crop_px, face="main")
    (face,) = extract_crops(short, film_predictor.detector, crops_of)
    crops = np.concatenate(list(face.iter_crops()))[[0]].transpose(0, 1, 4, 2, 3)
    alone = film_predictor.classifier.probabilities(crops[None], np.ones((1, 1), bool))[0]
    assert list(found.probabilities.values()) == pytest.approx(alone.tolist(), abs=1e-5)


@pytest.mark.parametrize("stop_after", [1, 2, 4])
def test_a_film_goes_on_where_it_was_stopped(film_predictor, clip, moments, tmp_path, stop_after):
    stopped = film_predictor.predict(clip)
    pieces, given = stopped.pieces(), []
    for _ in range(stop_after):
        given += next(pieces)
    state = stopped.state()
    if stop_after == 1:
        del state["n_sure"]  # as an earlier version wrote it
    write_state(tmp_path / "state", state)
    again = film_predictor.predict(clip)
    for piece in again.pieces(read_state(tmp_path / "state")):
        given += piece
    assert len(given) == len(moments) == again.n_frames
    for frame, other in zip(given, moments, strict=True):
        assert all(same(one, two) for one, two in zip(frame, other, strict=True))


def test_a_state_that_is_damaged_is_none(film_predictor, clip, tmp_path):
    film = film_predictor.predict(clip)
    next(film.pieces())
    write_state(tmp_path / "state", film.state())
    whole = (tmp_path / "state").read_bytes()
    for n in (0, 7, 100, len(whole) // 2):
        (tmp_path / "cut").write_bytes(whole[:n])
        assert read_state(tmp_path / "cut") is None
    assert read_state(tmp_path / "not there") is None


def test_one_person_may_be_chosen(film_predictor, clip):
    predictor = replace(film_predictor, crops=replace(film_predictor.crops, face="main"))
    film = predictor.predict(clip)
    found = list(film.moments())
    assert len(found) == 140 and {m.face_id for frame in found for m in frame} == {0, None}
    assert film.state() is None and film.fault == "" and film.n_frames == 140


def test_a_part_of_a_film_at_another_rate(film_predictor, film):
    predictor = replace(film_predictor, crops=replace(film_predictor.crops, fps=5.0))
    found = list(predictor.predict(Clip(id="part", path=film, start_s=1.0, end_s=2.0)).moments())
    assert [frame[0].time_s for frame in found] == pytest.approx([1.0, 1.2, 1.4, 1.6, 1.8], abs=1e-3)


@pytest.mark.parametrize("stop_after", [0, 2])
def test_a_film_upside_down_is_known_also_where_it_goes_on(film_predictor, film_frames, tmp_path, stop_after):
    images = np.concatenate([film_frames[:20], np.rot90(film_frames, 2, (1, 2))])
    encode(np.ascontiguousarray(images), tmp_path / "film.mp4", fps=25, crf=18)
    film = film_predictor.predict(Clip(id="film", path=tmp_path / "film.mp4"))
    if stop_after:
        pieces = film.pieces()
        for _ in range(stop_after):
            next(pieces)
        state = film.state()
        film = film_predictor.predict(film.clip)
        rest = film.pieces(state)
    else:
        rest = film.pieces()
    assert sum(map(len, rest)) > 0
    assert film.n_frames == 160 and film.rotate_deg == 180


@pytest.mark.parametrize("face", ["all", "main"])
def test_a_film_is_upright(film_predictor, clip, face):
    film = replace(film_predictor, crops=replace(film_predictor.crops, face=face)).predict(clip)
    assert len(list(film.moments())) == 140 and film.rotate_deg == 0
