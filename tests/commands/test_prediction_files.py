"""The files that `vidfer predict` writes beside its tables, from a drawn video to a film and a page."""

import re
import shutil

import av
import pytest
from refused import refused

from vidfer.commands.predict import main
from vidfer.commands.prediction_files import ExtraFiles, check_place, write_extra_files
from vidfer.errors import ResultError
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction


@pytest.fixture(scope="module")
def video(studio_clips):
    return next(studio_clips.rglob("*.avi"))


@pytest.fixture(scope="module")
def folder(video, tmp_path_factory):
    """A prediction of two videos, without further files."""
    out, films = tmp_path_factory.mktemp("predicted"), tmp_path_factory.mktemp("films")
    for name in ("a.avi", "b.avi"):
        shutil.copy(video, films / name)
    assert main([str(films), "--out", str(out), "--tables-only"]) == 0
    assert not (out / "index.html").exists() and not (out / "films").exists()
    return out


def test_film_page_and_timeline(video, tmp_path, capsys):
    assert main([str(video), "--out", str(tmp_path), "--video"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"face 0 [│|][A-Z·]+[│|]", out) and "\x1b" not in out
    (film,) = (tmp_path / "films").rglob("*.mp4")
    assert str(film) in out and str(tmp_path / "index.html") in out
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20
    text = (tmp_path / "index.html").read_text()
    assert "data:image/jpeg" in text and "basic7" in text and "An expression is not an emotion" in text


def test_a_name_as_long_as_the_system_takes_is_shortened_in_other_files(video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "é" * 125
    shutil.copy(video, f"{name}.avi")
    words = [f"{name}.avi", "--video", "--elan", "--textgrid", "--end", "0.2"]
    assert main(words) == 0
    assert main([*words, "--accuracy", "0.5"]) == 0  # into a second folder
    folders = sorted((tmp_path / "predictions").iterdir(), key=lambda folder: folder.name != name)
    assert folders[0].name == name and folders[1].name.endswith("_2")
    for folder in folders:
        written = [
            folder.glob(kind) for kind in ("films/*.mp4", "annotations/*.eaf", "annotations/*.TextGrid")
        ]
        names = [path.stem for (path,) in written]
        assert all(re.fullmatch(r"é{110,}~[0-9a-f]{8}", one) for one in names), names


def test_blurred_films_have_a_page_without_faces(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "out")
    told = []
    write_extra_files(read_prediction(tmp_path / "out"), ExtraFiles(video=True, blur_faces=True), told.append)
    assert len([*(tmp_path / "out" / "films").glob("**/*.mp4")]) == 2 and len(told) == 3
    assert "data:image" not in (tmp_path / "out" / "index.html").read_text()


def test_a_video_that_was_moved_does_not_stop_other_films(folder, tmp_path, capsys):
    shutil.copytree(folder, tmp_path / "out")
    about = tmp_path / "out" / "predict.json"
    about.write_text(about.read_text().replace("/a.avi", "/moved.avi"))
    told = []
    write_extra_files(read_prediction(tmp_path / "out"), ExtraFiles(video=True), told.append)
    said = capsys.readouterr().err
    assert "no film of" in said and "moved.avi" in said
    assert [path.name for path in (tmp_path / "out" / "films").glob("**/*.mp4")] == ["b.mp4"]
    assert "the video cannot be read here any more" in (tmp_path / "out" / "index.html").read_text()


def test_files_of_others_are_not_replaced(tmp_path):
    def wanted(film: str) -> PredictionFolder:
        inputs = (PredictedInput(name="a.avi", path=str(tmp_path / film)),)
        return PredictionFolder(folder=tmp_path, classes=("happy",), model={}, settings={}, inputs=inputs)

    page, film, with_video = tmp_path / "index.html", tmp_path / "films" / "a.mp4", ExtraFiles(video=True)
    page.touch()
    with refused(ResultError, page, "predict.json", "--out"):
        check_place(wanted("a.avi"), ExtraFiles())
    check_place(wanted("a.avi"), ExtraFiles(tables_only=True))
    page.unlink()
    film.parent.mkdir()
    film.touch()
    with refused(ResultError, film, "predict.json", "--out"):
        check_place(wanted("a.avi"), with_video)
    check_place(wanted("films/a.avi"), ExtraFiles())
    (tmp_path / "predict.json").touch()  # they are of a prediction
    page.touch()
    check_place(wanted("a.avi"), with_video)
    with refused(ResultError, tmp_path / "films" / "a.avi", "--video", "--out"):
        check_place(wanted("films/a.avi"), with_video)
    (tmp_path / "ring.avi").symlink_to("ring.avi")
    check_place(wanted("ring.avi"), with_video)  # reading it says what is wrong with it
