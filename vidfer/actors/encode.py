"""Encodes drawn frames as video."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

AVX_512 = 13
"""The number of AVX-512 (F) in OpenCV's list of processor features; its Python package has no name for it."""


def encode(frames: np.ndarray, path: Path, *, fps: int, crf: int) -> None:
    """Writes frames as H.264 in an AVI file; the same frames give the same bytes.

    The encoder has one thread, because several threads give other bytes on each run. It makes no B-frames,
    because AVI does not store the order of display. It makes one key frame, because decord 0.6 seeks to
    wrong frames in an AVI with more. It does without AVX-512, where x264 reads memory that nobody has written
    (in the lookahead of its macroblock tree), which now and then gives other bytes.

    Args:
        frames: uint8 (T, H, W, 3) RGB; H and W even.
        path: of the file.
        fps: frames per second.
        crf: constant rate factor of the encoder; a larger one is coarser.
    """
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {
            "preset": "veryfast",
            "crf": str(crf),
            "bf": "0",
            "g": str(max(2, len(frames))),
            "sc_threshold": "0",
            "threads": "1",
        }
        if cv2.checkHardwareSupport(AVX_512):
            stream.options |= {"x264-params": "asm=avx2"}
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
