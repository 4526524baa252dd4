"""The main job from drawn actors to a report: the recipes under `accelerate launch`, one after another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ACTORS = (
    "--train-per-class 3 --train-subjects 4 --val-per-class 2 --val-subjects 2 --test-per-class 2 "
    "--test-subjects 2 --novel-per-class 5 --unlabelled 42 --unlabelled-subjects 9 --max-duration-s 0.8"
)
SMALL = "--encoder.width 8 --encoder.input-px 32 --data.frames 4 --train.batch-size 8"
NOVEL = "--novel contempt happily_surprised sadly_fearful angrily_disgusted --ways 3 --shots 3 --episodes 100"
TRAIN = "accelerate launch recipes"
COMMANDS = (
    f"vidfer actors --out actors {ACTORS}",
    "vidfer cache --src actors --root actors --out cache/actors.h5 --size-px 64",
    "vidfer verify cache/actors.h5",
    f"{TRAIN}/supervised.py --cache cache/actors.h5 --out runs/teacher {SMALL} --train.epochs 20",
    f"{TRAIN}/noisy_student.py --cache cache/actors.h5 --teacher runs/teacher/checkpoints/best "
    "--out runs/student --data.frames 4 --train.batch-size 8 --train.epochs 5 --pseudo.threshold 0.2",
    f"{TRAIN}/fewshot.py --cache cache/actors.h5 --init runs/student --out runs/csrn --head csrn "
    "--data.frames 4 --episodes.shots 2 --episodes.epochs 2 --episodes.per-epoch 6 "
    "--episodes.val-episodes 10",
    "vidfer eval --checkpoint runs/teacher --cache cache/actors.h5",
    "vidfer eval --checkpoint runs/student --cache cache/actors.h5",
    f"vidfer eval --checkpoint runs/csrn --cache cache/actors.h5 {NOVEL}",
    "vidfer results compare runs/teacher runs/student --markdown",
    "vidfer report --runs runs/teacher runs/student runs/csrn --cache cache/actors.h5 --out report.html",
)


@pytest.mark.slow
def test_from_actors_to_a_report(tmp_path):
    # As a user stands in the repository; here in a copy of what the commands name.
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    shutil.copy(ROOT / "accelerate_config.yaml", tmp_path)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ACCELERATE_USE_CPU": "true",
        "TQDM_DISABLE": "1",
    }
    told = {}
    for command in COMMANDS:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        told[command] = done.stdout
    assert "every byte is as it was written" in told["vidfer verify cache/actors.h5"]
    (few,) = (text for command, text in told.items() if NOVEL in command)
    assert "few-shot 3-way 3-shot" in few and "chance 33.3 %" in few
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page and "actors" in page
