import numpy as np

from vidfer.infer.support.pieces import piece_frames
from vidfer.infer.support.settings import SupportSettings


def pieces(times_s, has_face=None, **settings):
    has_face = np.ones(len(times_s), bool) if has_face is None else has_face
    return piece_frames(np.asarray(times_s), np.asarray(has_face), SupportSettings(**settings))


def test_an_image_and_a_short_clip_are_one_piece():
    assert [p.tolist() for p in pieces([0.0])] == [[0]]
    assert [p.tolist() for p in pieces([0.0, 0.4, 0.8])] == [[0, 1, 2]]
    assert [p.tolist() for p in pieces(np.arange(25) / 25, frames=5)] == [[2, 7, 12, 17, 22]]


def test_a_longer_clip_is_cut_into_pieces_that_overlap():
    times = np.arange(75) / 25  # the last frame is at 2.96 s
    found = pieces(times, frames=100)
    assert [(p[0], p[-1]) for p in found] == [(0, 24), (12 + 1, 37), (25, 49), (38, 62)]
    assert len(pieces(np.arange(2500) / 25)) == 12


def test_pieces_do_not_depend_on_where_the_clip_starts_in_its_video():
    times = np.arange(50) / 25
    assert [p.tolist() for p in pieces(times + 7.3)] == [p.tolist() for p in pieces(times)]


def test_frames_without_a_face_are_never_shown():
    has_face = np.ones(100, bool)
    has_face[30:60] = False
    found = pieces(np.arange(100) / 25, has_face, frames=50)
    assert all(has_face[p].all() for p in found) and len(found) > 2
    # A piece whose face is mostly missing is left out.
    assert all(len(p) >= 12 for p in found)
    assert pieces([0.0, 1.0], [False, False]) == []
    has_face[:] = False
    has_face[[0, 99]] = True
    assert len(pieces(np.arange(100) / 25, has_face)) >= 1
