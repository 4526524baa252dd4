"""recipes/protocols: every file is read by its recipe, and says what its paper says."""

import json
import re
from pathlib import Path

import pytest
import yaml
from networks import network
from recipe_runs import RECIPES, metrics

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.data.settings import EpisodeSettings
from vidfer.learn.settings import OptimSettings
from vidfer.runs.resume_checks import as_json

VALUES = Path(__file__).with_name("protocol_values.json")
PROTOCOLS = sorted((RECIPES / "protocols").glob("*.yaml"))


@pytest.fixture(scope="session")
def read(request):
    """Settings of a protocol by its name, with options beside it."""

    def settings_of(name: str, *options: str):
        file = RECIPES / "protocols" / f"{name}.yaml"
        recipe = request.getfixturevalue(yaml.safe_load(file.read_text(encoding="utf-8"))["recipe"])
        common = ["--protocol", str(file), "--cache", "c.h5", "--out", "run"]
        if (
            hasattr(recipe.Settings, "__dataclass_fields__")
            and "teacher" in recipe.Settings.__dataclass_fields__
        ):
            common += ["--teacher", "t"]
        return settings_from_command_line(recipe.Settings, "", [*common, *options])

    return settings_of


def test_one_for_each_published_protocol():
    assert [file.stem for file in PROTOCOLS] == [
        "afew_teacher",
        "bold_student",
        "crn",
        "csrn_4way_4shot",
        "egs_5way_1shot",
        "egs_5way_5shot",
        "fan_afew",
        "fan_ckplus",
    ]


@pytest.mark.parametrize("file", PROTOCOLS, ids=lambda file: file.stem)
def test_values_are_what_they_were(read, file):
    """Of every protocol all settings of the recipe, also those that the file leaves to the defaults.

    Whoever changes a value knowingly changes protocol_values.json too.
    """
    expected = json.loads(VALUES.read_text(encoding="utf-8"))[file.stem]
    found = as_json(read(file.stem))
    assert {name: found[name] for name in expected} == expected
    assert found.keys() - expected.keys() == {"cache", "out", "protocol", "teacher"} & found.keys()


def test_noisy_student_fer(read):
    teacher, student = read("afew_teacher"), read("bold_student")
    assert (teacher.encoder.name, teacher.encoder.width, teacher.dropout) == ("grouped_resnet18", 64, 0.5)
    assert teacher.encoder.regions == ("face", "eyes", "mouth")
    assert len(teacher.data.classes) == 7
    for noise in (teacher.noise, student.noise):
        assert min(noise.brightness, noise.contrast, noise.sharpness, noise.translation, noise.flip) > 0
    # Xie et al. 2020.
    assert (student.rounds, student.train.label_smoothing, student.train.ema_decay) == (3, 0.1, 0.9999)
    assert (student.student.dropout, student.student.stochastic_depth) == (0.5, 0.8)
    assert (student.pseudo.threshold, student.pseudo.soft, student.pseudo.balance) == (0.3, True, True)


def test_csrn(read):
    found = read("csrn_4way_4shot")
    assert found.model == network("conv4", "csrn", pools=2, of_head={"prototype_weight": 0.7})
    assert (found.episodes.ways, found.episodes.shots, found.episodes.queries) == (4, 4, 1)
    assert found.episodes.epochs == 100
    assert found.optim == OptimSettings(name="adam", lr=1e-3, weight_decay=0.0, warmup=0.0, clip_norm=0.5)
    assert {*found.data.classes} == {"happy", "sad", "surprise", "neutral"}
    assert {*found.data.novel} == {"angry", "disgust", "fear"} and found.data.frames == 1


def test_crn(read):
    # Other regions than the face would reach it through batch normalisation.
    assert read("crn").model == network("conv4", "crn", pools=4, regions=("face",))


@pytest.mark.parametrize("shots", [1, 5])
def test_egs(read, shots):
    found = read(f"egs_5way_{shots}shot")
    expected = EpisodeSettings(ways=5, shots=shots, queries=16, per_epoch=100)
    assert found.episodes == expected and found.data.frames == 1
    assert found.model == network("resnet18", "similarity", width=64)  # 512 features
    assert (found.optim.name, found.optim.lr) == ("adam", 1e-4)


@pytest.mark.parametrize(
    ("name", "lr", "milestones", "epochs"), [("ckplus", 0.1, (30,), 60), ("afew", 4e-6, (60, 120), 180)]
)
def test_fan(read, name, lr, milestones, epochs):
    found = read(f"fan_{name}")
    of_encoder = {"frame_attention": "relation", "attention_dropout": 0.5, "input_px": 224}
    assert found.model == network("resnet18", "prototype", dropout=0.6, **of_encoder)
    assert (found.data.frames, found.train.batch_size, found.train.epochs) == (3, 48, epochs)
    optim = found.optim
    assert (optim.name, optim.nesterov, optim.weight_decay) == ("sgd", False, 1e-4)
    assert (optim.lr, optim.schedule, optim.milestones) == (lr, "steps", milestones)
    assert (optim.factor, optim.warmup, optim.clip_norm) == (0.2, 0.0, 0.0)


@pytest.mark.parametrize("file", PROTOCOLS, ids=lambda file: file.stem)
def test_the_commands_in_a_file_name_itself_and_its_recipe(file):
    text = file.read_text(encoding="utf-8")
    recipe = yaml.safe_load(text)["recipe"]
    assert f"recipes/{recipe}.py --protocol recipes/protocols/{file.name}" in text
    assert "vidfer eval --checkpoint" in text and re.search(r"not\s+published|published code", text)


def test_a_protocol_runs_with_what_a_small_machine_overrides(read, supervised, striped_cache, tmp_path):
    options = "--encoder.width 4 --encoder.input-px 32 --train.epochs 2 --train.batch-size 6 --data.fold None"
    options += f" --cache {striped_cache} --out {tmp_path / 'run'} --tracker none --optim.milestones 1"
    supervised.main(read("fan_ckplus", *options.split()))
    first, second = metrics(tmp_path / "run")
    assert first["lr"] == pytest.approx(0.1 * 0.2) == second["lr"]  # after the epoch
