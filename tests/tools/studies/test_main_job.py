"""The commands of the demo and of the study `student`, and the table that they end in."""

from pathlib import Path

import demo
import pytest
from made_up_results import fewshot
from studies import student
from studies.main_job import result_files, result_table, steps

from vidfer.evaluate.intervals import Interval


def save(path: Path, kind: str, right: str) -> None:
    """A result with a character for each clip, ``1`` where it is right, one clip of each subject."""
    values = [float(c) for c in right]
    mean = Interval(mean=sum(values) / 4, low=0, high=1, n=4, over="clips", method="by hand")
    result = fewshot(
        values,
        kind=kind,
        measures={"WAR": mean, "UAR": mean, "accuracy": mean},
        chance=0.5,
        n_subjects=4,
        sources=("actors",),
        cache_hash=path.parents[2].name,
        rows=[row | {"subject": f"p{i}", "label": "fear"} for i, row in enumerate(fewshot(values).rows)],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    result.save(path)


def test_the_table_of_two_seeds(tmp_path):
    folders = [tmp_path / "seed1", tmp_path / "seed2"]
    for folder, of_student in zip(folders, ("1110", "1111")):
        for (run, kind), path in result_files(folder, demo.BUDGET).items():
            save(path, {"fewshot": "few-shot"}.get(kind, kind), of_student if run == "student" else "1000")
    lines = result_table(folders, demo.BUDGET).splitlines()
    (war,) = [line for line in lines if line.startswith("WAR")]
    assert "25.0 % [25.0, 25.0]" in war and "87.5 % [75.0, 100.0]" in war
    (gain,) = [line for line in lines if line.startswith("student - teacher, WAR")]
    assert "+62.5 [" in gain and "(95 %, 8 clips, drawn by subject)" in gain


def test_each_seed_of_a_study_has_steps_of_its_own():
    made = student.steps(student.Settings(out=Path("d"), seeds=(1, 2)))
    for seed, other in ((1, 2), (2, 1)):
        own = {step.name: step for step in made if step.name.startswith(f"seed{seed}/")}
        assert {name for step in own.values() for name in step.after} < own.keys()
        assert f"--seed {seed}" in own[f"seed{seed}/actors"].command
        assert f"d/seed{other}" not in " ".join(step.command for step in own.values())
        assert len(own) == len(made) / 2


@pytest.mark.parametrize(("budget", "students"), [(demo.BUDGET, 1), (student.BUDGET, 2)])
def test_each_student_is_taught_by_the_run_before_it(budget, students):
    made = [step.command for step in steps(Path("d"), budget, 3)]
    runs = ["teacher", "student", "student2"]
    teachers = [command.split("--teacher ")[1].split()[0] for command in made if "--teacher " in command]
    assert teachers == [f"d/{run}/checkpoints/last" for run in runs[:students]]
    assert sum("--seed 3" in command for command in made) == len(made) - 3  # all but cache, inspect, report


@pytest.mark.parametrize("budget", [demo.BUDGET, student.BUDGET])
def test_a_step_waits_for_all_that_it_reads(budget):
    """A step reads what another one writes with ``--out``, or a folder below it."""
    made = steps(Path("d"), budget, 3)
    writes = {
        step.name: f"{step.command} ".split("--out ")[1].split()[0]
        for step in made
        if "--out" in step.command
    }
    known: dict[str, set[str]] = {}
    for step in made:
        known[step.name] = {*step.after}.union(*(known[name] for name in step.after))
        words = step.command.split()
        for name, written in writes.items():
            if name != step.name and any(word == written or word.startswith(f"{written}/") for word in words):
                assert name in known[step.name], (step.name, name)
