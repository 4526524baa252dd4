"""Images as clips of one frame, folders of frames as clips of many."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image
from refused import refused

from vidfer.crops.decode.image_reader import read_image
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks

RED = np.zeros((40, 60, 3), np.uint8)
RED[:, :30] = (250, 10, 10)  # RGB: the left half is red


def save(path, image_rgb, *options):
    bgr = image_rgb[..., ::-1] if image_rgb.ndim == 3 else image_rgb
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, bgr, *options)[1].tobytes())
    return path


def with_orientation(jpeg, value):
    """A JPEG's bytes with an EXIF header that holds nothing but an orientation."""
    tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([value, 0, 0, 0, 0, 0, 0, 0])
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


@pytest.mark.parametrize("name", ["a.png", "b.JPG", "gesicht & ünïcode 表情.png", "c.webp", "d.bmp"])
def test_image_is_one_frame_at_time_zero(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(cv2.imencode(path.suffix.lower(), RED[..., ::-1])[1].tobytes())
    (chunk,) = read_chunks(path)
    assert chunk.images.shape == (1, 40, 60, 3) and chunk.images.dtype == np.uint8
    assert chunk.times_s.tolist() == [0.0]
    np.testing.assert_allclose(chunk.images[0, 20, 10], (250, 10, 10), atol=12)
    (reader,) = open_readers(path)
    assert (reader.fps, reader.width, reader.height, reader.library) == (0.0, 60, 40, "opencv")


def test_grey_alpha_and_16_bit(tmp_path):
    grey = save(tmp_path / "grey.png", np.full((20, 20), 77, np.uint8))
    assert (read_image(grey) == 77).all() and read_image(grey).shape == (20, 20, 3)
    alpha = np.dstack([RED[..., ::-1], np.zeros((40, 60), np.uint8)])
    (tmp_path / "alpha.png").write_bytes(cv2.imencode(".png", alpha)[1].tobytes())
    np.testing.assert_array_equal(read_image(tmp_path / "alpha.png"), RED)
    deep = save(tmp_path / "deep.png", np.full((20, 20, 3), 40000, np.uint16))
    assert abs(int(read_image(deep)[0, 0, 0]) - 40000 // 257) <= 1


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda image: image),
        (2, lambda image: image[:, ::-1]),
        (3, lambda image: image[::-1, ::-1]),
        (4, lambda image: image[::-1]),
        (5, lambda image: image.transpose(1, 0, 2)),
        (6, lambda image: np.rot90(image, -1)),
        (7, lambda image: np.rot90(image, 2).transpose(1, 0, 2)),
        (8, lambda image: np.rot90(image, 1)),
    ],
)
def test_exif_rotation_is_applied(tmp_path, orientation, upright):
    corner = RED.copy()
    corner[30:, 40:] = 255
    path = tmp_path / "phone.jpg"
    path.write_bytes(with_orientation(cv2.imencode(".jpg", corner[..., ::-1])[1].tobytes(), orientation))
    image = read_image(path)
    assert image.shape == upright(corner).shape
    assert np.abs(image.astype(int) - upright(corner)).mean() < 5


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_kinds_of_jpeg(tmp_path, mode, progressive):
    path = tmp_path / "a.jpg"
    Image.fromarray(RED).convert(mode).save(path, progressive=progressive, quality=95)
    image = read_image(path)
    bgr = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(image, bgr[..., ::-1])
    expected = np.asarray(Image.fromarray(RED).convert("L").convert("RGB")) if mode == "L" else RED
    assert np.abs(image.astype(int) - expected).mean() < 4


@pytest.mark.parametrize(
    ("mode", "name"), [("P", "a.png"), ("LA", "a.png"), ("1", "a.png"), ("CMYK", "a.tif")]
)
def test_palettes_and_other_modes(tmp_path, mode, name):
    picture = Image.fromarray(RED).convert(mode)
    picture.save(tmp_path / name)
    expected = np.asarray(picture.convert("RGB"))
    assert np.abs(read_image(tmp_path / name).astype(int) - expected).max() <= 2


def test_image_under_a_video_name(tmp_path):
    path = save(tmp_path / "a.jpg", RED).rename(tmp_path / "a.mp4")
    (chunk,) = read_chunks(path)
    assert chunk.images.shape == (1, 40, 60, 3)


def test_folder_of_frames_in_natural_order(tmp_path):
    for i in (1, 2, 3, 10, 11):
        save(tmp_path / f"clip/frame{i}.png", np.full((8, 8, 3), i, np.uint8))
    save(tmp_path / "clip/._frame0.png", RED)
    (tmp_path / "clip/times.txt").touch()
    chunks = list(read_chunks(tmp_path / "clip", chunk_frames=3))
    assert [chunk.images[:, 0, 0, 0].tolist() for chunk in chunks] == [[1, 2, 3], [10, 11]]
    np.testing.assert_allclose(np.concatenate([c.times_s for c in chunks]), np.arange(5) / 25)
    (reader,) = open_readers(tmp_path / "clip")
    assert (len(reader.times_s), reader.fps) == (5, 25.0)
    assert sum(len(chunk) for chunk in read_chunks(tmp_path / "clip", start_s=0.08)) == 3


CUT_JPEG = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (99, 99, 3)))[1].tobytes()[:5000]


@pytest.mark.parametrize("content", [b"", b"no image", CUT_JPEG])
def test_broken_image(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with refused(UnreadableVideo, "a.jpg"):
        next(read_chunks(tmp_path / "a.jpg"))


def test_a_jpeg_with_damaged_pixels_is_refused(tmp_path):
    """OpenCV would decode it, in wrong colours or half grey."""
    noise = cv2.resize(np.random.default_rng(0).integers(0, 255, (50, 50, 3), np.uint8), (400, 400))
    for kind, content in (
        ("plain", cv2.imencode(".jpg", noise)[1].tobytes()),
        ("exif", with_orientation(cv2.imencode(".jpg", noise)[1].tobytes(), 6)),
        ("progressive", cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()),
    ):
        path = tmp_path / f"{kind}.jpg"
        path.write_bytes(content)
        assert read_image(path).shape == (400, 400, 3)
        path.write_bytes(content[:6000] + bytes(200) + content[6200:])
        with refused(UnreadableVideo, path.name):
            read_image(path)


def test_a_jpeg_with_padding_before_its_end_is_whole(tmp_path):
    whole = cv2.imencode(".jpg", RED[..., ::-1])[1].tobytes()
    for name, content in (("whole", whole), ("padded", whole[:-2] + bytes(7) + whole[-2:])):
        (tmp_path / f"{name}.jpg").write_bytes(content)
    np.testing.assert_array_equal(read_image(tmp_path / "padded.jpg"), read_image(tmp_path / "whole.jpg"))


def test_12_bits_in_an_image_of_16_are_not_black(tmp_path):
    ramp = np.tile(np.arange(0, 4096, 16, dtype=np.uint16), (20, 1))
    for suffix in (".png", ".tif"):
        image = read_image(save(tmp_path / f"grey{suffix}", ramp))
        np.testing.assert_array_equal(image[0, :, 0], np.arange(256))
    deep = save(tmp_path / "deep.png", ramp * 16)
    np.testing.assert_array_equal(read_image(deep)[0, :, 0], np.arange(256))
    dark = save(tmp_path / "dark.png", np.full((20, 20, 3), 9, np.uint8))
    assert (read_image(dark) == 9).all()
    assert (read_image(save(tmp_path / "black.png", np.zeros((20, 20), np.uint16))) == 0).all()


def test_frames_of_another_size_get_the_size_of_the_first(tmp_path):
    for i in range(3):
        save(tmp_path / f"clip/{i}.png", RED)
    save(tmp_path / "clip/1.png", np.repeat(np.repeat(RED, 2, axis=0), 2, axis=1))
    (chunk,) = read_chunks(tmp_path / "clip")
    assert chunk.images.shape == (3, 40, 60, 3)
    np.testing.assert_array_equal(chunk.images, [RED] * 3)


def test_a_broken_frame_ends_a_folder(tmp_path):
    for i in range(3):
        save(tmp_path / f"clip/{i}.png", RED)
    (tmp_path / "clip/1.png").write_bytes(b"broken")
    chunks = read_chunks(tmp_path / "clip")
    assert len(next(chunks)) == 1
    with pytest.raises(UnreadableVideo) as caught:
        next(chunks)
    assert caught.value.frames_read == 1
    assert all(fact in caught.value.reason for fact in ("frame 1", "1.png"))


def test_folder_without_images(tmp_path):
    with refused(UnreadableVideo, tmp_path.name):
        next(read_chunks(tmp_path))


def test_png_is_read_with_decord_in_the_process(tmp_path):
    # An OpenCV that is loaded after decord fails on PNG; only a fresh process shows the order of imports.
    path = save(tmp_path / "a.png", RED)
    code = (
        "import sys; from vidfer.crops.decode.decord_reader import import_decord; import_decord();"
        "from vidfer.crops.decode.video import read_chunks;"
        "print('decord' in sys.modules, next(read_chunks(sys.argv[1])).images.shape[2])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.stdout.strip() == "True 60", done.stderr
