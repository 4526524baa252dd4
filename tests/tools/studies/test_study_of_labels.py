"""The study of few labels: its arithmetic on results made by hand, its commands, and a tiny run."""

import json
import shlex
from dataclasses import replace

import pytest
from made_up_results import classification
from recipe_modules import load_recipe
from refused import refused
from striped_cache import write_striped_cache
from studies import labels
from studies.labels_steps import CEILING, SYSTEMS, Budget, Settings, folder, steps

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.errors import SettingError
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.result import Result


def measured(right: str) -> Result:
    """A classification with a character for each clip, ``1`` where it is right; subjects are not known."""
    values = [float(c) for c in right]
    war = Interval(mean=sum(values) / len(values), low=0, high=1, n=len(values), over="clips", method="hand")
    rows = [row | {"subject": None} for row in classification(values).rows]
    return classification(values, measures={"WAR": war, "UAR": war}, rows=rows, n_subjects=0)


ANSWERS = {  # system -> of two seeds
    CEILING: ("1111111100", "1111111110"),
    "teacher": ("1111000000", "1111100000"),
    "student1": ("1111110000", "1111110000"),
    "freematch": ("1111111000", ""),
}


@pytest.fixture
def finished(tmp_path) -> Settings:
    """The settings of a study whose result files are there, all but one."""
    settings = Settings(
        out=tmp_path, per_class=(5,), seeds=(1, 2), systems=("student1", "freematch"), report=True
    )
    made = {
        f"{folder(system, 5, seed)}": right
        for system, rights in ANSWERS.items()
        for seed, right in enumerate(rights, 1)
        if right
    }
    for name, right in made.items():
        (tmp_path / name / "val").mkdir(parents=True)
        measured(right).save(tmp_path / name / "val" / "classification.json")
    for step in steps(settings):
        if step.name.removesuffix("_eval") in made:
            record = tmp_path / "done" / f"{step.name}.json"
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps({"command": step.command, "cpu_s": 90.0}))
    return settings


def test_the_table_by_hand(finished):
    labels.main(finished)
    cells = {cell["system"]: cell for cell in json.loads((finished.out / "labels.json").read_text())["cells"]}
    assert list(cells) == ["teacher", "student1", "freematch"]
    assert cells["teacher"]["war"]["mean"] == pytest.approx(0.45) and cells["teacher"]["gain"] is None
    assert cells["student1"]["war"]["mean"] == pytest.approx(0.6)
    assert cells["student1"]["gain"]["mean"] == pytest.approx(0.15)
    assert cells["student1"]["way"] == pytest.approx(0.15 / (0.85 - 0.45))
    assert cells["student1"]["gain"]["n"] == 10  # the same clips in both seeds count once
    # The second seed of FreeMatch is not finished: it is compared with the teacher of the first one.
    assert cells["freematch"]["gain"]["mean"] == pytest.approx(0.3)
    assert cells["freematch"]["way"] == pytest.approx(0.3 / 0.4)
    text = (finished.out / "labels.md").read_text()
    assert "| WAR | 5 labels a class |" in text and "| supervised only | 45.0 % [" in text
    assert "| FreeMatch alone | 70.0 % [" in text and "(seeds 1)" in text
    assert ", 75 % of the way" in text and "Ceiling, all labels: 85.0 % [" in text
    assert "| noisy student, round 1 | 1.5 |" in text  # CPU minutes


def test_without_results_there_is_no_table(finished):
    with refused(SettingError, finished.out, "--report"):
        labels.main(replace(finished, per_class=(7,)))


def test_recipes_accept_every_command_and_systems_differ(tmp_path):
    settings = Settings(cache=tmp_path / "a.h5", out=tmp_path / "out", per_class=(25, 100), seeds=(3,))
    recipes = {f"recipes/{name}.py": load_recipe(name).Settings for name in ("supervised", "noisy_student")}
    found = {}
    for step in steps(settings):
        words = shlex.split(step.command)
        if words[0] == "python":
            found[step.name] = settings_from_command_line(recipes[words[1]], "", words[2:])
    assert len(found) == 1 + 2 * len(SYSTEMS)
    for name, one in found.items():
        assert one.seed == 3 and (one.noise, one.data.frames) == (found["ceiling/seed3"].noise, 1)
        per_class = None if name.startswith("ceiling") else int(name.split("/")[0].removeprefix("labels"))
        assert one.data.labels_per_class == per_class and one.data.split_seed == (3 if per_class else 0)
    students = {name.split("/")[2]: one for name, one in found.items() if name.startswith("labels25/seed3/")}
    assert students["teacher"].train.epochs == 298 and found["labels100/seed3/teacher"].train.epochs == 75
    assert students.pop("longer").train.epochs == 4 * students["teacher"].train.epochs
    kinds = {
        name: (one.pseudo.consistency, one.pseudo.teacher_weight)
        for name, one in students.items()
        if name != "teacher"
    }
    assert kinds == {
        **{f"student{n}": ("freematch", 1.0) for n in range(1, 6)},
        "plain": ("none", 1.0),
        "fixmatch": ("fixmatch", 0.0),
        "freematch": ("freematch", 0.0),
    }
    assert not any(one.pseudo.calibrate for name, one in students.items() if name != "teacher")
    assert students["student3"].teacher.parts[-3:] == ("student2", "checkpoints", "last")
    assert students["plain"].teacher.parts[-3:] == ("teacher", "checkpoints", "last")


def test_what_a_system_needs_is_run_before_it():
    assert Settings(systems=("student3", "plain")).rows() == [
        "teacher",
        "student1",
        "student2",
        "student3",
        "plain",
    ]
    known = set()
    for step in steps(Settings()):
        assert known.issuperset(step.after)
        known.add(step.name)
    assert len(known) == len(steps(Settings())) == 2 * 3 * (1 + 3 * len(SYSTEMS))


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"per_class": (0,)}, ("--per-class", "0")),
        ({"systems": ("mixmatch",)}, ("mixmatch", "fixmatch")),
        ({"seeds": ()}, ("--seeds",)),
    ],
)
def test_wrong_settings(options, facts):
    with refused(SettingError, *facts):
        Settings(**options)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_tiny_study_goes_through(tmp_path):
    cache = write_striped_cache(tmp_path / "a.h5", {"train": 6, "val": 3}).path
    short = "--train.epochs 1 --train.batch-size 2"
    budget = Budget(
        network="--encoder resnet18 --encoder.width 2 --encoder.input-px 32 --encoder.regions face",
        common="--data.frames 1",
        teacher="--train.batch-size 2",
        teacher_images=6,
        teacher_epochs=1,
        classes=3,
        student=f"{short} --pseudo.ratio 1 --pseudo.threshold 0",
        ceiling=short,
    )
    settings = Settings(
        cache=cache,
        out=tmp_path / "out",
        per_class=(2,),
        seeds=(0,),
        systems=("student1", "freematch"),
        budget=budget,
    )
    labels.main(settings)
    found = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert [cell["system"] for cell in found["cells"]] == ["teacher", "student1", "freematch"]
    data = json.loads((tmp_path / "out/labels2/seed0/freematch/data.json").read_text())
    assert len(data["train"]) == 6 and len(data["unlabelled"]) == 12
