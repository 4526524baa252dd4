"""recipes/protocols: every file is read by its recipe, and says what its paper says."""

import re

import pytest
import yaml
from recipe_runs import RECIPES, metrics

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.data.settings import EpisodeSettings
from vidfer.learn.settings import OptimiserSettings
from vidfer.models.settings import ModelSettings

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


def test_noisy_student_fer(read):
    teacher, student = read("afew_teacher"), read("bold_student")
    assert (teacher.model.encoder, teacher.model.width, teacher.model.dropout) == (
        "grouped_resnet18",
        64,
        0.5,
    )
    assert teacher.model.resolved_regions() == ("face", "eyes", "mouth")
    assert len(teacher.data.classes) == 7
    for noise in (teacher.noise, student.noise):
        assert min(noise.brightness, noise.contrast, noise.sharpness, noise.translation, noise.flip) > 0
    # Xie et al. 2020.
    assert (student.rounds, student.train.label_smoothing, student.train.ema_decay) == (3, 0.1, 0.9999)
    assert (student.student.dropout, student.student.stochastic_depth) == (0.5, 0.8)
    assert (student.pseudo.threshold, student.pseudo.soft, student.pseudo.balance) == (0.3, True, True)


def test_csrn(read):
    found = read("csrn_4way_4shot")
    assert found.model == ModelSettings(encoder="conv4", regions=("face", "eyes", "mouth"))
    assert (found.model.head, found.model.prototype_weight) == ("csrn", 0.7)
    assert (found.episodes.ways, found.episodes.shots, found.episodes.queries) == (4, 4, 1)
    assert found.episodes.epochs == 100
    assert found.optimiser == OptimiserSettings(
        name="adam", lr=1e-3, weight_decay=0.0, warmup=0.0, clip_norm=0.5
    )
    assert {*found.data.classes} == {"happy", "sad", "surprise", "neutral"}
    assert {*found.data.novel} == {"angry", "disgust", "fear"} and found.data.frames == 1


def test_crn(read):
    found = read("crn").model
    assert (found.encoder, found.conv4_pools, found.head, found.regions) == ("conv4", 4, "crn", ("face",))
    assert found.resolved_regions() == ("face",)  # other regions would reach it through batch normalisation


@pytest.mark.parametrize("shots", [1, 5])
def test_egs(read, shots):
    found = read(f"egs_5way_{shots}shot")
    expected = EpisodeSettings(ways=5, shots=shots, queries=16, per_epoch=100)
    assert found.episodes == expected and found.data.frames == 1
    assert (found.model.encoder, found.model.width) == ("resnet18", 64)  # 512 features
    assert (found.optimiser.name, found.optimiser.lr) == ("adam", 1e-4)


@pytest.mark.parametrize(
    ("name", "lr", "milestones", "epochs"), [("ckplus", 0.1, (30,), 60), ("afew", 4e-6, (60, 120), 180)]
)
def test_fan(read, name, lr, milestones, epochs):
    found = read(f"fan_{name}")
    assert (found.model.encoder, found.model.frame_attention) == ("resnet18", "relation")
    assert (found.model.attention_dropout, found.model.dropout, found.model.input_px) == (0.5, 0.6, 224)
    assert (found.data.frames, found.train.batch_size, found.train.epochs) == (3, 48, epochs)
    optimiser = found.optimiser
    assert (optimiser.name, optimiser.nesterov, optimiser.weight_decay) == ("sgd", False, 1e-4)
    assert (optimiser.lr, optimiser.schedule, optimiser.milestones) == (lr, "steps", milestones)
    assert (optimiser.factor, optimiser.warmup, optimiser.clip_norm) == (0.2, 0.0, 0.0)


@pytest.mark.parametrize("file", PROTOCOLS, ids=lambda file: file.stem)
def test_the_commands_in_a_file_name_itself_and_its_recipe(file):
    text = file.read_text(encoding="utf-8")
    recipe = yaml.safe_load(text)["recipe"]
    assert f"recipes/{recipe}.py --protocol recipes/protocols/{file.name}" in text
    assert "vidfer eval --checkpoint" in text and re.search(r"not\s+published|published code", text)


def test_a_protocol_runs_with_what_a_small_machine_overrides(read, supervised, striped_cache, tmp_path):
    options = "--model.width 4 --model.input-px 32 --train.epochs 2 --train.batch-size 6 --data.fold None"
    options += f" --cache {striped_cache} --out {tmp_path / 'run'} --tracker none --optimiser.milestones 1"
    supervised.main(read("fan_ckplus", *options.split()))
    first, second = metrics(tmp_path / "run")
    assert first["lr"] == pytest.approx(0.1 * 0.2) == second["lr"]  # after the epoch
