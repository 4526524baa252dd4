"""The page about sources: every source stands there, and its example runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

from drawn_media import write_video

from vidfer.clips import SOURCES
from vidfer.store.reader import CropCache

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")

VIDEOS = ("monday/ann_happiness.mp4", "monday/ben_sad.mp4", "tuesday/ann_fear.mp4")


def code(language: str) -> str:
    return re.search(rf"^```{language}\n(.+?)^```", PAGE, re.M | re.S)[1]


def section(name: str) -> str:
    return " ".join(re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1].split())


def test_every_source_has_its_section_with_licence_and_parts():
    for name, source in SOURCES.items():
        if source.licence != "yours":
            assert f"Licence: {source.licence}" in section(name), name
        if re.match(r"\d", source.size):
            assert source.size in section(name), name
        for part in re.findall(rf"{name}:[\w]+", source.parts):
            assert f"`{part}`" in PAGE, part
        assert f"[`{name}`](#{name})" in PAGE
    assert set(re.findall(r"^\| \[`(\w+)`\]", PAGE, re.M)) == set(SOURCES)


def test_the_example_runs_as_it_stands(tmp_path):
    (tmp_path / "my_source.py").write_text(code("python"), encoding="utf-8")
    (tmp_path / "cache").mkdir()
    for name in VIDEOS:
        path = tmp_path / "footage" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        code("bash"),
        shell=True,
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [(c.id, c.label, c.subject, c.source) for c in CropCache(tmp_path / "cache/footage.h5").clips] == [
        ("monday/ann_happiness.mp4", "happy", "ann", "my_source.py:my_clips"),
        ("monday/ben_sad.mp4", "sad", "ben", "my_source.py:my_clips"),
        ("tuesday/ann_fear.mp4", "fear", "ann", "my_source.py:my_clips"),
    ]
