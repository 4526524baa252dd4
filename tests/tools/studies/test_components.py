"""The component table: its arithmetic on results made by hand, and a tiny study that really runs."""

import json
from dataclasses import replace

import pooled
import pytest
from made_up_results import classification
from networks import network
from refused import refused
from studies import components, components_steps
from studies.steps import cpu_seconds

from vidfer.errors import SettingError
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.result import Result

SUBJECTS, PER_SUBJECT = 5, 2


def measured(right: str, cache: str = "seed1", **changes) -> Result:
    """A classification with a character for each clip, ``1`` where it is right; two clips of each subject."""
    values = [float(c) for c in right]
    war = Interval(
        mean=sum(values) / len(values), low=0, high=1, n=len(values), over="clips", method="by hand"
    )
    rows = [
        row | {"subject": f"p{i // PER_SUBJECT}", "label": "fear" if i % 2 else "angry"}
        for i, row in enumerate(classification(values).rows)
    ]
    known = {
        "measures": {"WAR": war, "UAR": war},
        "chance": 0.5,
        "n_subjects": SUBJECTS,
        "sources": ("actors",),
        "cache": "actors.h5",
        "cache_hash": cache,
        "protocol": {"n_frames": 3},
        "rows": rows,
    }
    return classification(values, **(known | changes))


def test_equal_names_in_two_seeds_are_different_subjects():
    found = pooled.pooled([measured("1111110000"), measured("1100000000", "seed2")])
    assert found.mean == pytest.approx(8 / 20)
    # Five subjects in each seed: equal names in two seeds are different subjects.
    assert (found.n, found.over) == (10, "subjects") and 0 < found.low < 0.4 < found.high < 0.8


def test_the_difference_is_paired_by_clip_whatever_the_order():
    ours, theirs = measured("1111100000"), measured("1110000000")
    shuffled = measured("1110000000", rows=theirs.rows[::-1])
    more, clips = pooled.pooled_difference(
        [ours, measured("1111111111", "b")], [shuffled, measured("1111111111", "b")]
    )
    assert clips == 20 and more.mean == pytest.approx(2 / 20)
    assert more.low >= 0  # nobody got worse
    same, _ = pooled.pooled_difference([ours], [ours])
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_other_clips_are_not_compared():
    with pytest.raises(ValueError, match="results 1"):
        pooled.pooled_difference(
            [measured("1111100000"), measured("1111100000", "b")],
            [measured("1111100000"), measured("1111100000", "c")],
        )


ROWS = (components_steps.FULL, "eyes alone")
ANSWERS = {  # (row, column) -> of each of two seeds
    (components_steps.FULL, "teacher"): ("1111100000", "1111111000"),
    (components_steps.FULL, "student1"): ("1111110000", "1111111100"),
    (components_steps.FULL, "student2"): ("1111111100", "1111111111"),
    ("eyes alone", "teacher"): ("1110000000", "1111000000"),
    ("eyes alone", "student1"): ("1111000000", "1111000000"),
    ("eyes alone", "student2"): ("0000000000", "1111111111"),
}


@pytest.fixture
def finished(tmp_path):
    """The settings of a study whose result files are all there."""
    for (row, column), seeds in ANSWERS.items():
        for seed, right in enumerate(seeds, 1):
            folder = tmp_path / f"seed{seed}" / components_steps.folder_of(row) / column / "test"
            folder.mkdir(parents=True)
            measured(right, f"seed{seed}").save(folder / "classification.json")
    settings = components_steps.Settings(out=tmp_path, seeds=(1, 2), rows=ROWS, report=True)
    for step in components_steps.steps(settings):
        record = tmp_path / "done" / f"{step.name}.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"command": step.command, "cpu_s": 30.0}))
    return settings


def test_the_table_by_hand(finished):
    components.main(finished)
    found = json.loads((finished.out / "components.json").read_text())
    cells = {(cell["row"], cell["column"]): cell for cell in found["cells"]}
    means = {key: round(20 * cell["war"]["mean"]) for key, cell in cells.items()}
    assert list(means.values()) == [12, 14, 18, 7, 8, 10]
    full, eyes = ROWS
    assert cells[full, "teacher"]["to_first"] is None and cells[full, "teacher"]["to_teacher"] is None
    assert cells[eyes, "student1"]["to_first"]["mean"] == pytest.approx((8 - 14) / 20)
    assert cells[full, "student2"]["to_teacher"]["mean"] == pytest.approx((18 - 12) / 20)
    assert cells[eyes, "student2"]["seeds"] == [0, 1]
    assert (found["n_clips"], found["n_subjects"], found["chance"]) == (20, 10, 0.5)
    assert sum(found["cpu_s"].values()) == 2 * (2 + 2 * 6) * 30
    text = (finished.out / "components.md").read_text()
    assert "| WAR = UAR, 20 test clips of 10 actors, 2 seeds | teacher | student, round 1 |" in text
    assert f"| {full} | 60.0 % [" in text and "| eyes alone | -25.0 [" in text
    assert (finished.out / "components.png").read_bytes().startswith(b"\x89PNG")


def test_a_seed_counts_once_all_its_rows_are_there(finished, capsys):
    done = finished.out / "done"
    (done / "seed2" / components_steps.folder_of("eyes alone") / "eval_student2.json").unlink()
    components.main(finished)
    assert "10 test clips of 5 actors, 1 seed |" in capsys.readouterr().out
    (done / "seed1" / components_steps.folder_of("eyes alone") / "student1.json").unlink()
    with refused(SettingError, finished.out, "--report"):
        components.main(finished)


def test_results_of_other_sizes_do_not_count(finished):
    other = replace(finished, budget=components_steps.Budget(frames=4))
    with refused(SettingError, finished.out, "--report"):
        components.main(other)


def test_every_row_is_a_network_of_its_own():
    # The options are read as a user's would be: --encoder.regions face -> {"regions": ("face",)}.
    networks = []
    for options in components_steps.ROWS.values():
        pairs = [part.split() for part in options.split("--encoder.")[1:]]
        values = {name.replace("-", "_"): value for name, value in pairs}
        if "regions" in values:
            values["regions"] = (values["regions"],)
        networks.append(network(**values))
    assert len(set(networks)) == len(networks) == 10
    assert networks[0] == network()


def test_rows_of_a_seed_share_the_data_and_rounds_their_teacher():
    steps = components_steps.steps(components_steps.Settings(seeds=(1, 2)))
    assert len(steps) == 2 * (2 + 10 * 6) == len({step.name for step in steps})
    assert [step.name for step in steps if step.name.endswith("/actors")] == ["seed1/actors", "seed2/actors"]
    known = set()
    for step in steps:
        assert known.issuperset(step.after)
        known.add(step.name)
    (second,) = [step for step in steps if step.name == "seed2/eyes_alone/student2"]
    assert "--teacher components/seed2/eyes_alone/student1/checkpoints/last" in second.command
    assert second.after == ("seed2/eyes_alone/student1",) and "--seed 2 " in second.command


def test_a_row_that_is_not_there():
    with refused(SettingError, "ears", *components_steps.ROWS):
        components_steps.Settings(rows=("ears",))


TINY = components_steps.Budget(
    actors="--fps 10 --min-duration-s 0.5 --max-duration-s 0.5 --base-labels happy surprise "
    "--train-per-class 2 --train-subjects 2 --val-per-class 1 --val-subjects 1 "
    "--test-per-class 2 --test-subjects 2 --novel-per-class 0 --unlabelled 4 --unlabelled-subjects 2",
    crop_px=32,
    network="--encoder.width 4 --encoder.input-px 32",
    frames=1,
    teacher="--train.epochs 1 --train.batch-size 2",
    student1="--train.epochs 1 --train.batch-size 2 --pseudo.threshold 0",
    student2="--train.epochs 1 --train.batch-size 2 --pseudo.threshold 0",
)


@pytest.mark.slow
def test_a_tiny_study_goes_through(tmp_path):
    settings = components_steps.Settings(out=tmp_path, seeds=(3,), rows=("mouth alone",), budget=TINY)
    components.main(settings)
    found = json.loads((tmp_path / "components.json").read_text())
    assert (found["seeds"], found["n_clips"], len(found["cells"])) == ([3], 4, 3)
    assert len(cpu_seconds(components_steps.steps(settings), tmp_path)) == 8
    checkpoint = tmp_path / "seed3/mouth_alone/student2/checkpoints/last/config.json"
    assert json.loads(checkpoint.read_text())["model"]["encoder"]["regions"] == ["mouth"]
