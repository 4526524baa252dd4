"""`vidfer predict`, from the command line to the files."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from closed import closed
from refused import refused

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.commands.predict import _name_of, main
from vidfer.commands.summary import main as summary
from vidfer.crops.decode.video import read_chunks
from vidfer.errors import ResultError
from vidfer.infer.prediction_folder import read_prediction
from vidfer.store.reader import CropCache
from vidfer.tables import read_table


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """A folder with a film, a picture, a file that is broken, one that is empty, and a text."""
    folder = tmp_path_factory.mktemp("films")
    identity = sample_identity(np.random.default_rng(2))
    images, _ = draw_clip(identity, "happy", setting="studio", seed=2, n_frames=50, fps=25, size=(320, 240))
    encode(images, folder / "film.mp4", fps=25, crf=18)
    cv2.imwrite(str(folder / "photo.jpg"), images[20][..., ::-1])
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "empty.mp4").touch()
    (folder / "read me.txt").write_text("no film")
    return folder


def test_a_folder_with_good_and_bad_files(films, tmp_path, capsys):
    assert main([str(films), "--out", str(tmp_path / "out"), "--parquet", "--elan"]) == 1
    shown = capsys.readouterr()
    assert "film.mp4" in shown.out and "frames.csv" in shown.out
    assert "broken.mp4" in shown.err and "empty.mp4" in shown.err and "read me.txt" in shown.err
    about = read_prediction(tmp_path / "out")
    assert {one.name: one.state for one in about.inputs} == {
        "broken.mp4": "failed",
        "empty.mp4": "failed",
        "film.mp4": "done",
        "photo.jpg": "done",
    }
    rows = read_table(about.frames_csv, ("input", "success"))
    assert len(rows) == 51 and all(row["success"] == "1" for row in rows)
    assert (about.folder / "index.html").exists()
    (photo,) = [row for row in read_table(about.clips_csv, ("input",)) if row["input"] == "photo.jpg"]
    assert photo["n_frames"] == "1" and float(photo["seen_share"]) == 1


def test_a_closed_folder_stops_nothing_and_its_films_are_read_when_it_is_open(films, tmp_path, capsys):
    (tmp_path / "films/closed").mkdir(parents=True)
    for name, film in (("a.jpg", "photo.jpg"), ("closed/b.mp4", "film.mp4")):
        (tmp_path / "films" / name).write_bytes((films / film).read_bytes())
    command = [str(tmp_path / "films"), "--out", str(tmp_path / "out"), "--end", "0.2"]
    with closed(tmp_path / "films/closed"):
        assert main(command) == 1
    assert "cannot read closed: the folder cannot be read (Permission denied)" in capsys.readouterr().err
    about = read_prediction(tmp_path / "out")
    assert [(one.name, one.state) for one in about.inputs] == [("a.jpg", "done"), ("closed", "failed")]
    assert about.inputs[1].reason in (about.folder / "index.html").read_text(encoding="utf-8")
    assert summary([str(about.folder)]) == 0
    shown = capsys.readouterr().out
    assert "1 of 2 inputs read" in shown and "closed: the folder cannot be read" in shown
    assert main(command) == 0
    inputs = read_prediction(tmp_path / "out").inputs
    assert [(one.name, one.state) for one in inputs] == [("a.jpg", "done"), ("closed/b.mp4", "done")]


def test_a_folder_that_takes_no_files_is_told_with_the_option_that_helps(films, tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    monkeypatch.chdir(tmp_path / "disk")
    for out in ([], ["--out", "found"]):
        with closed(tmp_path / "disk", 0o555), refused(ResultError, tmp_path / "disk", "--out"):
            main([str(films / "photo.jpg"), *out])


def test_a_film_whose_faces_are_not_upright_is_told(films, tmp_path, capsys):
    clip = next(read_chunks(films / "film.mp4", max_frames=12)).images
    (tmp_path / "films").mkdir()
    encode(np.ascontiguousarray(clip), tmp_path / "films/a.mp4", fps=25, crf=18)
    encode(np.ascontiguousarray(np.rot90(clip, 2, (1, 2))), tmp_path / "films/b.mp4", fps=25, crf=18)
    cv2.imwrite(str(tmp_path / "films/lies.png"), np.rot90(clip[3], -1)[..., ::-1])
    assert main([str(tmp_path / "films"), "--out", str(tmp_path / "out")]) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(warned) == 2 and "b.mp4" in warned[0] and "lies.png" in warned[1]
    assert "turn it upside down" in warned[0] and "`ffmpeg -i b.mp4 -vf hflip,vflip turned.mp4`" in warned[0]
    assert "to the left" in warned[1] and "-vf transpose=cclock turned.png" in warned[1]
    about = read_prediction(tmp_path / "out")
    assert [one.rotate_deg for one in about.inputs] == [0, 180, 270]
    assert summary([str(about.folder)]) == 0
    told = capsys.readouterr().out
    assert "faces are not upright, so what was found is not reliable: 2" in told
    assert "b.mp4: turn it upside down" in told
    page = (about.folder / "index.html").read_text("utf-8")
    assert page.count("faces are not upright") >= 2
    assert "<code>ffmpeg -i b.mp4 -vf hflip,vflip turned.mp4</code>" in page


def test_the_folder_of_a_prediction_is_named_after_its_first_input(tmp_path, monkeypatch):
    (tmp_path / "wave 1.2" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "wave 1.2" / "inner")
    (tmp_path / "wave 1.2" / "inner" / "c [1].mp4").touch()
    (tmp_path / "d [2]").mkdir()
    names = {"a b.mp4": "a b", str(tmp_path / "wave 1.2"): "wave 1.2", "..": "wave 1.2", ".": "inner"}
    names |= {"../*.mp4": "wave 1.2", "*.mp4": "inner", "../*/?.mp4": "wave 1.2", "/": "films"}
    names |= {"../clip.1.avi": "clip.1", "c [1].mp4": "c [1]", "../../d [2]": "d [2]"}
    assert {given: _name_of([given, "other.mp4"]) for given in names} == names


def test_parquet_has_the_rows_of_the_table_with_types(films, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    main([str(films / "film.mp4"), "--out", str(tmp_path), "--parquet", "--tables-only"])
    table = parquet.read_table(tmp_path / "frames.parquet").to_pydict()
    rows = read_table(tmp_path / "frames.csv", ("input",))
    assert len(rows) == len(table["input"]) == 50
    assert table["frame"][:3] == [1, 2, 3] and table["warning"][0] == rows[0]["warning"]
    assert table["happy"] == pytest.approx([float(row["happy"]) for row in rows])


def test_json_is_all_that_standard_output_has(films, tmp_path, capsys):
    options = ["--out", str(tmp_path), "--json", "--fps", "5", "--start", "0.5", "--end", "1.5"]
    assert main([str(films / "film.mp4"), *options]) == 0
    content = json.loads(capsys.readouterr().out)
    (one,) = content["inputs"]
    assert one["n_frames"] == 5 and one["people"][0]["n_frames"] == 5
    assert one["segments"][0]["start_s"] == pytest.approx(0.52, abs=0.03)
    assert content["model"]["name"] == "basic7" and len(content["classes"]) == 7


def test_no_cache_is_kept_unless_it_is_named(films, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([str(films / "film.mp4"), "--tables-only"]) == 0
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [
        "clips.csv",
        "frames.csv",
        "predict.json",
        "segments.csv",
    ]
    assert (tmp_path / "predictions" / "film" / "frames.csv").exists()
    assert main([str(films / "film.mp4"), "--tables-only", "--keep-cache", "faces.h5"]) == 0
    cache = CropCache(tmp_path / "faces.h5")
    assert [clip.id for clip in cache.clips] == ["film.mp4"] and cache.clips[0].n_frames == 50
    assert cache.settings["face"] == "all"


CTRL_C_AT_150 = """
import os, signal, sys
from vidfer.commands.main import main
from vidfer.infer.prediction_writer import PredictionWriter

add, n = PredictionWriter.add, 0


def counted(self, moments):
    global n
    n += 1
    if n == 150:
        os.kill(os.getpid(), signal.SIGINT)
    add(self, moments)


PredictionWriter.add = counted
main()
"""


def test_ctrl_c_keeps_what_was_written_and_the_next_start_goes_on(films, tmp_path):
    """A real process that sends itself a real signal in the middle of a film."""
    long = tmp_path / "long.mp4"
    images = np.concatenate([chunk.images for chunk in read_chunks(films / "film.mp4")])
    encode(np.concatenate([images, images[::-1]] * 3), long, fps=25, crf=23)
    words = [str(long), "--out", str(tmp_path / "out"), "--tables-only"]
    stopped = subprocess.run(
        [sys.executable, "-c", CTRL_C_AT_150, "predict", *words], capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.stderr and "of 300 frames of long.mp4" in stopped.stderr
    about = read_prediction(tmp_path / "out")
    assert about.inputs[0].state == "begun"
    assert len(read_table(about.frames_csv, ("frame",))) in (149, 150)
    assert main(words) == 0
    frames = [int(row["frame"]) for row in read_table(about.frames_csv, ("frame",))]
    assert frames == list(range(1, 301))
    names = sorted(path.name for path in about.folder.iterdir())
    assert names == ["clips.csv", "frames.csv", "predict.json", "segments.csv"]
