"""The examples of docs/python.md, run as they stand there."""

import re
from pathlib import Path

import numpy as np
import pytest

import vidfer
from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"^## (.+?)\n.*?^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with the films, the cache and the data set that the page names."""
    folder = tmp_path_factory.mktemp("python")
    for seed, (name, label) in enumerate(
        {"smile_1": "happy", "smile_2": "happy", "amazed_1": "surprise", "amazed_2": "surprise"}.items()
    ):
        _film(folder / f"{name}.mp4", label, seed, 12)
    _film(folder / "interview.mp4", "happy", 2, 60)
    _film(folder / "footage" / "happy" / "ann.mp4", "happy", 2, 10)
    vidfer.build_cache(vidfer.find_clips("folder", folder / "footage"), folder / "faces.h5")
    return folder


def _film(path: Path, label: str, seed: int, n_frames: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    identity = sample_identity(np.random.default_rng(seed))
    options = {"setting": "studio", "n_frames": n_frames, "fps": 25, "size": (320, 240)}
    encode(draw_clip(identity, label, seed=seed, **options)[0], path, fps=25, crf=18)


@pytest.mark.parametrize(("title", "code"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_an_example_runs(place, title, code, capsys, monkeypatch):
    if "pandas" in title:
        pytest.importorskip("pandas")
    monkeypatch.chdir(place)
    exec(compile(code, str(PAGE), "exec"), {})
    said = capsys.readouterr().out
    told = {
        "Moments of a film, while it is read": len(said.splitlines()) == 60,
        "Frames of a camera, or of your own decoder": len(said.splitlines()) == 60 and "[(0, '" in said,
        "A table for pandas": "face_id" in said,
        "Faces that are cut already": "(2, 7)" in said,
        "Clips of a cache": "happy/ann.mp4" in said,
        "Your own network, device and settings": "angry" in said,
        "Your own expressions": len(said.splitlines()) == 26 and (place / "mine.vidfer").exists(),
        "Threads, processes and servers": said.count("inputs=1, frames=12, people=1, moments=12, faults=0")
        == 2,
        "Data sets and caches": said == "1 []\n" and (place / "footage.h5").exists(),
    }
    assert told[title], said
