"""A film that is followed in one pass gives the tracks that two passes give."""

import cv2
import numpy as np
import pytest

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.follow_stream import FaceStream, FollowedFrames
from vidfer.crops.track.followed_face import ASSUMED, INTERPOLATED, MISSING, FaceTrack
from vidfer.crops.track.key_frames import with_next_images
from vidfer.crops.track.track_faces import track_faces


@pytest.fixture(scope="module")
def film(draw_actor) -> np.ndarray:
    """Two people side by side, a cut to a third one who is covered for a moment, and back."""
    one, other = (draw_actor(person, 24)[0] for person in (2, 5))
    covered, truth = draw_actor(3, 24)
    both, height = np.concatenate([one, other], axis=2), covered.shape[1]
    covered = covered.copy()
    x, y = truth.landmarks[7:12].mean(axis=(0, 1)).astype(int)
    covered[7:12, y - 50 : y + 50, x - 40 : x + 40] = 90
    covered[18:] = 90  # nobody for the rest of the shot
    wide = np.stack(
        [cv2.copyMakeBorder(image, 0, 0, 0, both.shape[2] - image.shape[1], 0) for image in covered]
    )
    assert wide.shape[1] == height
    return np.concatenate([both, wide, both[:11]])


def in_chunks(images: np.ndarray, n: int = 9):
    times_s = np.arange(len(images)) / 25
    return [FrameChunk(images[i : i + n], times_s[i : i + n]) for i in range(0, len(images), n)]


def follow(chunks: list[FrameChunk], detector, face: str = "all") -> list[FollowedFrames]:
    """All that a stream gives for the chunks of a film."""
    stream = FaceStream(CropSettings(face=face), detector)
    pieces = [stream.feed(chunk, following) for chunk, following in with_next_images(iter(chunks))]
    return [piece for piece in (*pieces, stream.end()) if len(piece)]


def joined(pieces, n_frames: int) -> dict[int, FaceTrack]:
    """The tracks of all people over the whole film, from the pieces of a stream."""
    times_s = np.concatenate([piece.times_s for piece in pieces])
    tracks: dict[int, FaceTrack] = {}
    for piece in pieces:
        for number, track in piece.faces.items():
            whole = tracks.setdefault(number, FaceTrack.missing(times_s))
            for name in ("boxes_xyxy", "landmarks", "scores", "status"):
                getattr(whole, name)[piece.first : piece.first + len(piece)] = getattr(track, name)
    assert len(times_s) == n_frames
    return tracks


@pytest.mark.parametrize("chunk_frames", [9, 20])
def test_one_pass_gives_the_tracks_of_two(detector, film, chunk_frames):
    chunks = in_chunks(film, chunk_frames)
    expected = alone(track_faces(lambda: iter(chunks), CropSettings(face="all")), detector)
    pieces = follow(chunks, detector)
    assert (
        len(pieces) > 2
        and [piece.first for piece in pieces] == np.cumsum([0, *map(len, pieces[:-1])]).tolist()
    )
    assert np.array_equal(np.concatenate([piece.images for piece in pieces]), film)
    found = list(joined(pieces, len(film)).values())
    assert len(expected) >= 3 and (expected[0].status == MISSING).any()
    assert any((track.status == INTERPOLATED).any() for track in expected)
    for track in expected:
        same = [
            one
            for one in found
            if all(
                np.array_equal(a, b, equal_nan=True) for a, b in zip(vars(one).values(), vars(track).values())
            )
        ]
        assert len(same) == 1


def test_people_are_numbered_as_they_appear(detector, film):
    pieces = follow(in_chunks(film), detector)
    assert sorted(pieces[0].faces) == [0, 1]
    first_seen = [min(p.first for p in pieces if number in p.faces) for number in range(3)]
    assert first_seen == sorted(first_seen) and first_seen[2] > 0


@pytest.mark.parametrize("shown", ["as it is", "mirrored"])
def test_who_appear_together_are_numbered_from_left_to_right(detector, film, shown):
    film = film[:12] if shown == "as it is" else np.ascontiguousarray(film[:12, :, ::-1])
    faces = joined(follow(in_chunks(film), detector), 12)
    left, right = (faces[number].boxes_xyxy[0, 0] for number in (0, 1))
    assert left < right


def test_memory_holds_about_a_second(detector, draw_actor):
    images, _ = draw_actor(2, 24)
    stream = FaceStream(CropSettings(face="all"), detector)
    held = []
    for round_ in range(8):
        times_s = (np.arange(24) + 24 * round_) / 25
        stream.feed(FrameChunk(images, times_s), images[:3])
        people = stream._linker.people
        held.append((len(stream._images), len(stream._times_s), sum(len(p.boxes) for p in people)))
    assert max(held[2:]) <= max(held[:2]) and len(stream._linker.people) == 1
    assert stream.first + len(stream.end()) == 8 * 24


def test_a_film_of_one_frame_and_a_film_without_anybody(detector, draw_actor):
    images, _ = draw_actor(2, 1)
    (piece,) = follow(in_chunks(images), detector)
    assert list(piece.faces) == [0] and piece.times_s.tolist() == [0.0]
    empty = np.full((30, 60, 80, 3), 100, np.uint8)
    pieces = follow(in_chunks(empty), detector)
    assert sum(map(len, pieces)) == 30 and not any(piece.faces for piece in pieces)


def test_pictures_are_taken_whole_without_a_search(draw_actor):
    images, _ = draw_actor(2, 5)
    pieces = follow(in_chunks(images, 2), None, face="picture")
    assert sum(map(len, pieces)) == 5
    for piece in pieces:
        assert (piece.faces[0].status == ASSUMED).all()
        assert piece.faces[0].boxes_xyxy[0].tolist() == [0, 0, images.shape[2], images.shape[1]]
