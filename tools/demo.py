"""A first look at vidfer, on drawn actors: what `make demo` runs.

The network in the box predicts what a film shows. Beside it runs the main job: from drawing actors over a
teacher and its student to the report. Each command is printed when it starts; its output is in `logs/` of the
folder. Started again, the demo goes on where it stopped.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from counts import check_counts
from draw_film import CAST
from program import run
from studies.main_job import STUDENT, Budget, result_table, steps
from studies.steps import ROOT, Step, in_repository, run_steps

from vidfer.commands.prediction_files import tell_prediction
from vidfer.infer.prediction_folder import read_prediction

JOBS = 2
BUDGET = Budget(
    # Even light and frontal faces: the wild setting needs more labels and minutes than a demo has. A clip has
    # five or six frames, of which training sees four.
    setting="studio",
    actors="--fps 10 --train-per-class 6 --train-subjects 14 --val-per-class 6 --val-subjects 6 "
    "--test-per-class 20 --test-subjects 20 --novel-per-class 12 --unlabelled 400 --unlabelled-subjects 60 "
    "--max-duration-s 0.6",
    crop_px=64,
    network="--encoder.width 16 --encoder.input-px 64",
    # With all of the noise and dropout so few steps end near chance on training and validation clips.
    teacher="--data.frames 4 --train.epochs 50 --train.batch-size 14 --train.ema-decay 0.98 "
    "--noise.magnitude 0.5 --dropout 0.2 --train.validate-every 5",
    # Of labels of two such teachers (seeds 2 and 3) with a confidence above 0.3, 78 and 76 % were right after
    # balancing, which repeats the clips of rare classes; above 0.7 it is 92 and 81 %.
    students=(
        f"--data.frames 4 --from-teacher --optim.lr 1e-3 --train.epochs 8 --pseudo.threshold 0.7 {STUDENT}",
    ),
    # So few episodes would spoil the encoder; its maps tell expressions apart already.
    relation="--data.frames 2 --freeze-encoder --episodes.queries 2 --episodes.epochs 3 "
    "--episodes.per-epoch 30 --episodes.val-episodes 40",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A first look at vidfer, on drawn actors."""

    out: Path = Path("demo")
    """Folder for everything that is made."""
    seed: int = 0
    """Seed of actors, training and evaluation."""

    def __post_init__(self) -> None:
        check_counts(self, "seed", least=0)


def main(settings: Settings) -> None:
    begin = time.perf_counter()
    out = in_repository(settings.out)
    cores = len(os.sched_getaffinity(0))
    # Two steps run side by side where neither needs the other.
    threads = int(os.environ.get("OMP_NUM_THREADS", max(1, cores // JOBS)))
    run_steps(demo_steps(out, settings.seed), ROOT / out, jobs=min(JOBS, cores), threads=threads, tell=True)
    folder = (ROOT / out).resolve()
    minutes = (time.perf_counter() - begin) / 60
    acted = "; ".join(", ".join(labels) for labels in CAST.values())
    print("\n1. A film, predicted by the network in the box. The three actors show, from left to right:")
    print(f"   {acted}.\n", flush=True)
    tell_prediction(read_prediction(folder / "prediction"), as_json=False)
    print("\n2. Networks trained here: teacher, student, and new expressions from three examples each\n")
    print(result_table([folder], BUDGET))
    print(f"\nLook at   ({minutes:.1f} minutes)")
    print(f"  the film    {folder / 'prediction/films/film.mp4'}")
    print(f"  its page    {folder / 'prediction/index.html'}")
    print(f"  the report  {folder / 'report.html'}")


def demo_steps(out: Path, seed: int) -> list[Step]:
    """Draw a film of three people and predict what it shows; then the main job."""
    film, folder = out / "film.mp4", out / "prediction"
    predict = f"vidfer predict {film} --out {folder} --video"
    return [
        Step(name="film", command=f"python tools/draw_film.py {film}"),
        Step(name="predict", command=predict, after=("film",)),
        *steps(out, BUDGET, seed),
    ]


if __name__ == "__main__":
    run(main, Settings, __doc__)
