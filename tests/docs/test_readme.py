"""The README's first commands do what it says, as they stand there."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity

ROOT = Path(__file__).resolve().parents[2]


def commands() -> list[str]:
    """The lines of the README's ``bash`` blocks."""
    blocks = re.findall(r"^```bash\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def drawn(person: int, label: str, n_frames: int) -> np.ndarray:
    """Frames of one actor, uint8 (T, H, W, 3) RGB."""
    identity = sample_identity(np.random.default_rng(person))
    shown = {"setting": "studio", "seed": person, "n_frames": n_frames, "fps": 25, "size": (320, 300)}
    return draw_clip(identity, label, **shown)[0]


@pytest.fixture
def home(tmp_path) -> Path:
    """A folder as the README's reader has it: a film, and examples of two expressions of other people."""
    encode(drawn(5, "happy", 30), tmp_path / "interview.mp4", fps=25, crf=18)
    for name, label in {"grin": "happy", "scowl": "angry", "neutral": "neutral"}.items():
        folder = tmp_path / "examples" / name
        folder.mkdir(parents=True)
        for person in (1, 11, 22):
            image = drawn(person, label, 20)[14]
            cv2.imwrite(str(folder / f"{person}.png"), image[..., ::-1])
    return tmp_path


def test_the_first_lines_work(home):
    lines = commands()
    assert [line.split()[1] for line in lines] == ["predict", "learn", "predict"]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    told = []
    for line in lines:
        command = line.replace("vidfer ", f"{sys.executable} -m vidfer ", 1)
        done = subprocess.run(
            command, shell=True, cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"$ {line}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        told.append(done.stdout)
    first = home / "predictions" / "interview"
    assert {one.name for one in first.iterdir()} >= {"frames.csv", "segments.csv", "clips.csv", "index.html"}
    assert (first / "films" / "interview.mp4").stat().st_size > 10_000
    assert "happy" in told[0]
    with (home / "predictions" / "interview_2" / "frames.csv").open(encoding="utf-8") as file:
        assert {"grin", "scowl"} <= set(csv.DictReader(file).fieldnames)
