"""Predictions and pseudo-labels for annotation programs, and what comes back of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from crop_caches import store_clips
from refused import refused
from review_runs import write_round

from vidfer.clips.annotations.elan import read_elan
from vidfer.clips.annotations.label_studio_export import read_label_studio
from vidfer.clips.annotations.textgrid import read_textgrid
from vidfer.clips.clip import Clip
from vidfer.commands.annotations import main
from vidfer.errors import CacheError, DataError, RunError, SettingError
from vidfer.infer.moment import Moment
from vidfer.infer.moment_table import FRAME_COLUMNS, row_of
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.learn.corrections import read_corrections
from vidfer.learn.pseudo_labels import PseudoLabels
from vidfer.report.export_annotations import export_prediction
from vidfer.store.reader import CropCache
from vidfer.tables import write_table

CLASSES = ("angry", "happy", "sad")
TIMES_S = [0.0, 0.04, 0.08, 0.2, 0.24, 0.3, 0.5, 0.54, 0.58, 0.9]


def moment(frame: int, face_id: int, x: float, name: str) -> Moment:
    return Moment(
        input=name,
        frame=frame + 1,
        time_s=TIMES_S[frame],
        face_id=face_id,
        box_xyxy=np.float32([x, 20, x + 40, 60]),
        status="detected",
        label="happy",
        probabilities=dict.fromkeys(CLASSES, 0.3),
    )


@pytest.fixture
def prediction(tmp_path) -> PredictionFolder:
    """Two people in one film: face 0 always, moving in the second half; face 1 in frames 2, 3 and 7."""
    inputs = (
        PredictedInput(name="a/x.mp4", path="/films/a/x.mp4", state="done", n_frames=10, duration_s=0.9,
                       width=200, height=100),
        PredictedInput(name="b/x.mp4", path="/films/b/x.mp4", state="done", n_frames=2, duration_s=0.04),
        PredictedInput(name="c.mp4", path="/films/c.mp4", state="failed"),
        PredictedInput(name="d.jpg", path="/films/d.jpg", state="done", n_frames=1),
    )  # fmt: skip
    folder = PredictionFolder(
        folder=tmp_path / "out", classes=CLASSES, model={"name": "m"}, settings={}, inputs=inputs
    )
    folder.write()
    moments = []
    for frame in range(10):
        x = 20.0 if frame < 5 else 20.0 + 30 * (frame - 4)
        moments.append(moment(frame, 0, x, "a/x.mp4"))
        if frame in (2, 3, 7):
            moments.append(moment(frame, 1, 100.0, "a/x.mp4"))
    write_table(folder.frames_csv, [*FRAME_COLUMNS, *CLASSES], [row_of(one, CLASSES) for one in moments])
    columns = ("input", "face_id", "start_s", "end_s", "label", "probability", "unsure_share")
    rows = [
        ("a/x.mp4", 0, 0.0, 0.3, "happy", 0.8, 0.0),
        ("a/x.mp4", 1, 0.08, 0.58, "sad", 0.6, 0.0),
        ("a/x.mp4", 0, 0.3, 0.9, "unsure", 0.4, 1.0),
        ("d.jpg", 0, 0.0, 0.0, "happy", 0.9, 0.0),
    ]
    write_table(folder.segments_csv, columns, rows)
    return read_prediction(folder.folder)


TOLD = [
    ("face 0", 0.0, 0.3, "happy"),
    ("face 0", 0.3, 0.9, "unsure"),
    ("face 1", 0.08, 0.58, "sad"),
]


def told(intervals) -> list:
    return [(one.tier, one.start_s, one.end_s, one.label) for one in intervals]


def test_a_prediction_goes_into_every_format(prediction):
    written = export_prediction(prediction, elan=True, textgrid=True, label_studio=True)
    names = ["x.mp4", "x.mp4"]  # the same name in two folders
    assert [file.name for file in written.files] == [
        *(f"{folder}_{name}.{end}" for folder, name in zip("ab", names) for end in ("eaf", "TextGrid")),
        *("label_studio.json", "label_studio.xml"),
    ]
    assert written.served == Path("/films") and all(file.exists() for file in written.files)
    elan = read_elan(prediction.folder / "a_x.mp4.eaf")
    assert told(elan) == TOLD and {one.media for one in elan} == {"a/x.mp4"}
    assert [one.is_checked for one in elan] == [False] * 3
    assert told(read_textgrid(prediction.folder / "a_x.mp4.TextGrid")) == TOLD
    assert read_elan(prediction.folder / "b_x.mp4.eaf") == []


def test_what_people_have_corrected_is_kept(prediction):
    kinds = {"elan": True, "textgrid": True}
    assert export_prediction(prediction, **kinds).kept == []
    elan, textgrid, untouched, _ = (
        prediction.folder / f"{n}_x.mp4.{e}" for n in "ab" for e in ("eaf", "TextGrid")
    )
    untouched.write_text(untouched.read_text().replace(' DATE="20', ' DATE="19'))  # written long ago
    for path, old in ((elan, ">sad<"), (textgrid, '"sad"')):
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, old.replace("sad", "fear")))
    corrected = [path.read_bytes() for path in (elan, textgrid, untouched)]
    written = export_prediction(prediction, **kinds)
    assert written.kept == [elan, textgrid] and len(written.files) == 4
    assert [path.read_bytes() for path in (elan, textgrid, untouched)] == corrected
    assert not [*prediction.folder.glob("*.new*")]


def test_label_studio_gets_the_way_of_each_face(prediction, tmp_path):
    export_prediction(prediction, tmp_path / "ls", label_studio=True)
    tasks = json.loads((tmp_path / "ls" / "label_studio.json").read_text())
    assert [task["data"]["person"] for task in tasks] == ["face 0", "face 1"]
    boxes = [task["predictions"][0]["result"][-1]["value"]["sequence"] for task in tasks]
    # A face that stands still has one box; where it moves each frame has one; it ends where it is last seen.
    rate = tasks[0]["data"]["fps"]
    frames = [round(TIMES_S[frame] * rate) + 1 for frame in (0, 5, 6, 7, 8, 9)]
    assert [key["frame"] for key in boxes[0]] == frames
    assert [key["enabled"] for key in boxes[0]] == [True] * 5 + [False]
    assert boxes[0][0]["x"] == 10 and boxes[0][0]["width"] == 20 and boxes[0][0]["height"] == 40
    frames = [round(TIMES_S[frame] * rate) + 1 for frame in (2, 3, 7)]
    assert [(key["frame"], key["enabled"]) for key in boxes[1]] == [
        (frames[0], True),
        (frames[1], False),
        (frames[2], False),
    ]
    for task in tasks:
        task["annotations"] = [{"completed_by": 1, "result": task["predictions"][0]["result"]}]
    (tmp_path / "back.json").write_text(json.dumps(tasks))
    # The frame rate varies, and yet all times are those of the table.
    assert told(read_label_studio(tmp_path / "back.json")) == TOLD


@pytest.mark.parametrize(("old", "new"), [(",0.08,", ",soon,"), (",1,0.08", ",Bob,0.08")])
def test_a_damaged_table_is_told_with_its_line(prediction, old, new):
    text = prediction.segments_csv.read_text()
    assert old in text
    prediction.segments_csv.write_text(text.replace(old, new))
    with refused(DataError, "segments.csv", "line 3"):
        export_prediction(prediction, elan=True)


CLIPS = [
    {"id": "films/long.mp4@0", "start_s": 0.0, "end_s": 0.16},
    {"id": "films/long.mp4@1", "start_s": 0.16, "end_s": 0.32},
    {"id": "films/whole.mp4"},
    {"id": "films/faceless.mp4", "status": "mmmm"},
    {"id": "films/photo.jpg", "status": "d"},
]


def made_cache(folder: Path, name: str, label: str | None = None) -> CropCache:
    """A cache of the clips, and empty files for their videos."""
    made = []
    for fields in CLIPS:
        fields = dict(fields)
        status = np.uint8([letter == "d" for letter in fields.pop("status", "dddd")])
        path = folder / "videos" / fields["id"].split("@")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        crops = np.zeros((len(status), 3, 8, 8, 3), np.uint8)
        made.append((Clip(path=path, label=label, **fields), status, crops))
    return store_clips(folder / name, made, size_px=8)


@pytest.fixture
def run(tmp_path) -> Path:
    """A run whose teacher says angry, happy ... of clips of one long video, of a whole one, and of others."""
    cache = made_cache(tmp_path, "made.h5")
    return write_round(tmp_path / "student", cache, [[0.2, 0.7, 0.1]] * len(cache), CLASSES)


def labels_of(run: Path) -> PseudoLabels:
    cache = CropCache(json.loads((run / "settings.json").read_text())["cache"])
    n = len(cache)
    return PseudoLabels(
        clip_ids=tuple(clip.id for clip in cache.clips),
        probabilities=np.float32([[0.2, 0.7, 0.1]] * n),
        has_face=np.array([clip.n_faces > 0 for clip in cache.clips]),
        weights=np.ones(n, np.int64),
        classes=CLASSES,
        teacher_hash="t",
        cache_hash=cache.content_hash,
        media=tuple((clip.path, clip.start_s, clip.end_s) for clip in cache.clips),
    )


def test_pseudo_labels_of_clips_and_of_whole_videos_go_out_and_back(run, tmp_path, capsys):
    out = tmp_path / "eaf"
    words = f"{run} --root {tmp_path / 'videos'} --out {out} --elan --label-studio"
    assert main(words.split()) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert sorted(file.name for file in out.iterdir()) == [
        *("label_studio.json", "label_studio.xml", "long.eaf", "whole.eaf"),
    ]
    long, whole = read_elan(out / "long.eaf"), read_elan(out / "whole.eaf")
    assert told(long) == [("face 0", 0.0, 0.16, "happy"), ("face 0", 0.16, 0.32, "happy")]
    assert told(whole) == [("face 0", 0.0, 0.16, "happy")]  # four frames of 0.04 s
    assert read_corrections(out / "long.eaf", labels_of(run)) == {}
    # A person corrects one of the two, and names himself in the other file.
    text = (out / "long.eaf").read_text()
    last = text.rindex(">happy</ANNOTATION_VALUE>")
    (out / "long.eaf").write_text(text[:last] + text[last:].replace(">happy<", ">sad<", 1))
    assert read_corrections(out / "long.eaf", labels_of(run)) == {"films/long.mp4@1": "sad"}
    text = (out / "whole.eaf").read_text()
    (out / "whole.eaf").write_text(text.replace('ANNOTATOR="vidfer"', 'ANNOTATOR="Ana"'))
    assert read_corrections(out / "whole.eaf", labels_of(run)) == {"films/whole.mp4": "happy"}


def test_what_the_table_says_already_goes_along_and_comes_back(run, tmp_path):
    table = run / "pseudo_labels" / "round1.csv"
    text = table.read_text()
    assert "films/whole.mp4,,happy" in text
    table.write_text(text.replace("films/whole.mp4,,happy", "films/whole.mp4,ok,happy"))
    main(f"{run} --root {tmp_path / 'videos'} --out {tmp_path / 'eaf'} --elan".split())
    [one] = read_elan(tmp_path / "eaf" / "whole.eaf")
    assert (one.label, one.said, one.is_checked) == ("ok", "happy", True)
    assert read_corrections(tmp_path / "eaf" / "whole.eaf", labels_of(run)) == {"films/whole.mp4": "happy"}


def test_what_cannot_be_written_is_told(run, prediction, tmp_path, monkeypatch):
    there = f"--root {tmp_path / 'videos'} --out {tmp_path / 'o'}"
    with refused(SettingError, "--elan", "--label-studio"):
        main(f"{run} {there}".split())
    with refused(SettingError, "--root"):
        main(f"{run} --out {tmp_path / 'o'} --elan".split())
    with refused(RunError, "no round 7", "1"):
        main(f"{run} {there} --elan --round 7".split())
    with refused(RunError, tmp_path / "no", "--out", "vidfer predict"):
        main(f"{tmp_path / 'no'} {there} --elan".split())
    with refused(DataError, "long.mp4", "--root"):
        main(f"{run} --root {tmp_path / 'out'} --out {tmp_path / 'o'} --elan".split())
    other = made_cache(tmp_path, "other.h5", "sad")
    with refused(CacheError, "other.h5", "--cache"):
        main(f"{run} {there} --elan --cache {other.path}".split())
    (tmp_path / "made.h5").unlink()
    with refused(SettingError, "made.h5", "--cache"):
        main(f"{run} {there} --elan".split())
    assert not (tmp_path / "o").exists()
