"""recipes/noisy_student.py: a person corrects the pseudo-labels, and students honour it; labelling survives
a kill."""

import csv
import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recipe_runs import FAST, SHORT, assert_same_run, metrics, start, weights
from refused import refused

from vidfer.commands.annotations import main as annotations
from vidfer.errors import DataError
from vidfer.learn.pseudo_labels import read_pseudo_labels
from vidfer.learn.settings import PseudoLabelSettings, StudentSettings
from vidfer.store.reader import CropCache

PSEUDO = PseudoLabelSettings(threshold=0.0, quota=4)


def settings_of(noisy_student, striped_cache, teacher_run, out, **options):
    common = {"cache": striped_cache, "teacher": teacher_run / "checkpoints/best", "out": out}
    return noisy_student.Settings(
        **common | {"train": replace(SHORT, epochs=1), "pseudo": PSEUDO} | FAST | options
    )


def rows(table: Path) -> list[dict]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def correct(table: Path, words: dict[str, str]) -> None:
    changed = [row | {"corrected": words.get(row["clip"], row["corrected"])} for row in rows(table)]
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, changed[0])
        writer.writeheader()
        writer.writerows(changed)


def right_words(table: Path, count: int) -> dict[str, str]:
    """The truth, which the clip's name tells, of the first clips in the table that show a face."""
    faces = [row["clip"] for row in rows(table) if row["has_face"] == "1"]
    return {clip: clip.split("/")[1][:-3] for clip in faces[:count]}


def test_corrected_before_the_student_starts(noisy_student, striped_cache, teacher_run, tmp_path, capsys):
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", rounds=2)
    noisy_student.main(replace(settings, stop_to_correct=True))
    assert "stopped; correct" in capsys.readouterr().out
    one = tmp_path / "run/pseudo_labels/round1.csv"
    assert one.exists() and not (tmp_path / "run/checkpoints").exists()

    words = right_words(one, 6) | {rows(one)[6]["clip"]: "drop"}
    correct(one, words)
    noisy_student.main(replace(settings, resume=True))
    labels = read_pseudo_labels(one)
    said = dict(zip(labels.clip_ids, labels.weights.tolist()))
    assert [said[clip] for clip in words] == [1] * 6 + [0]
    first, _, second, _ = metrics(tmp_path / "run")
    found = first["pseudo_labels"]
    assert (found["corrected"], found["dropped"], found["checked"]) == (7, 1, 7)
    said = capsys.readouterr().out
    assert "people have corrected 7 clips" in said and "(7 clips) that were checked" in said
    # The next round's teacher does not label them again, and is not praised for knowing them.
    again = {row["clip"]: row["corrected"] for row in rows(one.with_name("round2.csv")) if row["corrected"]}
    assert again == words
    assert second["pseudo_labels"]["corrected"] == 7 and second["pseudo_labels"]["checked"] == 0

    # Another run of the same table comes to the same student.
    noisy_student.main(replace(settings, out=tmp_path / "other", corrections=(one,), rounds=1))
    these, those = weights(tmp_path / "run", "round1"), weights(tmp_path / "other", "round1")
    assert all(these[name].equal(those[name]) for name in these)
    plain = replace(settings, out=tmp_path / "plain", rounds=1)
    noisy_student.main(plain)
    others = weights(tmp_path / "plain", "round1")
    assert not all(these[name].equal(others[name]) for name in these)


def test_corrected_after_the_student_has_started(
    noisy_student, striped_cache, teacher_run, tmp_path, capsys, monkeypatch
):
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", rounds=2)
    settings = replace(settings, train=replace(SHORT, epochs=2))

    class Stopped(Exception):
        pass

    save_state = noisy_student.RunFolder.save_state

    def save_and_stop(*args, **options):
        save_state(*args, **options)
        raise Stopped

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(noisy_student.RunFolder, "save_state", save_and_stop)
        noisy_student.main(settings)
    one = tmp_path / "run/pseudo_labels/round1.csv"
    at_start = {row["clip"]: row["weight"] for row in rows(one)}
    words = right_words(one, 3)
    correct(one, words)
    capsys.readouterr()
    noisy_student.main(replace(settings, resume=True))
    assert f"3 corrections in {one} came after the student had started" in capsys.readouterr().out
    assert {row["clip"]: row["weight"] for row in rows(one)} == at_start
    two = one.with_name("round2.csv")
    assert {row["clip"]: row["corrected"] for row in rows(two) if row["corrected"]} == words


def test_a_mistake_in_the_table_is_told_before_anything_is_learned(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", stop_to_correct=True)
    noisy_student.main(settings)
    table = tmp_path / "run/pseudo_labels/round1.csv"
    correct(table, {rows(table)[0]["clip"]: "hapy"})
    with refused(DataError, "line 2", table, "'hapy'", "did you mean happy"):
        noisy_student.main(replace(settings, resume=True))
    correct(table, {rows(table)[0]["clip"]: ""})
    noisy_student.main(replace(settings, resume=True))
    assert (tmp_path / "run/checkpoints/best").is_dir()


def test_corrections_come_back_from_elan_and_label_studio(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", stop_to_correct=True)
    noisy_student.main(settings)
    for clip in CropCache(striped_cache).clips:
        (tmp_path / "videos" / clip.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / clip.path).touch()
    out = tmp_path / "annotated"
    annotations(f"{tmp_path / 'run'} --root {tmp_path / 'videos'} --out {out} --elan --label-studio".split())
    table = rows(tmp_path / "run/pseudo_labels/round1.csv")
    faces = [row for row in table if row["has_face"] == "1"]
    assert len([*out.glob("*.eaf")]) == len(faces) == len(table) - 3  # the others show no face
    # In ELAN a person changes one label. In Label Studio two tasks are submitted, one of them unchanged.
    words = {}
    [eaf] = [file for file in out.glob("*.eaf") if file.stem == Path(faces[0]["path"]).stem]
    was, words[faces[0]["clip"]] = faces[0]["label"], "drop"
    text = eaf.read_text()
    changed = text.replace(f"<ANNOTATION_VALUE>{was}</ANN", "<ANNOTATION_VALUE>drop</ANN")
    assert changed != text
    eaf.write_text(changed)
    tasks = json.loads((out / "label_studio.json").read_text())
    other = next(name for name in ("angry", "happy", "sad") if name != faces[1]["label"])
    for row, label in ((faces[1], other), (faces[2], faces[2]["label"])):
        [task] = [one for one in tasks if one["data"]["name"] == row["path"]]
        result = task["predictions"][0]["result"]
        result[0]["value"]["timelinelabels"] = [label]
        task["annotations"] = [{"completed_by": 1, "result": result}]
        words[row["clip"]] = label
    (out / "export.json").write_text(json.dumps(tasks))
    again = replace(settings, out=tmp_path / "other", corrections=(*out.glob("*.eaf"), out / "export.json"))
    noisy_student.main(again)
    told = rows(tmp_path / "other/pseudo_labels/round1.csv")
    assert {row["clip"]: row["corrected"] for row in told if row["corrected"]} == words


def test_a_larger_noised_student_and_a_teacher_with_few_validation_clips(
    noisy_student, striped_cache, teacher_run, tmp_path, capsys
):
    student = StudentSettings(encoder="torchvision", network="shufflenet_v2_x0_5", dropout=0.4)
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", student=student)
    noisy_student.main(settings)
    assert np.isfinite(metrics(tmp_path / "run")[1]["loss"])
    assert "12 validation clips are too few to calibrate" in capsys.readouterr().out
    deep = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "deep", from_teacher=True)
    noisy_student.main(replace(deep, student=StudentSettings(stochastic_depth=0.5)))
    assert np.isfinite(metrics(tmp_path / "deep")[1]["loss"])


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_labels_goes_on_from_there(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "whole")
    settings = replace(settings, pseudo=replace(PSEUDO, min_calibration_clips=1))
    noisy_student.main(settings)
    killed = replace(settings, out=tmp_path / "killed")
    said = tmp_path / "killed/pseudo_labels/round1.unlabelled.safetensors"
    parts = said.with_suffix(".parts")
    for event, wanted in (("os.rename", False), ("shutil.rmtree", True)):  # before all is labelled, and after
        resumed = replace(killed, resume=killed.out.exists())
        process = start(noisy_student, resumed, die_at=(event, parts.name))
        process.join()
        assert process.exitcode == -signal.SIGKILL and not said.with_name("round1.csv").exists()
        assert parts.is_dir() and said.exists() == wanted
    asked = said.stat().st_ino, said.stat().st_mtime_ns
    noisy_student.main(replace(killed, resume=True))
    # What was labelled was not labelled again.
    assert (said.stat().st_ino, said.stat().st_mtime_ns) == asked
    assert not list(said.parent.glob("*.parts"))
    for name in ("round1.csv", "round1.json", said.name, "round1.val.safetensors"):
        assert (
            said.with_name(name).read_bytes() == (tmp_path / "whole" / "pseudo_labels" / name).read_bytes()
        ), name
    assert_same_run(tmp_path / "whole", tmp_path / "killed")
