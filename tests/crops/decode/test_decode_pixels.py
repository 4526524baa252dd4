"""Pixels: turned as the file asks, in the right colours, of every layout and size."""

from fractions import Fraction

import av
import numpy as np
import pytest

from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.video import read_chunks

WIDTH, HEIGHT = 64, 48
CORNERS = {(-1, -1): (220, 30, 30), (1, -1): (30, 220, 30), (-1, 1): (30, 30, 220), (1, 1): (220, 220, 220)}
"""Colour at the left or right (-1, 1), upper or lower (-1, 1) corner."""


def four_corners(width=WIDTH, height=HEIGHT):
    image = np.zeros((height, width, 3), np.uint8)
    for (x, y), colour in CORNERS.items():
        rows = slice(0, height // 2) if y < 0 else slice(height // 2, height)
        image[rows, slice(0, width // 2) if x < 0 else slice(width // 2, width)] = colour
    return image


def corner(image, x, y):
    height, width = image.shape[:2]
    return image[height * (2 + y) // 4, width * (2 + x) // 4].astype(int)


def write(path, codec, pix_fmt, frames, *, options=None, tags=()):
    """A video of frames of one pixel format, with colour tags and flags of the encoder."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, pix_fmt
        for name, value in tags:
            setattr(stream.codec_context, name, value)
        for i, frame in enumerate(frames):
            frame = frame.reformat(format=pix_fmt)
            frame.pts = i
            for name, value in tags:
                setattr(frame, name, value)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def drawn(image, n=3):
    return [av.VideoFrame.from_ndarray(image, format="rgb24") for _ in range(n)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("pixels") / "plain.mp4"
    return write(path, "libx264", "yuv444p", drawn(four_corners()), options={"crf": "4"})


MATRICES = {
    "90": (0, 1, -1, 0),
    "180": (-1, 0, 0, -1),
    "270": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside_down": (1, 0, 0, -1),
    "transposed": (0, 1, 1, 0),
    "transversed": (0, -1, -1, 0),
}


@pytest.mark.parametrize("name", MATRICES)
def test_turned_and_mirrored_as_the_display_matrix_asks(tmp_path, plain, name):
    content = bytearray(plain.read_bytes())
    start = content.index(b"tkhd") + 4 + 40
    a, b, c, d = MATRICES[name]
    matrix = np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], ">i4")
    content[start : start + 36] = matrix.tobytes()
    path = tmp_path / "turned.mp4"
    path.write_bytes(content)
    (chunk,) = read_chunks(path)
    size = (WIDTH, HEIGHT) if a == 0 else (HEIGHT, WIDTH)
    assert chunk.images.shape == (3, *size, 3)
    assert {(reader.height, reader.width) for reader in open_readers(path)} == {size}
    for (x, y), colour in CORNERS.items():
        shown = corner(chunk.images[1], a * x + c * y, b * x + d * y)
        np.testing.assert_allclose(shown, colour, atol=12)


QUALITY = {"libx264": {"crf": "4"}}
LAYOUTS = {
    "grey": ("ffv1", "gray"),
    "grey_10_bit": ("ffv1", "gray10le"),
    "grey_16_bit": ("ffv1", "gray16le"),
    "420": ("libx264", "yuv420p"),
    "420_10_bit": ("libx264", "yuv420p10le"),
    "422_10_bit": ("prores_ks", "yuv422p10le"),
    "444": ("libx264", "yuv444p"),
    "420_12_bit": ("ffv1", "yuv420p12le"),
    "rgb": ("ffv1", "bgr0"),
    "rgb_10_bit": ("ffv1", "gbrp10le"),
    "alpha": ("prores_ks", "yuva444p10le"),
    "palette": ("png", "pal8"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path, layout):
    codec, pix_fmt = LAYOUTS[layout]
    frames = drawn(four_corners())
    if pix_fmt == "pal8":
        indices = np.zeros((HEIGHT, WIDTH), np.uint8)
        indices[:, WIDTH // 2 :] = 1
        palette = np.zeros((256, 4), np.uint8)
        palette[:2] = (255, 220, 30, 30), (255, 30, 220, 30)
        frames = [av.VideoFrame.from_ndarray((indices, palette), format="pal8") for _ in range(3)]
    path = write(
        tmp_path / ("a.avi" if codec == "png" else "a.mkv"),
        codec,
        pix_fmt,
        frames,
        options=QUALITY.get(codec),
    )
    (chunk,) = read_chunks(path)
    assert chunk.images.shape == (3, HEIGHT, WIDTH, 3)
    for (x, y), colour in CORNERS.items():
        expected = np.array(colour)
        if pix_fmt.startswith("gray"):
            expected = np.full(3, np.dot(colour, (0.299, 0.587, 0.114)))
        if pix_fmt == "pal8":
            expected = np.array(CORNERS[x, -1])
        np.testing.assert_allclose(corner(chunk.images[1], x, y), expected, atol=8)


@pytest.mark.parametrize(("width", "height"), [(63, 47), (15, 15), (1, 1), (357, 3), (2, 500)])
def test_odd_sizes(tmp_path, width, height):
    path = write(tmp_path / "odd.mkv", "rawvideo", "yuv420p", drawn(four_corners(width, height), 2))
    (chunk,) = read_chunks(path)
    assert chunk.images.shape == (2, height, width, 3)
    if min(width, height) > 10:
        for (x, y), colour in CORNERS.items():
            np.testing.assert_allclose(corner(chunk.images[0], x, y), colour, atol=12)


def yuv(y, u, v, pix_fmt):
    """Three frames of one colour, given by the numbers that are stored."""
    frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
    for plane, value in zip(frame.planes, (y, u, v)):
        dtype = np.uint16 if "10" in pix_fmt else np.uint8
        plane.update(np.full(plane.buffer_size // dtype().itemsize, value, dtype).tobytes())
    return [frame] * 3


@pytest.mark.parametrize(
    ("red_weight", "blue_weight", "tags"),
    [
        (0.299, 0.114, ()),
        (0.299, 0.114, (("color_range", 2),)),
        (0.2126, 0.0722, (("colorspace", 1), ("color_range", 1))),
        (0.2627, 0.0593, (("colorspace", 9), ("color_range", 1))),
    ],
    ids=["nothing_stated", "full_range", "bt709", "bt2020"],
)
@pytest.mark.parametrize("bits", [8, 10])
def test_colours_are_converted_as_the_file_states(tmp_path, bits, red_weight, blue_weight, tags):
    y, u, v = 120, 90, 160
    full = ("color_range", 2) in tags
    scale = 1 << bits - 8
    pix_fmt = "yuv420p" if bits == 8 else "yuv420p10le"
    frames = yuv(y * scale, u * scale, v * scale, pix_fmt)
    path = write(tmp_path / "c.mp4", "libx264", pix_fmt, frames, options={"qp": "0"}, tags=tags)
    (chunk,) = read_chunks(path)
    light = y / 255 if full else (y - 16) / 219
    blue, red = (u - 128) / (255 if full else 224), (v - 128) / (255 if full else 224)
    red, blue = light + 2 * (1 - red_weight) * red, light + 2 * (1 - blue_weight) * blue
    green = (light - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    np.testing.assert_allclose(chunk.images[1, 20, 30], np.array([red, green, blue]) * 255, atol=3)


def test_pixels_that_are_not_square_stay_as_they_are(tmp_path):
    frames = drawn(four_corners())
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(16, 11)
    (chunk,) = read_chunks(path)
    assert chunk.images.shape == (3, HEIGHT, WIDTH, 3)


def test_interlaced_lines_stay_woven(tmp_path):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[::2] = 255
    options = {"flags": "+ildct+ilme", "b": "8M"}
    path = write(tmp_path / "fields.ts", "mpeg2video", "yuv420p", drawn(image, 25), options=options)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    (chunk,) = read_chunks(path)
    assert chunk.images[1, ::2].mean() > 240 and chunk.images[1, 1::2].mean() < 15


def test_a_stream_that_changes_its_size_is_scaled_to_the_first(tmp_path):
    parts = []
    for i, (width, height) in enumerate([(64, 48), (128, 96)]):
        part = write(tmp_path / f"{i}.ts", "mpeg2video", "yuv420p", drawn(four_corners(width, height), 5))
        parts.append(part.read_bytes())
    path = tmp_path / "two_sizes.ts"
    path.write_bytes(b"".join(parts))
    images = np.concatenate([chunk.images for chunk in read_chunks(path)])
    assert len(images) >= 9 and images.shape[1:] == (HEIGHT, WIDTH, 3)  # the decoder may drop the one between
    for image in images:
        for (x, y), colour in CORNERS.items():
            np.testing.assert_allclose(corner(image, x, y), colour, atol=40)
