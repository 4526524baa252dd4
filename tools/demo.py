"""The main job on synthetic actors, from drawing them to the report: what `make demo` runs.

It runs the very commands that the README shows and prints each before it starts. Started again, it goes on
where it stopped.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import tyro

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NOVEL = "contempt happily_surprised sadly_fearful angrily_disgusted fearfully_surprised"

ACTORS = (
    "--setting wild --train-per-class 10 --train-subjects 14 --val-per-class 6 --val-subjects 6 "
    "--test-per-class 15 --test-subjects 15 --novel-per-class 12 --unlabelled 350 --unlabelled-subjects 60 "
    "--min-duration-s 0.5 --max-duration-s 0.9"
)
NETWORK = "--model.width 16 --model.input-px 64"
EPISODES = "--episodes.epochs 6 --episodes.per-epoch 24 --episodes.val-episodes 40"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Run the whole path on synthetic actors."""

    out: Path = Path("demo")
    """Folder for everything that is made."""


def steps(out: Path) -> list[str]:
    """The commands, in order."""
    train = "accelerate launch --config_file accelerate_config.yaml"
    data = f"--cache {out}/actors.h5 --resume --tracker none --data.frames 4"
    evaluate = f"--cache {out}/actors.h5 --novel {NOVEL} --curve 1 3 5"
    return [
        f"vidfer actors --out {out}/actors {ACTORS}",
        f"vidfer cache --src actors --root {out}/actors --out {out}/actors.h5 --size-px 80",
        f"vidfer inspect {out}/actors.h5",
        f"{train} recipes/supervised.py --out {out}/teacher {data} {NETWORK} --train.epochs 30",
        f"{train} recipes/noisy_student.py --out {out}/student {data} --teacher {out}/teacher/checkpoints/best "
        "--train.epochs 40",
        *(
            f"{train} recipes/fewshot.py --out {out}/csrn_{who} {data} --init {out}/{who}/checkpoints/best "
            f"--model.head csrn {EPISODES}"
            for who in ("teacher", "student")
        ),
        *(
            f"vidfer eval --checkpoint {out}/{who}/checkpoints/best --out {out}/results/{who} {evaluate} "
            "--head prototype"
            for who in ("teacher", "student")
        ),
        *(
            f"vidfer eval --checkpoint {out}/csrn_{who}/checkpoints/best --out {out}/results/csrn_{who} {evaluate}"
            for who in ("teacher", "student")
        ),
        f"vidfer report --runs {out}/teacher {out}/student {out}/csrn_teacher {out}/csrn_student "
        f"--results {' '.join(map(str, result_files(out)))} --cache {out}/actors.h5 --out {out}/report.html",
    ]


def result_files(out: Path) -> list[Path]:
    """What `vidfer eval` leaves, teacher first."""
    results = out / "results"
    both = [
        results / who / f"{kind}.json"
        for kind in ("classification", "fewshot")
        for who in ("teacher", "student")
    ]
    return [*both, *(results / f"csrn_{who}" / "fewshot.json" for who in ("teacher", "student"))]


def table(out: Path) -> str:
    """Teacher and student side by side, with intervals, and their difference on the same clips."""
    from vidfer.evaluate.compare import compare_results
    from vidfer.evaluate.result import load_result

    teacher, student, few_teacher, few_student, csrn_teacher, csrn_student = map(
        load_result, result_files(out)
    )

    def cell(interval) -> str:
        return f"{100 * interval.mean:5.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"

    test = f"test, {teacher.n_clips} clips of {teacher.n_subjects} unseen actors"
    few = f"novel classes, {few_teacher.protocol['ways']}-way {few_teacher.protocol['shots']}-shot"
    rows = [("", "teacher", "student", "chance")]
    for name in ("WAR", "UAR"):
        rows.append(
            (
                f"{name} ({test})",
                cell(teacher.measures[name]),
                cell(student.measures[name]),
                f"{teacher.chance:.1%}",
            )
        )
    for head, a, b in (("prototype", few_teacher, few_student), ("CSRN", csrn_teacher, csrn_student)):
        rows.append((f"{few}, {head} head", cell(a.main), cell(b.main), f"{a.chance:.1%}"))
    widths = [max(len(row[c]) for row in rows) for c in range(4)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    gain = compare_results(student, teacher)
    lines += [
        "",
        f"student - teacher, WAR on the same clips: {100 * gain.mean:+.1f} points "
        f"[{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]",
        "Intervals are 95 %. One small run on drawn actors: it shows that the machinery works, not how well "
        "people are recognised.",
    ]
    return "\n".join(lines)


def main(settings: Settings) -> None:
    begin = time.perf_counter()
    out = Path(os.path.relpath(settings.out.resolve(), ROOT))
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    environment.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    for number, command in enumerate(commands := steps(out), 1):
        print(f"\n[{number}/{len(commands)}] $ {command}", flush=True)
        done = subprocess.run(shlex.split(command), cwd=ROOT, env=environment, check=False)
        if done.returncode:
            raise SystemExit(
                f"step {number} ended with status {done.returncode}; mend it and start `make demo` again"
            )
    print(f"\n{table(ROOT / out)}")
    print(f"\nreport: {ROOT / out / 'report.html'}   ({(time.perf_counter() - begin) / 60:.1f} minutes)")


if __name__ == "__main__":
    main(tyro.cli(Settings, description=__doc__))
