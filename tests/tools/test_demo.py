"""The demo's commands and its table; that they work from start to end is what `make demo` shows."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import demo  # noqa: E402

from vidfer.evaluate.intervals import Interval  # noqa: E402
from vidfer.evaluate.result import Result  # noqa: E402


def save(path: Path, kind: str, right: str) -> None:
    """A result with a character for each clip, ``1`` where it is right, one clip of each person."""
    values = [float(c) for c in right]
    mean = Interval(mean=sum(values) / 4, low=0, high=1, n=4, over="clips", method="by hand")
    rows = [
        {"clip": f"{i}", "subject": f"p{i}", "label": "fear", "has_face": True, "asked": 1, "accuracy": v}
        for i, v in enumerate(values)
    ]
    result = Result(
        kind=kind, measures={"WAR": mean, "UAR": mean, "accuracy": mean}, chance=0.5, seed=0, split="test",
        classes=("angry", "fear"), n_clips=4, n_without_face=0, n_subjects=4, sources=("actors",),
        cache="actors.h5", cache_hash=path.parents[2].name, checkpoint_hash="cd",
        protocol={"ways": 3, "shots": 3}, per_class=[], confusion=[], rows=rows,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    result.save(path)


def test_the_table_of_two_seeds(tmp_path):
    folders = [tmp_path / "seed1", tmp_path / "seed2"]
    for folder, student in zip(folders, ("1110", "1111")):
        for (who, kind), path in demo.result_files(folder, demo.DEMO).items():
            save(path, {"fewshot": "few-shot"}.get(kind, kind), student if who == "student" else "1000")
    lines = demo.table(folders, demo.DEMO).splitlines()
    (war,) = [line for line in lines if line.startswith("WAR")]
    assert "25.0 % [25.0, 25.0]" in war and "87.5 % [75.0, 100.0]" in war
    (gain,) = [line for line in lines if line.startswith("student - teacher, WAR")]
    assert "+62.5 [" in gain and "(95 %, 8 clips, drawn by subject)" in gain


@pytest.mark.parametrize("plan", [demo.DEMO, demo.STUDY])
def test_each_seed_goes_step_by_step(plan):
    made = demo.chained({seed: demo.steps(Path(f"d/seed{seed}"), plan, seed) for seed in (1, 2)})
    first, second = ([step for step in made if step.name.startswith(f"seed{n}/")] for n in (1, 2))
    for steps in (first, second):
        assert [step.after for step in steps] == [(), *((step.name,) for step in steps[:-1])]
    assert "--seed 2" in second[0].command and "d/seed1" not in " ".join(step.command for step in second)
