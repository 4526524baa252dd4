"""What the app refuses before it looks for faces."""

import cv2
import numpy as np
import pytest
from refused import refused
from small_films import nobody, write_film

from vidfer.app.limits import Limits
from vidfer.errors import DataError, SettingError


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of 1.2 seconds."""
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", nobody(12))


def test_a_film_within_the_limits_is_taken(film):
    Limits().check(film)


def test_a_large_file_is_refused(film):
    with refused(DataError, "film.mp4 has 0.1 MB", "takes 0.0001 MB", "vidfer predict"):
        Limits(max_mb=1e-4).check(film)


def test_a_long_film_is_refused(film):
    Limits(max_seconds=1).check(film)  # a camera adds some frames
    with refused(DataError, "film.mp4", "0:01.2", "0:00.5", "vidfer predict"):
        Limits(max_seconds=0.5).check(film)


def test_a_film_whose_header_tells_no_length_is_refused_on_the_way():
    Limits(max_seconds=10).check_time("camera.webm", 10.4)
    with refused(DataError, "camera.webm", "0:11.0 or longer"):
        Limits(max_seconds=10).check_time("camera.webm", 11.0)


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"#EXTM3U\n#\0\xff\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n\xff\0",
        b"\xff\0<?xml version='1.0'?><MPD></MPD>",
        b"v=0\nc=IN IP4 10.0.0.1\n\xff\0",
        b"only text",
        ("ä" * 3000).encode(),
        b"x" + ("ä" * 3000).encode(),  # a letter is cut where the look at the file ends
    ],
)
def test_a_list_of_other_files_is_no_film(tmp_path, content):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with refused(DataError, "film.mp4", "no film and no picture"):
        Limits().check(path)


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"%PDF-1.7\0\xff")
    with refused(DataError, "letter.pdf", "MP4"):
        Limits().check(path)


def test_an_empty_file_and_a_picture_of_a_phone_are_refused_with_their_remedies(tmp_path):
    (tmp_path / "empty.mp4").touch()
    with refused(DataError, "empty.mp4", "0 bytes", "again"):
        Limits().check(tmp_path / "empty.mp4")
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\xff")
    with refused(DataError, "IMG_1.HEIC", "HEIC", "JPEG"):
        Limits().check(tmp_path / "IMG_1.HEIC")


def test_noise_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with refused(DataError, "film.mp4", "cannot be read"):
        Limits().check(path)


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path):
    path = tmp_path / "wide.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((3000, 6000, 1), np.uint8))[1].tobytes())
    with refused(DataError, "wide.png", "6000 x 3000"):
        Limits().check(path)


def test_a_file_that_was_deleted_is_told(tmp_path):
    with refused(DataError, "gone.mp4", "again"):
        Limits().check(tmp_path / "gone.mp4")


@pytest.mark.parametrize("wrong", [{"max_mb": 0}, {"max_seconds": -1}, {"max_mb": float("inf")}])
def test_limits_are_positive_numbers(wrong):
    with refused(SettingError, "--max-"):
        Limits(**wrong)
