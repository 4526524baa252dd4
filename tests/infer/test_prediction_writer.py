"""Tables of a prediction: whole, stopped, killed, gone on with; full disks; wrong folders."""

import json
import resource
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from refused import refused

from vidfer.actors.encode import encode
from vidfer.clips.inputs import find_inputs
from vidfer.errors import CacheError, DataError, DiskError, ResultError
from vidfer.infer.moment import Moment
from vidfer.infer.predict_film import FilmPrediction
from vidfer.infer.predict_inputs import predict_inputs
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.infer.prediction_json import prediction_json
from vidfer.infer.prediction_writer import UNFINISHED, PredictionWriter
from vidfer.infer.summary import SEGMENT_COLUMNS, FilmSummary, clip_columns
from vidfer.tables import read_table, write_table

TABLES = ("frames.csv", "segments.csv", "clips.csv")


@pytest.fixture(scope="module")
def clips(film, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    for name in ("a.mp4", "c.mp4"):
        (folder / name).write_bytes(film.read_bytes())
    (folder / "b.mp4").write_bytes(b"no video")
    return find_inputs([folder])


def wanted(folder: Path, film_predictor, clips) -> PredictionFolder:
    return PredictionFolder(
        folder=folder,
        classes=film_predictor.classifier.classes,
        model=film_predictor.classifier.about,
        settings={"thresholds": (0.6, 0.7, 0.7)},
        inputs=tuple(PredictedInput(name=clip.id, path=str(clip.path)) for clip in clips),
    )


def run(folder: Path, film_predictor, clips, keep_every_s: float = 0.0) -> PredictionFolder:
    with PredictionWriter(wanted(folder, film_predictor, clips)) as writer:
        writer.keep_every_s = keep_every_s
        predict_inputs(film_predictor, clips, writer)
    return read_prediction(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, film_predictor, clips) -> PredictionFolder:
    return run(tmp_path_factory.mktemp("whole"), film_predictor, clips)


def tables(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TABLES]


def test_a_whole_prediction(whole):
    assert [(one.name, one.state) for one in whole.inputs] == [
        ("a.mp4", "done"),
        ("b.mp4", "failed"),
        ("c.mp4", "done"),
    ]
    first, broken, _ = whole.inputs
    assert (first.n_frames, first.n_people, first.width, first.height) == (140, 2, 640, 240)
    assert first.duration_s == pytest.approx(5.56, abs=0.01) and "not a video" in broken.reason
    assert not (whole.folder / UNFINISHED).exists()
    assert sum(1 for _ in whole.moments("c.mp4")) == 140


def test_segments_and_people_add_up(whole):
    segments = [row for row in read_table(whole.segments_csv, ("input",)) if row["input"] == "a.mp4"]
    for face in ("0", "1"):
        own = [row for row in segments if row["face_id"] == face]
        times_s = [(float(row["start_s"]), float(row["end_s"])) for row in own]
        assert all(start < end for start, end in times_s) and times_s == sorted(times_s)
        assert times_s[0][0] == 0 and times_s[-1][1] == pytest.approx(5.6, abs=0.02)
        # Nobody is seen from 3.6 to 4.4 s, so no segment reaches over it.
        assert not any(start < 3.7 and end > 4.3 for start, end in times_s)
    people = [row for row in read_table(whole.clips_csv, ("input",)) if row["input"] == "a.mp4"]
    moments = [m for frame in whole.moments("a.mp4") for m in frame]
    for row in people:
        own = [m for m in moments if str(m.face_id) == row["face_id"]]
        assert int(row["n_frames"]) == len(own)
        assert float(row["mean_happy"]) == pytest.approx(
            sum(m.probabilities["happy"] for m in own) / len(own), abs=2e-4
        )
        assert float(row["share_happy"]) == pytest.approx(
            sum(m.label == "happy" for m in own) / len(own), abs=1e-3
        )
        assert float(row["unsure_share"]) == pytest.approx(
            sum(m.label == "unsure" for m in own) / len(own), abs=1e-3
        )


@pytest.mark.parametrize("after", [2, 4, 9])
def test_stopped_and_gone_on_with_it_is_the_same(whole, film_predictor, clips, tmp_path, monkeypatch, after):
    """Ctrl-C in the ``after``-th piece: in the first film, at its end, or in the second one."""
    n, pieces = 0, FilmPrediction.pieces

    def stop(self, state=None):
        nonlocal n
        for piece in pieces(self, state):
            n += 1
            if n > after:
                raise KeyboardInterrupt
            yield piece

    monkeypatch.setattr(FilmPrediction, "pieces", stop)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, film_predictor, clips)
    monkeypatch.undo()
    rows = (tmp_path / "frames.csv").read_text().splitlines()
    assert len(rows) > 10  # what was predicted is there to be looked at
    began_at = []
    real = FilmPrediction._go_on
    monkeypatch.setattr(
        FilmPrediction,
        "_go_on",
        lambda self, state, chunks: (began_at.append(state["n"]), real(self, state, chunks)),
    )
    run(tmp_path, film_predictor, clips)
    assert tables(tmp_path) == tables(whole.folder)
    assert len(began_at) == 1 and began_at[0] > 0


def test_started_again_nothing_is_done_twice(whole, film_predictor, clips, monkeypatch):
    """Only the one that could not be read is tried again."""
    before, tried, pieces = tables(whole.folder), [], FilmPrediction.pieces
    monkeypatch.setattr(
        FilmPrediction, "pieces", lambda self, state: (tried.append(self.clip.id), pieces(self, state))[1]
    )
    run(whole.folder, film_predictor, clips)
    assert tables(whole.folder) == before and tried == ["b.mp4"]


def test_new_inputs_are_added(film_predictor, clips, tmp_path, whole):
    run(tmp_path, film_predictor, clips[:2])
    assert len(run(tmp_path, film_predictor, clips).inputs) == 3
    assert tables(tmp_path) == tables(whole.folder)
    with refused(ResultError, clips[0].path, "not among the inputs", "--out"):
        run(tmp_path, film_predictor, clips[1:])


def test_a_film_that_was_replaced_is_refused(film_predictor, clips, tmp_path):
    own = tmp_path / "a.mp4"
    own.write_bytes(clips[0].path.read_bytes())
    (clip,) = find_inputs([own])
    run(tmp_path / "out", film_predictor, [clip])
    own.unlink()  # a film that was moved away keeps its rows
    PredictionWriter(wanted(tmp_path / "out", film_predictor, [clip]))
    own.write_bytes(b"another film")
    with refused(ResultError, own, "choose another --out"):
        PredictionWriter(wanted(tmp_path / "out", film_predictor, [clip]))


def test_another_prediction_is_not_mixed_in(whole, film_predictor, clips):
    about = wanted(whole.folder, film_predictor, clips)
    for other in (
        replace(about, model=about.model | {"hash": "0" * 64}),
        replace(about, settings={"thresholds": (0.5, 0.7, 0.7)}),
    ):
        with refused(ResultError, whole.folder, "choose another --out"):
            PredictionWriter(other)


def test_a_table_of_somebody_else_is_not_replaced(film_predictor, clips, tmp_path):
    (tmp_path / "frames.csv").write_text("mine")
    with refused(ResultError, tmp_path / "frames.csv", "choose another --out"):
        PredictionWriter(wanted(tmp_path, film_predictor, clips))
    assert (tmp_path / "frames.csv").read_text() == "mine"


def test_a_full_disk_in_the_middle_of_a_film(film_predictor, clips, tmp_path, whole, monkeypatch):
    add, n = PredictionWriter._flush, 0

    def full(self):
        nonlocal n
        n += bool(self._rows)
        if n > 2:
            raise OSError(28, "No space left on device")
        add(self)

    monkeypatch.setattr(PredictionWriter, "_flush", full)
    with refused(DiskError, "the disk is full", tmp_path, "goes on"):
        run(tmp_path, film_predictor, clips)
    monkeypatch.undo()
    run(tmp_path, film_predictor, clips)
    assert tables(tmp_path) == tables(whole.folder)


def test_a_disk_that_is_full_at_the_start_leaves_nothing_in_the_way(film_predictor, clips, tmp_path):
    about = wanted(tmp_path / "out", film_predictor, clips)
    with refused(DiskError, "the disk is full", about.folder, "start the same command"), largest_file(90):
        PredictionWriter(about).__enter__()
    with PredictionWriter(about):  # not "frames.csv is there", and no writer is left
        pass


def test_a_disk_that_is_full_at_the_end_is_told_with_its_place(film_predictor, clips, tmp_path):
    about = wanted(tmp_path / "out", film_predictor, clips)
    with PredictionWriter(about):
        pass
    most = (about.folder / "predict.json").stat().st_size + 99
    full = refused(DiskError, "the disk is full", about.folder, "it goes on")
    with full, largest_file(most), PredictionWriter(about) as writer:
        writer.begin(0)
        for frame in range(30):  # they wait in memory
            nobody = Moment(input=clips[0].id, frame=frame, time_s=frame / 25)
            writer.add([nobody] * 3)


@contextmanager
def largest_file(n_bytes):
    """For a while, the system refuses to let any file of this process become larger."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_state_of_other_tables_is_not_used(film_predictor, clips, tmp_path, whole):
    """Somebody copied an old state beside the tables, or shortened a table."""
    with PredictionWriter(wanted(tmp_path, film_predictor, clips)) as writer:
        writer.keep_every_s = 0.0
        film = film_predictor.predict(clips[0])
        pieces = film.pieces(writer.begin(0))
        for _ in range(3):
            for frame in next(pieces):
                writer.add(frame)
            writer.keep(film.state)
    (tmp_path / "frames.csv").write_text("short")
    run(tmp_path, film_predictor, clips)
    assert tables(tmp_path) == tables(whole.folder)
    assert json.loads((tmp_path / "predict.json").read_text())["inputs"][0]["state"] == "done"


@pytest.fixture
def films(film, tmp_path):
    """Two short films, one of which can be taken away."""
    (tmp_path / "films").mkdir()
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / "films" / name).write_bytes(film.read_bytes())
    return find_inputs([tmp_path / "films"], end_s=1.0)


def stopped(folder: Path, film_predictor, clips) -> None:
    """Begin with the first film, and stop when some of its rows and its state are written."""
    with PredictionWriter(wanted(folder, film_predictor, clips)) as writer:
        writer.keep_every_s = 0.0
        film = film_predictor.predict(clips[0])
        for piece in film.pieces(writer.begin(0)):
            for frame in piece:
                writer.add(frame)
            writer.keep(film.state)
    assert len(read_table(folder / "frames.csv", ("input",))) > 20 and (folder / UNFINISHED).exists()


def test_a_film_that_went_away_leaves_no_rows_and_is_tried_again(films, film_predictor, tmp_path):
    folder, path = tmp_path / "out", films[0].path
    stopped(folder, film_predictor, films)
    path.rename(tmp_path / "elsewhere.mp4")
    about = run(folder, film_predictor, films)
    assert [one.state for one in about.inputs] == ["failed", "done"]
    assert {row["input"] for row in read_table(about.frames_csv, ("input",))} == {"b.mp4"}
    (tmp_path / "elsewhere.mp4").rename(path)
    about = run(folder, film_predictor, films)
    assert [one.state for one in about.inputs] == ["done", "done"] and not about.inputs[0].reason
    for name in ("a.mp4", "b.mp4"):
        assert [frame[0].frame for frame in about.moments(name)] == list(range(1, 26))


def test_a_film_that_another_has_replaced_is_begun_anew(films, film_predictor, film_frames, tmp_path):
    folder = tmp_path / "out"
    stopped(folder, film_predictor, films[:1])
    encode(film_frames[90:100], films[0].path, fps=25, crf=18)
    about = run(folder, film_predictor, films[:1])
    assert (about.inputs[0].state, about.inputs[0].reason, about.inputs[0].n_frames) == ("done", "", 10)
    moments = [moment for frame in about.moments() for moment in frame]
    assert len(moments) == 10 and not any(moment.has_face for moment in moments)


def test_two_processes_do_not_write_the_same_tables(film_predictor, films, tmp_path):
    folder = tmp_path / "out"
    about = wanted(folder, film_predictor, films)
    with PredictionWriter(about), refused(CacheError, "process", folder, "another --out"):
        PredictionWriter(about).__enter__()
    assert not (folder / "lock").exists()
    with PredictionWriter(wanted(folder, film_predictor, films)):
        pass


@pytest.mark.parametrize("change", ["removed", "shortened", "saved by another program"])
def test_tables_that_somebody_changed_are_not_cut(change, film_predictor, films, tmp_path):
    about = run(tmp_path / "out", film_predictor, films[:1])
    table = about.segments_csv
    before = table.read_bytes()
    if change == "removed":
        table.unlink()
    else:
        table.write_bytes(before[:-9] if change == "shortened" else before.replace(b"\n", b",mine\r\n"))
    found = table.exists() and table.read_bytes()
    with refused(ResultError, table, "choose another --out"):
        run(tmp_path / "out", film_predictor, films)
    assert (table.exists() and table.read_bytes()) == found


def test_expressions_that_would_be_one_column(film_predictor, films, tmp_path):
    about = wanted(tmp_path / "out", film_predictor, films)
    for classes in (("Happy", "happy"), ("Status", "p_status")):
        with refused(DataError, *classes, "rename"):
            PredictionWriter(replace(about, classes=classes))
    assert not (tmp_path / "out").exists()


def test_names_of_expressions_in_json(tmp_path):
    """Capitals, and words that look like numbers."""
    classes, film = ("Happy", "1", "nan"), "film.mp4"
    summary = FilmSummary(film, classes)
    moment = Moment(
        input=film,
        frame=1,
        time_s=0.0,
        face_id=0,
        label="1",
        probabilities={"Happy": 0.25, "1": 0.75, "nan": 0.0},
        face_px=9.0,
        sharpness=0.5,
        brightness=9.0,
    )
    list(summary.add([moment]))
    one = PredictedInput(name=film, path=film, state="done", n_frames=1, n_people=1)
    about = PredictionFolder(folder=tmp_path, classes=classes, model={}, settings={}, inputs=(one,))
    write_table(about.segments_csv, SEGMENT_COLUMNS, [segment.row() for segment in summary.end()])
    write_table(about.clips_csv, clip_columns(classes), summary.people_rows())
    (found,) = json.loads(json.dumps(prediction_json(about), allow_nan=False))["inputs"]
    assert found["segments"][0]["label"] == found["people"][0]["label"] == "1"
    assert found["people"][0]["mean_Happy"] == 0.25 and found["people"][0]["share_nan"] == 0
