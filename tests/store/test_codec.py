import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_up_caches import pictures
from refused import refused

from vidfer.errors import CacheError
from vidfer.store.codec import decode_jpeg, decoding_space, encode_jpeg, split_planes

ROOT = Path(__file__).parents[2]
HERE = (ROOT, ROOT / "tests", Path(__file__).parent)


def crop_of(size_px: int) -> np.ndarray:
    """A picture with colour, edges and noise."""
    smooth = cv2.resize(pictures(1, 3)[0, 0], (size_px, size_px))
    smooth[size_px // 3 :, : size_px // 2] //= 2
    noise = np.random.default_rng(size_px).integers(-9, 10, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size_px", [1, 15, 16, 33, 64, 111, 112, 224])
@pytest.mark.parametrize("quality", [50, 90, 100])
def test_decoding_gives_the_pixels_that_opencv_gives(size_px, quality):
    data = encode_jpeg(crop_of(size_px), quality)
    out = np.empty((3, size_px, size_px), np.uint8)
    decode_jpeg(memoryview(data), decoding_space(size_px), out)
    np.testing.assert_array_equal(out[::-1].transpose(1, 2, 0), cv2.imdecode(data, cv2.IMREAD_COLOR))


def test_the_same_pixels_wherever_they_are_decoded_to():
    data, out = encode_jpeg(crop_of(112), 90).tobytes(), np.empty((2, 3, 112, 112), np.uint8)
    decode_jpeg(data, decoding_space(112), out[0])
    room = np.empty(112 * 112 * 3 + 64, np.uint8)
    first = -room.ctypes.data % 64
    decode_jpeg(data, room[first : first + 112 * 112 * 3].reshape(112, 112, 3), out[1])
    np.testing.assert_array_equal(out[0], out[1])


@pytest.mark.parametrize("size_px", [16, 40, 112, 224])
def test_no_row_to_decode_into_is_aligned(size_px):
    space = decoding_space(size_px)
    assert space.shape == (size_px, size_px, 3) and space.flags.c_contiguous
    assert all(row.ctypes.data % 16 for row in space)


def test_jpegs_are_baseline_with_colour_at_half_resolution():
    data = encode_jpeg(crop_of(64), 90).tobytes()
    frame = data.index(b"\xff\xc0")  # start of a baseline frame: 2 marker, 2 length, 1 depth, 4 size, 1 parts
    assert data[frame + 9] == 3
    assert [data[frame + 11 + 3 * part] for part in range(3)] == [0x22, 0x11, 0x11]


def test_another_size_is_damage():
    out = np.empty((3, 32, 32), np.uint8)
    for size_px in (16, 64):
        with refused(CacheError, size_px, "damaged", "vidfer verify"):
            decode_jpeg(encode_jpeg(crop_of(size_px), 90).tobytes(), decoding_space(32), out)


def test_cut_off_or_foreign_bytes_are_damage():
    whole, out = encode_jpeg(crop_of(32), 90).tobytes(), np.empty((3, 32, 32), np.uint8)
    for data in (whole[:-40], whole[: len(whole) // 2], whole[:100], b"", bytes(500)):
        with refused(CacheError, "damaged", "vidfer verify"):
            decode_jpeg(data, decoding_space(32), out)


def test_planes_are_those_of_the_picture():
    crop, out = crop_of(33), np.empty((3, 33, 33), np.uint8)
    split_planes(crop, out)
    np.testing.assert_array_equal(out, crop.transpose(2, 0, 1))


def test_the_same_pixels_without_simd():
    code = (
        "import hashlib, numpy as np; from test_codec import *\n"
        "digest = hashlib.sha256()\n"
        "for size_px in (33, 112):\n"
        "    out = np.empty((3, size_px, size_px), np.uint8)\n"
        "    for quality in (60, 85, 97):\n"
        "        decode_jpeg(encode_jpeg(crop_of(size_px), quality), decoding_space(size_px), out)\n"
        "        digest.update(out)\n"
        "print(digest.hexdigest())\n"
    )
    found = set()
    for switch in (
        {},
        {"JSIMD_FORCENONE": "1"},
    ):  # libjpeg-turbo's own; decoding then takes three times as long
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, HERE))} | switch
        run = [sys.executable, "-c", code]
        found.add(subprocess.run(run, env=environment, capture_output=True, check=True, cwd=ROOT).stdout)
    assert len(found) == 1
