"""How fast the film of a prediction is drawn, how near that is to its limit, and what its encoder costs.

The limit is decoding the video and encoding the film. The encoder is measured beside x264's preset veryfast,
which films had before. The figures are frames per second of processor time, medians over turns of all sides
in one run. Without --film, a drawn actor is filmed at 1280x720.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
from bench_predict import draw_film
from counts import check_counts
from program import run

from vidfer.crops.decode.video import read_chunks
from vidfer.infer.prediction_folder import read_prediction
from vidfer.report.film.canvas import Canvas, FilmPlan
from vidfer.report.film.film_file import X264
from vidfer.report.film.write_film import write_film

BEFORE = {"preset": "veryfast", "crf": "20"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is drawn."""

    film: Path | None = None
    """A video of people."""
    frames: int = 100
    """So many frames at most are in memory, for the encoders and for drawing alone."""
    turns: int = 3
    """The median over turns is printed; a turn before them warms up."""

    def __post_init__(self) -> None:
        check_counts(self, "frames", "turns")


def main(settings: Settings) -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = settings.film or draw_film(folder / "actor.mp4")
        command = [
            sys.executable,
            "-m",
            "vidfer",
            "predict",
            film,
            "--out",
            folder / "p",
            "--tables-only",
            "--quiet",
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        prediction = read_prediction(folder / "p")
        source = prediction.inputs[0].name
        plan = FilmPlan.of(prediction.moments(source), prediction.classes, prediction.model)
        n_all = plan.n_frames
        moments = [*islice(prediction.moments(source), settings.frames)]
        images = [*islice((image for chunk in read_chunks(film) for image in chunk.images), len(moments))]

        def draw() -> list[np.ndarray]:
            canvas = Canvas(*images[0].shape[:2], plan)
            return [canvas.draw(image, one[0].time_s, one) for image, one in zip(images, moments)]

        frames = [to_yuv(image) for image in draw()]
        coded = {"now": folder / "now.mp4", "before": folder / "before.mp4"}
        sides: dict[str, tuple[int, Callable[[], object]]] = {
            "decoding alone": (n_all, lambda: sum(len(chunk) for chunk in read_chunks(film))),
            "drawing alone": (len(images), draw),
            "encoding alone": (len(images), lambda: encode(frames, coded["now"], X264)),
            "encoding alone, veryfast": (len(images), lambda: encode(frames, coded["before"], BEFORE)),
            "the whole film": (n_all, lambda: write_film(prediction, source, folder / "film.mp4")),
        }
        per_frame: dict[str, list[float]] = {side: [] for side in sides}
        for turn in range(settings.turns + 1):
            for side, (n, job) in sides.items():
                begin = time.process_time()
                job()
                if turn:
                    per_frame[side].append((time.process_time() - begin) / n)
        print(
            f"{n_all} frames of {images[0].shape[1]}x{images[0].shape[0]}; medians of {settings.turns} turns"
        )
        for side, seconds in per_frame.items():
            print(f"{side:28}{1 / median(seconds):8.1f} frames per CPU second")
        limit = median(per_frame["decoding alone"]) + median(per_frame["encoding alone"])
        print(f"the whole film takes {median(per_frame['the whole film']) / limit:.2f} times its limit")
        for side, path in coded.items():
            print(f"encoder {side}: {path.stat().st_size / 1e3:.0f} kB, PSNR {psnr(frames, path):.1f} dB")


def to_yuv(image: np.ndarray) -> av.VideoFrame:
    """A frame in the colours of the film, uint8 (H, W, 3) RGB before."""
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def encode(frames: list[av.VideoFrame], out: Path, options: dict[str, str]) -> None:
    """Write frames of one size as H.264."""
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        for number, frame in enumerate(frames):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def psnr(frames: list[av.VideoFrame], path: Path) -> float:
    """Peak signal-to-noise ratio of a film in decibels, over the brightness of all its pixels."""
    with av.open(str(path)) as container:
        pairs = zip(frames, container.decode(video=0))
        apart = [np.square(brightness(one) - brightness(other)).mean() for one, other in pairs]
    return 10 * np.log10(255**2 / np.mean(apart))


def brightness(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray()[: frame.height].astype(np.float32)


if __name__ == "__main__":
    run(main, Settings, __doc__)
