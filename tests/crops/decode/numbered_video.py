"""Videos whose frames carry their own number as a bar code, so that a test sees which frame it was given."""

from fractions import Fraction

import av
import numpy as np

from vidfer.crops.decode.video import read_chunks

N = 100
BITS, WIDTH, HEIGHT = 8, 128, 64


def bar_code(number):
    """Eight bars of 16 pixels, white where the bit of the number is set."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for bit in range(BITS):
        image[:, bit * 16 : (bit + 1) * 16] = 255 * (number >> bit & 1)
    return image


def numbers(images):
    bars = images[:, 20:44].reshape(len(images), 24, BITS, 16, 3)[:, :, :, 4:12].mean(axis=(1, 3, 4))
    return ((bars > 128) << np.arange(BITS)).sum(axis=1).tolist()


def write(path, codec, options=None, *, n=N, ticks_ms=None, pix_fmt="yuv420p", **muxer):
    """A video of n numbered frames at 25 a second, or at the times ``ticks_ms``."""
    with av.open(str(path), "w", options=muxer) as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        if ticks_ms is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(bar_code(i), format="rgb24")
            frame.pts = i if ticks_ms is None else int(ticks_ms[i])
            frame.time_base = Fraction(1, 25) if ticks_ms is None else Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(path, **options):
    """Numbers and times of all frames that come."""
    chunks = list(read_chunks(path, **options))
    got = [number for chunk in chunks for number in numbers(chunk.images)]
    return got, np.concatenate([chunk.times_s for chunk in chunks])
