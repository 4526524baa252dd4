"""Compare the time of the noise with that of Kornia's own video container: CPU time, medians of one run.

OMP_NUM_THREADS=1 python tools/bench_noise.py
"""

from __future__ import annotations

import statistics
import time

import kornia.augmentation as K
import torch
from program import NoOptions, run

from vidfer.data.noise import ClipNoise
from vidfer.data.settings import NoiseSettings

CLIPS, FRAMES, REGIONS, ROUNDS = 32, 4, 3, 9


def as_video(noise: NoiseSettings) -> torch.nn.Module:
    """The same changes by Kornia's classes: a clip as one video of T·R frames."""
    return K.VideoSequential(
        K.RandomBrightness((1 - noise.brightness, 1 + noise.brightness), p=1.0),
        K.RandomContrast((1 - noise.contrast, 1 + noise.contrast), p=1.0),
        K.RandomSharpness((1 - noise.sharpness, 1 + noise.sharpness), p=1.0),
        K.RandomAffine(0, translate=(noise.translation, noise.translation), padding_mode="border", p=1.0),
        K.RandomHorizontalFlip(p=noise.flip),
        data_format="BTCHW",
        same_on_frame=True,
    )


def main() -> None:
    """Time both in turn."""
    settings = NoiseSettings()
    ours, theirs = ClipNoise(settings), as_video(settings)
    print(
        f"{CLIPS} clips x {FRAMES} frames x {REGIONS} regions, {torch.get_num_threads()} thread(s), median ms"
    )
    for side in (64, 112):
        crops = torch.rand(CLIPS, FRAMES, REGIONS, 3, side, side)
        video = crops.flatten(1, 2)
        times: dict[str, list[float]] = {"vidfer": [], "VideoSequential": []}
        for _ in range(ROUNDS):
            for name, change, given in (("vidfer", ours, crops), ("VideoSequential", theirs, video)):
                start = time.process_time()
                change(given)
                times[name].append(time.process_time() - start)
        print(
            f"{side} px: "
            + ", ".join(f"{name} {1e3 * statistics.median(t):.0f}" for name, t in times.items())
        )


if __name__ == "__main__":
    run(main, NoOptions, __doc__)
