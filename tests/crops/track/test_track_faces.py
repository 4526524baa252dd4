import cv2
import numpy as np
import pytest

from vidfer.crops import STATUS
from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import ASSUMED, DETECTED, INTERPOLATED, MISSING, TRACKED, FaceTrack
from vidfer.crops.track.track_faces import track_faces


def follow(
    detector: FaceDetector,
    images: np.ndarray,
    settings: CropSettings | None = None,
    box_hint=None,
    chunk_frames=10,
) -> FaceTrack:
    """Track through frames at 25 a second, read some at a time."""
    times_s = np.arange(len(images)) / 25

    def chunks():
        for i in range(0, len(images), chunk_frames):
            yield FrameChunk(images[i : i + chunk_frames], times_s[i : i + chunk_frames])

    return alone(track_faces(chunks, settings or CropSettings(), box_hint), detector)[0]


def assert_consistent(track: FaceTrack) -> None:
    gone = track.status == MISSING
    for values in (track.boxes_xyxy, track.landmarks, track.scores):
        assert values.dtype == np.float32 and len(values) == len(track)
        assert np.array_equal(np.isnan(values.reshape(len(values), -1)).any(axis=1), gone)
    assert track.status.dtype == np.uint8


def test_status_numbers_are_positions_in_the_list_of_words():
    words = [STATUS[s] for s in (MISSING, DETECTED, TRACKED, INTERPOLATED, ASSUMED)]
    assert words == ["missing", "detected", "tracked", "interpolated", "assumed"]


def test_a_face_is_followed_between_key_frames_as_well_as_it_is_detected(detector, draw_actor):
    images, truth = draw_actor(2, 21)
    track = follow(detector, images)
    assert_consistent(track)
    assert set(np.flatnonzero(track.status == DETECTED)) >= {0, 9, 19, 20}
    assert (track.status == TRACKED).sum() >= 14 and (track.status != MISSING).all()
    eyes = np.linalg.norm(truth.landmarks[:, 1] - truth.landmarks[:, 0], axis=1).mean()
    error = np.linalg.norm(track.landmarks - truth.landmarks, axis=2).mean(axis=1) / eyes
    assert error[track.status == TRACKED].mean() < 1.25 * error[track.status == DETECTED].mean() + 0.01


@pytest.mark.parametrize("chunk_frames", [1, 7])
def test_where_chunks_end_changes_little(detector, draw_actor, chunk_frames):
    images, _ = draw_actor(2, 13)
    whole, parts = (
        follow(detector, images, chunk_frames=13),
        follow(detector, images, chunk_frames=chunk_frames),
    )
    assert_consistent(parts)
    assert np.nanmax(np.abs(whole.landmarks - parts.landmarks)) < 4


def test_a_face_that_goes_and_comes_back(detector, draw_actor):
    images, _ = draw_actor(3, 40)
    images = images.copy()
    images[10:30] = images[10:30].mean(axis=(1, 2), keepdims=True).astype(np.uint8)
    track = follow(detector, images)
    assert_consistent(track)
    assert (track.status[10:30] == MISSING).all()
    assert (track.status[[*range(10), *range(30, 40)]] != MISSING).all()


def without_face(images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Copies of frames, the faces in these boxes painted over in their mean colour."""
    images = images.copy()
    for image, (x1, y1, x2, y2) in zip(images, boxes.round().astype(int)):
        place = image[y1 - 10 : y2 + 10, x1 - 10 : x2 + 10]
        place[:] = place.mean(axis=(0, 1))
    return images


def test_short_gaps_are_bridged_up_to_the_stated_time(detector, draw_actor):
    images, truth = draw_actor(3, 30)
    images[9:14] = without_face(images[9:14], truth.box_xyxy[9:14])
    track = follow(detector, images)
    assert_consistent(track)
    assert (track.status[9:14] == INTERPOLATED).all()
    raw = follow(detector, images, CropSettings(smooth_s=0))
    assert np.allclose(raw.landmarks[11], (raw.landmarks[8] + raw.landmarks[14]) / 2, atol=1e-3)
    assert raw.scores[11] == min(raw.scores[8], raw.scores[14])
    strict = follow(detector, images, CropSettings(max_gap_s=0.1))
    assert (strict.status[9:14] == MISSING).all()


def test_nothing_is_bridged_across_cuts(detector, draw_actor):
    one, other = draw_actor(2, 24)[0], draw_actor(5, 8)[0]
    images = np.concatenate([one[:12], other, one[12:]])
    track = follow(detector, images)
    assert_consistent(track)
    assert np.flatnonzero(track.status == MISSING).tolist() == list(range(12, 20))


def test_the_track_ends_with_the_face(detector, draw_actor):
    images, _ = draw_actor(3, 16)
    images = images.copy()
    images[10:] = 0
    track = follow(detector, images)
    assert_consistent(track)
    assert (track.status[:10] != MISSING).all() and (track.status[10:] == MISSING).all()


def test_of_two_people_the_larger_or_the_wanted_one_is_followed(detector, draw_actor):
    left, right = draw_actor(0, 9)[0], draw_actor(5, 9)[0]
    small = right[:, ::2, ::2]
    images = left.copy()
    images[:, 120:, 200:] = small[:, :, 20:140]
    main = follow(detector, images)
    assert (main.status != MISSING).all() and (main.boxes_xyxy[:, 2] < 240).all()
    other = follow(detector, images, box_hint=(230.0, 130.0, 290.0, 200.0))
    assert (other.status != MISSING).all() and (other.boxes_xyxy[:, 0] > 200).all()


def test_one_frame_and_no_face(detector, draw_actor):
    one = follow(detector, draw_actor(0, 1)[0])
    assert_consistent(one)
    assert one.status.tolist() == [DETECTED]
    none = follow(detector, np.zeros((5, 60, 80, 3), np.uint8))
    assert_consistent(none)
    assert none.status.tolist() == [MISSING] * 5


def test_very_small_frames(detector, draw_actor):
    images = np.stack(
        [cv2.resize(image, (64, 48), interpolation=cv2.INTER_AREA) for image in draw_actor(2, 6)[0]]
    )
    track = follow(detector, images)
    assert (track.status != MISSING).mean() > 0.6


def test_smoothing_steadies_without_delay(detector, draw_actor):
    images, truth = draw_actor(2, 25)
    rough, smooth = follow(detector, images, CropSettings(smooth_s=0)), follow(detector, images)
    wobble = [np.abs(np.diff(track.landmarks, n=2, axis=0)).mean() for track in (rough, smooth)]
    assert wobble[1] < 0.6 * wobble[0]
    off = [np.linalg.norm(track.landmarks - truth.landmarks, axis=2).mean() for track in (rough, smooth)]
    assert off[1] < 1.05 * off[0]


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.concatenate([left, right], axis=2)


def track_all(detector: FaceDetector, images: np.ndarray, **settings) -> list[FaceTrack]:
    times_s = np.arange(len(images)) / 25

    def chunks():
        for i in range(0, len(images), 16):
            yield FrameChunk(images[i : i + 16], times_s[i : i + 16])

    return alone(track_faces(chunks, CropSettings(**settings)), detector)


def test_all_people_get_a_track_each_and_keep_it(detector, draw_actor):
    images = side_by_side(draw_actor(2, 30)[0], draw_actor(5, 30)[0])
    tracks = track_all(detector, images, face="all")
    assert len(tracks) == 2
    for track in tracks:
        assert_consistent(track)
        assert (track.status != MISSING).all()
    centres = [track.boxes_xyxy[:, [0, 2]].mean(axis=1) for track in tracks]
    lefts = sorted(centres, key=lambda centre: centre[0])
    assert (lefts[0] < 320).all() and (lefts[1] > 320).all()


def test_after_a_cut_somebody_else_at_the_same_place_is_not_the_same_person(detector, draw_actor):
    images = np.concatenate([draw_actor(2, 20)[0], draw_actor(5, 12)[0]])
    tracks = track_all(detector, images, face="all")
    assert len(tracks) == 2
    assert (tracks[0].status[:20] != MISSING).all() and (tracks[0].status[20:] == MISSING).all()
    assert (tracks[1].status[:20] == MISSING).all() and (tracks[1].status[20:] != MISSING).all()


def test_somebody_who_comes_back_after_a_cut_is_known_again(detector, draw_actor):
    one, other = draw_actor(2, 30)[0], draw_actor(5, 12)[0]
    images = np.concatenate([one[:14], other, one[14:]])
    (track,) = track_all(detector, images)
    there = np.r_[0:14, 26:42]
    assert (track.status[there] != MISSING).all() and (track.status[14:26] == MISSING).all()


def test_a_cut_through_a_frame_of_both_shots_parts_two_people(detector, draw_actor):
    one, other = draw_actor(2, 20)[0], draw_actor(5, 20)[0]
    mixed = ((one[:1].astype(int) + other[:1]) // 2).astype(np.uint8)
    tracks = track_all(detector, np.concatenate([one, mixed, other]), face="all")
    (first,) = (track for track in tracks if track.status[0] != MISSING)
    (last,) = (track for track in tracks if track.status[-1] != MISSING)
    assert (first.status[:20] != MISSING).all() and (first.status[21:] == MISSING).all()
    assert (last.status[:20] == MISSING).all() and (last.status[21:] != MISSING).all()


def test_a_light_that_is_switched_off_makes_nobody_another(detector, draw_actor):
    images = draw_actor(2, 24)[0]
    images[12:] = images[12:] * 0.4
    (track,) = track_all(detector, images, face="all")
    assert (track.status != MISSING).all()


@pytest.mark.parametrize("at", [10, 15, 16])
def test_a_flash_is_no_cut(detector, draw_actor, at):
    images = draw_actor(2, 24)[0]
    images[at] = 255
    (track,) = track_all(detector, images, face="all")
    assert track.status[at] == INTERPOLATED and (np.delete(track.status, at) != MISSING).all()
    images[at] = np.clip(draw_actor(2, 24)[0][at].astype(int) + 90, 0, 255)
    (track,) = track_all(detector, images, face="all")
    assert (track.status != MISSING).all()


def small_copies(images: np.ndarray) -> np.ndarray:
    return np.stack([cv2.resize(image, (160, 120), interpolation=cv2.INTER_AREA) for image in images])


def test_two_people_who_walk_past_each_other_keep_their_tracks(detector, draw_actor):
    """One above the other."""
    n = 36
    people = [small_copies(draw_actor(person, n)[0]) for person in (2, 5)]
    images = np.full((n, 260, 480, 3), 120, np.uint8)
    for i in range(n):
        shift = round(300 * i / (n - 1))
        images[i, 4:124, 10 + shift : 170 + shift] = people[0][i]
        images[i, 134:254, 310 - shift : 470 - shift] = people[1][i]
    tracks = track_all(detector, images, face="all")
    assert len(tracks) == 2
    for track in tracks:
        seen = track.status != MISSING
        assert seen.mean() > 0.9
        above = track.boxes_xyxy[seen][:, [1, 3]].mean(axis=1) < 130
        assert above.all() or not above.any()


def test_a_picture_that_is_cut_to_the_face_is_used_whole_where_none_is_found(detector):
    images = np.random.default_rng(0).integers(0, 255, (2, 48, 48, 3), dtype=np.uint8)
    chunks = [FrameChunk(images, np.arange(2) / 25)]
    (track,) = alone(track_faces(lambda: iter(chunks), CropSettings(size_px=48), whole_face=True), detector)
    assert_consistent(track)
    assert track.status.tolist() == [ASSUMED, ASSUMED] and track.scores.tolist() == [0, 0]
    crops = crop_regions(images[0], track.landmarks[0], CropSettings(size_px=48))
    assert np.abs(crops[0].astype(int) - images[0]).max() <= 1


def test_nothing_is_searched_where_every_picture_is_the_face(detector, draw_actor):
    images = draw_actor(2, 3)[0]
    assert ASSUMED not in follow(detector, images).status
    whole = follow(detector, images, CropSettings(face="picture"), chunk_frames=2)
    assert_consistent(whole)
    height, width = images.shape[1:3]
    assert whole.status.tolist() == [ASSUMED] * 3
    assert whole.boxes_xyxy.tolist() == [[0, 0, width, height]] * 3


def test_who_is_hidden_behind_somebody_who_walks_past_is_known_again(detector, draw_actor):
    n = 60
    before, behind = (small_copies(draw_actor(person, n)[0]) for person in (2, 5))
    images = np.full((n, 260, 480, 3), 120, np.uint8)
    for i in range(n):
        shift = round(300 * i / (n - 1))
        images[i, 50:170, 310 - shift : 470 - shift] = behind[i]
        images[i, 60:180, 50 + shift : 130 + shift] = before[i, :, 40:120]
    tracks = track_all(detector, images, face="all")
    assert len(tracks) == 2
    for track, to_the_right in zip(sorted(tracks, key=lambda track: track.boxes_xyxy[0, 0]), (True, False)):
        left = track.boxes_xyxy[track.status != MISSING, 0]
        assert (track.status != MISSING).mean() > 0.85
        assert (left[-1] > left[0] + 200) if to_the_right else (left[-1] < left[0] - 200)
