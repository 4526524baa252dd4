import csv
import shutil

import numpy as np
import pytest
from networks import network
from refused import refused

import vidfer
from vidfer.actors.settings import ActorSettings
from vidfer.actors.write import write_actors
from vidfer.clips.clip import Clip
from vidfer.commands.learn import main
from vidfer.commands.predict import main as predict
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError, SettingError
from vidfer.infer.support.pieces import read_pieces
from vidfer.infer.support.settings import SupportSettings
from vidfer.infer.support.support_classifier import SupportClassifier
from vidfer.infer.support.support_file import load_support
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint

LABELS = {"Happily_Surprised": "delighted", "Sadly_Fearful": "worried", "Neutral": "neutral"}
BASIC7 = ["--encoders", "basic7"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Folders of four clips of each of two expressions, and three neutral ones; and others to ask about."""
    settings = ActorSettings(
        fps=10,
        min_duration_s=0.6,
        max_duration_s=0.6,
        base_labels=("neutral",),
        novel_labels=("happily_surprised", "sadly_fearful"),
        train_per_class=0,
        val_per_class=0,
        test_per_class=5,
        novel_per_class=6,
        unlabelled=0,
        test_subjects=6,
    )
    root = tmp_path_factory.mktemp("actors")
    write_actors(settings, root / "all")
    for folder, name in LABELS.items():
        clips = sorted((root / "all" / "Test_AFEW" / folder).glob("*.avi"))
        for clip in clips[:4]:
            target = root / "examples" / name / clip.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip, target)
        (root / "others" / name).mkdir(parents=True)
        for clip in clips[4:]:
            shutil.copy(clip, root / "others" / name / clip.name)
    return root


@pytest.fixture
def examples(drawn, tmp_path):
    shutil.copytree(drawn / "examples", tmp_path / "examples")
    return tmp_path / "examples"


def test_examples_become_a_file_that_recognises_others(drawn, tmp_path, capsys):
    out = tmp_path / "mine.vidfer"
    assert main([str(drawn / "examples"), "--out", str(out), *BASIC7]) == 0
    said = capsys.readouterr().out
    assert "delighted 4, worried 4; of none of these 4" in said and "of 8" in said and str(out) in said
    support, _ = load_support(out)
    classifier = SupportClassifier(support)
    assert classifier.classes == ("delighted", "worried", "none of these") and classifier.regions == ("face",)
    crops = CropSettings(size_px=classifier.crop_px)
    detector, right = FaceDetector("cpu", crops), 0
    for name in ("delighted", "worried"):
        for path in sorted((drawn / "others" / name).iterdir()):
            images, mask, _ = read_pieces(Clip(id=path.name, path=path), detector, crops, SupportSettings())
            chances = classifier.probabilities(images, mask).mean(0)
            right += chances[:2].argmax() == classifier.classes.index(name)
    assert right >= 3, "of four clips of other drawn people"


def test_a_prediction_takes_the_file_and_python_takes_a_dictionary(drawn, tmp_path, monkeypatch):
    """The answers of the command, of `vidfer.load` and of examples in Python are the same."""
    monkeypatch.setenv("VIDFER_ENCODERS", str(tmp_path))  # as on a machine with the network in the box alone
    out, films = tmp_path / "mine.vidfer", sorted((drawn / "others" / "delighted").iterdir())
    assert main([str(drawn / "examples"), "--out", str(out)]) == 0
    names = [str(film) for film in films]
    assert predict([*names, "--support", str(out), "--out", str(tmp_path / "tables")]) == 0
    with (tmp_path / "tables" / "frames.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["input"] for row in rows} and {"delighted", "worried", "none of these"} < rows[0].keys()
    assert {row["label"] for row in rows} <= {"delighted", "worried", "none of these", "unsure"}
    by_file = vidfer.load(out)
    given = {p.name: sorted(p.iterdir()) for p in (drawn / "examples").iterdir()}
    by_examples = vidfer.load().with_support(given)
    assert by_file.classes == by_examples.classes == ("delighted", "worried", "none of these")
    for one, other, row in zip(by_file.predict(names), by_examples.predict(names), rows, strict=True):
        for name in by_file.classes:
            assert one.probabilities[name] == pytest.approx(other.probabilities[name], abs=1e-4)
            assert float(row[name]) == pytest.approx(one.probabilities[name], abs=1e-3)
    assert by_file.classifier.about["expected"]["recognised"]["n"] == 8


def test_the_next_command_that_it_tells_works_with_an_own_checkpoint(drawn, tmp_path, capsys):
    own, settings = tmp_path / "own", network("conv4", where_known={"width": 4, "input_px": 32})
    save_checkpoint(own, build_recogniser(settings, ("a", "b")), {})
    out, film = tmp_path / "mine.vidfer", next((drawn / "others" / "worried").iterdir())
    assert main([str(drawn / "examples"), "--out", str(out), "--encoders", str(own)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    words = last.removeprefix("next: vidfer predict ").replace("VIDEO", str(film)).split()
    assert predict([*words, "--out", str(tmp_path / "tables"), "--tables-only"]) == 0


def test_what_cannot_be_used_is_told(examples, tmp_path, capsys):
    (examples / "worried" / "broken.mp4").write_bytes(b"\0" * 2000)
    first = sorted((examples / "delighted").iterdir())[0]
    shutil.copy(first, examples / "delighted" / "z_again.avi")
    for path in sorted((examples / "worried").glob("*.avi"))[1:]:
        path.unlink()
    shutil.rmtree(examples / "neutral")
    out = tmp_path / "mine.vidfer"
    assert main([str(examples), "--out", str(out), *BASIC7]) == 1
    said = capsys.readouterr().err
    for fact in ("broken.mp4", "z_again.avi", "'worried' has one example", "no background"):
        assert fact in said
    assert out.is_file()


def test_expressions_that_are_the_same_are_told_to_be(examples, tmp_path, capsys):
    """The clips of one expression, dealt out to two classes."""
    shutil.rmtree(examples / "worried")
    for i, path in enumerate(sorted((examples / "delighted").iterdir())):
        target = examples / "ab"[i % 2] / path.name
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    (examples / "delighted").rmdir()
    main([str(examples), "--out", str(tmp_path / "mine.vidfer"), *BASIC7])
    said = capsys.readouterr().err
    assert "cannot be told apart" in said or "not proved" in said


def test_a_class_without_a_face_is_refused(examples, tmp_path):
    import cv2

    for path in (examples / "worried").iterdir():
        path.unlink()
    cv2.imwrite(str(examples / "worried" / "grey.png"), np.full((200, 200, 3), 128, np.uint8))
    with refused(DataError, "'worried'", "grey.png", "no face"):
        main([str(examples), "--out", str(tmp_path / "mine.vidfer"), *BASIC7])
    assert not (tmp_path / "mine.vidfer").exists()


def test_wrong_options_are_refused(examples, tmp_path):
    out = tmp_path / "mine.vidfer"
    with refused(SettingError, "nothing", "vidfer encoders"):
        main([str(examples), "--out", str(out), "--encoders", "nothing"])
    out.write_text("something")
    with refused(SettingError, out, "--overwrite"):
        main([str(examples), "--out", str(out)])
    with refused(SettingError, tmp_path):
        main([str(examples), "--out", str(tmp_path)])
    assert out.read_text() == "something"
