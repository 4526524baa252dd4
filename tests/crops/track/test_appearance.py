import numpy as np

from vidfer.crops.settings import CropSettings
from vidfer.crops.track.appearance import LIKE, UNLIKE, correlation, face_patches, likeness


def patches_of(draw_actor, person: int, n: int = 8) -> np.ndarray:
    images, truth = draw_actor(person, n)
    return np.concatenate(
        [face_patches(image, points[None], CropSettings()) for image, points in zip(images, truth.landmarks)]
    )


def test_a_patch_shows_the_face_wherever_and_however_large_it_is(draw_actor):
    images, truth = draw_actor(2, 1)
    small, moved = images[0][::2, ::2], truth.landmarks[0] / 2
    (here,) = face_patches(images[0], truth.landmarks, CropSettings())
    (there,) = face_patches(small, moved[None], CropSettings())
    assert here.shape == (24, 24, 3) and here.dtype == np.uint8
    assert likeness(there[None], here)[0] > 0.95
    assert face_patches(images[0], np.empty((0, 5, 2)), CropSettings()).shape == (0, 24, 24, 3)


def test_a_person_looks_like_themselves_and_not_like_others(draw_actor):
    people = [patches_of(draw_actor, person) for person in (2, 5)]
    for own, other in (people, people[::-1]):
        assert (likeness(own, own[0]) >= LIKE).all()
        assert (likeness(other, own[0]) < LIKE).all()


def test_correlation_does_not_mind_the_light_but_likeness_does():
    patch = np.random.default_rng(0).uniform(50, 150, (24, 24, 3)).astype(np.float32)
    others = np.stack([patch, 0.5 * patch + 60, patch + np.float32([0, 0, 60]), 255 - patch])
    assert np.allclose(correlation(others, patch), [1, 1, 1, -1], atol=1e-4)
    assert np.allclose(likeness(others, patch), [1, 1, -1, -1], atol=1e-4)
    plain = np.full_like(others, 9)
    assert np.allclose(correlation(plain, patch), 0) and UNLIKE > 0
    assert correlation(others[:0], patch).shape == (0,)
