"""The table of systems: its arithmetic on results made by hand, and a tiny study that really runs."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_results import fewshot
from refused import refused
from studies import systems
from studies.steps import Step, cpu_seconds
from studies.systems_budgets import Budget
from studies.systems_settings import Settings
from studies.systems_setup import RUNS, SYSTEMS, TASKS
from studies.systems_steps import steps
from studies.systems_tables import SUPPORT_FIXED

from vidfer.errors import CheckpointError, SettingError, VidferError
from vidfer.evaluate.intervals import mean_interval
from vidfer.evaluate.result import Result

NOVEL = ("angry", "fear")


def few(accuracies, **changes) -> Result:
    """A few-shot result with an accuracy for each clip: the first two are angry, the others fear."""
    rows = [
        row | {"subject": f"p{i}", "label": NOVEL[i >= 2]} for i, row in enumerate(fewshot(accuracies).rows)
    ]
    mean = sum(accuracies) / len(accuracies)
    known = {
        "measures": {"accuracy": mean_interval([mean - 0.1, mean, mean + 0.1])},
        "chance": 0.5,
        "split": "all",
        "n_subjects": len(rows),
        "sources": ("folder",),
        "protocol": fewshot().protocol | {"ways": 2, "episodes_hash": "e", "head": "h", "n_frames": 1},
        "rows": rows,
    }
    return fewshot(accuracies, **(known | changes))


PEERS = [f"released {name}{crops}" for crops in ("", ", whole pictures") for name in ("strong", "weak")]


@pytest.fixture
def finished(tmp_path):
    """Settings of a study on images with two systems, two seeds and two peers, all finished."""
    found = {
        "images/seed0/prototypical": few([0.2, 0.4, 0.6, 0.6, 0.6]),
        "images/seed1/prototypical": few([0.4, 0.6, 0.6, 0.6, 0.6]),
        "images/seed0/csrn": few([0.8, 0.8, 0.6, 0.6, 0.6]),
        "images/seed1/csrn": few([0.8, 0.8, 0.8, 0.8, 0.8]),
        "images/released_weak": few([0.2, 0.2, 0.2, 0.2, 0.2]),
        "images/released_strong": few([0.8, 0.8, 0.2, 0.5, 0.5]),
        # On whole pictures: the same clips in another cache.
        "images/released_weak_whole_pictures": few([0.2, 0.2, 0.2, 0.2, 0.2], cache_hash="ef"),
        "images/released_strong_whole_pictures": few([0.4, 0.4, 0.4, 0.4, 0.4], cache_hash="ef"),
    }
    for folder, result in found.items():
        for name, whose in (("3way_3shot", False), ("3way_3shot_others", True)):
            (tmp_path / folder / name).mkdir(parents=True)
            measured = replace(result, protocol=result.protocol | {"person_disjoint": whose})
            measured.save(tmp_path / folder / name / "fewshot.json")
    for name in ("weak", "strong"):
        (tmp_path / "released" / name).mkdir(parents=True)
        (tmp_path / "released" / name / "config.json").write_text("{}")
    settings = Settings(
        out=tmp_path,
        only=("images",),
        images=tmp_path / "pictures",
        released=tmp_path / "released",
        systems=("prototypical", "csrn"),
        seeds=(0, 1),
        report=True,
    )
    for step in steps(settings):
        record = tmp_path / "done" / f"{step.name}.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"command": step.command, "cpu_s": 10.0 + ("seed1" in step.name)}))
    return settings


def test_the_table_by_hand(finished):
    systems.main(finished)
    table, others = json.loads((finished.out / "systems.json").read_text())["tables"]
    assert not table["person_disjoint"] and others["person_disjoint"]
    assert others["protocol"]["person_disjoint"]
    rows = {row["name"]: row for row in table["rows"]}
    assert list(rows) == ["prototypical network", "CSRN", *PEERS]
    # Over episodes: the mean of the two seeds' means, 0.48 and 0.56.
    assert rows["prototypical network"]["over_episodes"]["mean"] == pytest.approx(0.52)
    assert rows["prototypical network"]["seeds"] == pytest.approx([0.48, 0.56])
    half = mean_interval([0.1, 0.2, 0.3]).high - 0.2
    assert rows["CSRN"]["over_episodes"]["high"] == pytest.approx((0.68 + 0.8) / 2 + half)
    # Over people: each clip's mean over the seeds, then classes alike: (0.3 + 0.5)/2 = 0.4 and 0.6.
    assert rows["prototypical network"]["over_subjects"]["mean"] == pytest.approx(0.5)
    assert rows["prototypical network"]["over_subjects"]["over"] == "subjects"
    # CSRN: 0.8 and 0.7, so 0.75; strong: 0.8 and 0.4, so 0.6.
    minus = {name: rows["CSRN"]["minus"][name]["mean"] for name in rows if name != "CSRN"}
    assert minus == pytest.approx(
        {"prototypical network": 0.25}
        | {"released strong": 0.15, "released weak": 0.55}
        | {"released strong, whole pictures": 0.35, "released weak, whole pictures": 0.55}
    )
    # Training cost 10 s with one seed and 11 s with the other.
    assert rows["CSRN"]["cpu_s"] == 10.5 and rows["released weak"]["cpu_s"] is None
    text = (finished.out / "systems.md").read_text()
    assert SUPPORT_FIXED in text  # these files are an older vidfer's
    assert "| 3-way 3-shot | over episodes" in text and "| 3-way 3-shot, person-disjoint | over" in text
    assert "minus prototypical network, points | minus released strong, points | training, CPU s |" in text
    assert "| CSRN | 74.0 % [" in text and "| +25.0 [" in text and "| +15.0 [" in text
    assert "3 episodes of 1 query per class, seed 0, the same for all; 5 clips of 5 people" in text
    assert (finished.out / "systems_images.png").read_bytes().startswith(b"\x89PNG")


def test_a_system_counts_once_all_its_seeds_are_there(finished):
    (finished.out / "done/images/seed1/csrn.json").unlink()
    for table in systems.collect(finished):
        assert [row.name for row in table.rows] == ["prototypical network", *PEERS]
    shutil.rmtree(finished.out / "done")
    with refused(SettingError, finished.out, "--report"):
        systems.main(finished)


def test_other_episodes_are_refused(finished):
    other = few([0.8] * 5)
    other = replace(other, protocol=other.protocol | {"episodes_hash": "f"})
    other.save(finished.out / "images/seed1/csrn/3way_3shot/fewshot.json")
    with pytest.raises(VidferError) as stop:
        systems.collect(finished)
    assert "CSRN" in str(stop.value) and "episodes" in str(stop.value)


def commands(settings: Settings) -> dict[str, str]:
    made: list[Step] = steps(settings)
    known = set()
    for step in made:
        assert known.issuperset(step.after), step.name
        known.add(step.name)
    return {step.name: step.command for step in made}


def test_all_systems_are_evaluated_alike():
    more = {"images": Path("pictures"), "unlabelled": Path("more"), "face_landmarker": Path("points.task")}
    found = commands(Settings(out=Path("s"), **more))
    for task, about in TASKS.items():
        for protocol in about.protocols:
            evaluations = [
                c for n, c in found.items() if n.startswith(task) and n.endswith(f"eval_{protocol.folder}")
            ]
            assert len(evaluations) == len(SYSTEMS)
            assert all(("--person-disjoint" in c) == protocol.person_disjoint for c in evaluations)
            # All but the checkpoint and the folder of the result is the same for everybody.
            requests = {
                tuple(word for word in c.split() if f"{task}/seed0/" not in word) for c in evaluations
            }
            assert len(requests) == 1
    trained = [c for c in found.values() if c.startswith("python recipes/")]
    assert len(trained) == 3 * len(RUNS)
    assert all(" --data.novel " in c and " --data.classes neutral happy surprise sad" in c for c in trained)


def test_a_system_brings_what_it_starts_from_and_images_need_more_images_for_a_student():
    head = Settings(out=Path("s"), only=("basic",), systems=("student_csrn",))
    assert [n.split("/")[-1] for n in commands(head)] == [
        "actors", "cache", "teacher", "student", "student_csrn", "eval_3way_3shot"
    ]  # fmt: skip
    assert "--init s/basic/seed0/student/checkpoints/last" in commands(head)["basic/seed0/student_csrn"]
    images = Settings(out=Path("s"), only=("images",), images=Path("p"))
    assert not any("student" in name for name in commands(images))
    with_more = commands(replace(images, unlabelled=Path("more")))
    assert "--unlabelled s/images/unlabelled.h5" in with_more["images/seed0/student"]
    # What was trained before there were more images is not trained again.
    assert commands(images).items() <= with_more.items()
    assert commands(Settings(out=Path("s"), only=("images",))) == {}


def test_names_and_folders_that_are_not_there(tmp_path):
    with refused(SettingError, "svm", ", ".join(SYSTEMS)):
        Settings(systems=("svm",))
    with refused(CheckpointError, tmp_path, "tools/import_csrn.py"):
        steps(Settings(only=("images",), images=tmp_path, released=tmp_path))
    with refused(SettingError, "--images"):
        systems.main(Settings(only=("images",)))


SMALL = "--encoder.width 4 --encoder.input-px 32"
ONE = (
    "--episodes.epochs 1 --episodes.per-epoch 1 --episodes.val-episodes 1 --episodes.ways 2 "
    "--episodes.shots 1"
)
TINY = Budget(
    frames=1,
    conv4_frames=1,
    eval_frames=2,
    crop_px=32,
    actors="--fps 10 --min-duration-s 0.5 --max-duration-s 0.5 --train-per-class 3 --train-subjects 2 "
    "--val-per-class 2 --val-subjects 2 --test-per-class 1 --novel-per-class 4 --test-subjects 2 "
    "--unlabelled 4 --unlabelled-subjects 2",
    conv4=ONE,
    csrn=ONE,
    relation=ONE,
    fan=f"{SMALL} --train.epochs 1 --train.batch-size 6",
    egs=f"{SMALL} {ONE} --egs.joint-epochs 1",
    teacher=f"{SMALL} --train.epochs 1 --train.batch-size 6",
    student="--train.epochs 1 --train.batch-size 4 --pseudo.threshold 0",
    head=ONE,
)


@pytest.mark.slow
def test_a_tiny_study_goes_through(tmp_path):
    settings = Settings(
        out=tmp_path, only=("basic",), systems=("student_csrn",), episodes=20, budget_basic=TINY
    )
    systems.main(settings)
    (table,) = json.loads((tmp_path / "systems.json").read_text())["tables"]
    assert [row["name"] for row in table["rows"]] == ["Noisy Student FER, student, CSRN head"]
    assert table["protocol"]["n_frames"] == 2
    assert (table["n_clips"], table["protocol"]["episodes"], table["ways"]) == (12, 20, 3)
    spent = cpu_seconds(steps(settings), tmp_path)
    # The head's cost is that of teacher, student and head.
    parts = [spent[f"basic/seed0/{name}"] for name in ("teacher", "student", "student_csrn")]
    assert table["rows"][0]["cpu_s"] == pytest.approx(sum(parts))
