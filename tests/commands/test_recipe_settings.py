"""Defaults, the file of --protocol, and the options beside it, in that order."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from networks import network
from recipe_modules import load_recipe
from refused import refused

from vidfer.commands.model_parts import refuse_options_of_others
from vidfer.commands.recipe_settings import protocol_of, settings_from_command_line
from vidfer.errors import SettingError
from vidfer.learn.settings import TrainSettings
from vidfer.models.encoders import ENCODERS
from vidfer.models.encoders.conv4 import Conv4Settings
from vidfer.models.heads import HEADS
from vidfer.models.heads.csrn import CSRNSettings
from vidfer.models.settings import EncoderSettings, HeadSettings
from vidfer.runs.settings import ModelRunSettings, RunSettings


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    teacher: Path
    rounds: int = 1
    train: TrainSettings = field(default_factory=TrainSettings)


def test_options_override_the_file_and_the_file_the_defaults(tmp_path):
    file = tmp_path / "some.yaml"
    file.write_text("rounds: 3\ntrain: {epochs: 60, batch_size: 48}\n")
    common = ["--cache", "c.h5", "--out", "run", "--teacher", "t"]
    found = settings_from_command_line(
        Settings, "About.", [*common, "--protocol", str(file), "--train.epochs", "2"]
    )
    assert found == Settings(
        cache=Path("c.h5"),
        out=Path("run"),
        teacher=Path("t"),
        protocol=file,
        rounds=3,
        train=TrainSettings(epochs=2, batch_size=48),
    )
    plain = settings_from_command_line(Settings, "About.", common)
    assert plain == Settings(cache=Path("c.h5"), out=Path("run"), teacher=Path("t"))


def test_what_neither_says_is_still_asked_for(tmp_path):
    file = tmp_path / "some.yaml"
    file.write_text("rounds: 3\n")
    with refused(SettingError, "--out", "--teacher"):
        settings_from_command_line(Settings, "About.", [f"--protocol={file}", "--cache", "c.h5"])


def test_help_shows_the_values_of_the_file(tmp_path, capsys):
    file = tmp_path / "some.yaml"
    file.write_text("rounds: 33\n")
    with pytest.raises(SystemExit):
        settings_from_command_line(Settings, "About.", ["--protocol", str(file), "--help"])
    assert "(default: 33)" in capsys.readouterr().out


@dataclass(frozen=True, kw_only=True)
class WithModel(ModelRunSettings):
    encoder: EncoderSettings = field(default_factory=lambda: Conv4Settings(pools=4))
    head: HeadSettings | None = field(default_factory=lambda: CSRNSettings(prototype_weight=0.5))
    init: Path | None = None


NEEDED = ["--cache", "c.h5", "--out", "run"]


def chosen(*options: str) -> WithModel:
    return settings_from_command_line(WithModel, "About.", [*NEEDED, *options])


def test_parts_are_chosen_by_name_and_bring_their_options():
    assert chosen().model == network("conv4", "csrn", pools=4, of_head={"prototype_weight": 0.5})
    found = chosen(
        "--encoder", "resnet18", "--encoder.width=8", "--head=matching", "--head.cosine-scale", "3"
    )
    assert found.model == network("resnet18", "matching", width=8, of_head={"cosine_scale": 3.0})
    assert type(found) is WithModel
    # A part that the recipe has keeps what the recipe says of it; none is no head.
    assert chosen("--encoder", "conv4", "--head", "none").model == network("conv4", None, pools=4)
    torchvision = chosen("--encoder", "torchvision", "--encoder.network", "resnet18").encoder
    assert torchvision == network("torchvision resnet18").encoder


@pytest.mark.parametrize("all_options", [False, True])
def test_help_has_the_options_of_the_chosen_parts_alone(capsys, all_options):
    with pytest.raises(SystemExit):
        chosen("--encoder", "resnet18", "--head", "matching", "--help-all" if all_options else "--help")
    text = capsys.readouterr().out
    assert "--encoder.width" in text and "--head.cosine-scale" in text
    assert "--encoder.pools" not in text and "--head.pairing" not in text
    assert ("--encoder.map-stage" in text) == ("--save-every" in text) == all_options
    assert ("--help-all" in text) == (not all_options)
    assert "--encoder.name" not in text and "whitened" not in text
    for names in (ENCODERS, HEADS):
        assert all(name in text for name in names)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ("--head.pairing published --head prototype", ("--head.pairing", "prototype", "--head csrn")),
        ("--encoder.width 8", ("--encoder.width", "conv4", "--encoder grouped_resnet18 or resnet18")),
        ("--head none --head.cosine-scale 2", ("--head.cosine-scale", "matching or similarity")),
        ("--encoder.colour red", ("--encoder.colour", "conv4", "pools")),
        ("--encoder.name resnet18", ("--encoder.name", "pools")),
        ("--encoder banana", ("--encoder banana", *ENCODERS)),
        ("--head crsn", ("--head crsn", *HEADS, "none")),
        ("--encoder timm:resnet18", ("--encoder timm --encoder.network resnet18",)),
        ("--init best --encoder.pools 2", ("--encoder.pools", "--init")),
        ("--encoder conv4 --init=best", ("--encoder", "--init")),
        ("--head relation --head.regions face --encoder.regions eyes", ("--head.regions face", "eyes")),
    ],
)
def test_an_option_of_another_part_is_an_error_with_a_hint(options, facts):
    with refused(SettingError, *facts):
        chosen(*options.split())


def test_a_switch_of_a_part_can_be_turned_off():
    @dataclass(frozen=True, kw_only=True)
    class Switched(HeadSettings):
        name = "switched"
        fast: bool = True

    for option in ("--head.fast", "--head.no-fast"):
        refuse_options_of_others("head", Switched(), {"switched": Switched}, [option])
        with refused(SettingError, option, "csrn"):
            refuse_options_of_others("head", CSRNSettings(), {"csrn": CSRNSettings}, [option])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--model.encoder", "--encoder"),
        ("--model.head=csrn", "--head"),
        ("--model.dropout", "--dropout"),
        ("--model.width", "--encoder.width"),
        ("--model.input_px", "--encoder.input-px"),
        ("--model.conv4-pools", "--encoder.pools"),
        ("--model.pairing", "--head.pairing"),
        ("--model.head-regions", "--head.regions"),
        ("--optimiser.weight-decay=0", "--optim.weight-decay"),
        ("--pseudo.calibrate-from", "--pseudo.min-calibration-clips"),
        ("--episodes.other-people", "--episodes.person-disjoint"),
    ],
)
def test_an_option_under_its_old_name_tells_the_new_one(old, new):
    with refused(SettingError, old.partition("=")[0], new):
        chosen(old, "1")


@pytest.mark.parametrize(
    ("recipe", "option", "said"),
    [
        ("noisy_student", "--model.dropout", "is now --student.dropout"),
        ("noisy_student", "--model.width", "is now --student.width"),
        ("noisy_student", "--model.pools", "there is no option --model.pools; --help"),
        ("supervised", "--model.pools", "is now --encoder.pools"),
        ("supervised", "--model.nonsense", "there is no option --model.nonsense; --help"),
        ("fewshot", "--model.dropout", "there is no option --model.dropout; --help"),
    ],
)
def test_no_option_is_named_that_the_recipe_does_not_have(recipe, option, said):
    with refused(SettingError, said):
        settings_from_command_line(load_recipe(recipe).Settings, "", [option, "1"])


def test_parts_in_a_file(tmp_path):
    file = tmp_path / "some.yaml"
    beside = ["--protocol", str(file)]
    file.write_text("encoder:\n  name: resnet18\n  width: 16\nhead: prototype\ndropout: 0.1\n")
    assert chosen(*beside).model == network("resnet18", "prototype", width=16, dropout=0.1)
    # An option changes the part of the file; another part has its own defaults.
    assert chosen(*beside, "--encoder.width", "8").encoder == network("resnet18", width=8).encoder
    assert chosen(*beside, "--encoder", "resnet18").encoder == network("resnet18", width=16).encoder
    assert chosen(*beside, "--encoder", "conv4").encoder == network("conv4").encoder
    with refused(SettingError, "--encoder.pools", "resnet18", "--encoder conv4"):
        chosen(*beside, "--encoder.pools", "4")
    for none in ("none", "null", "~", ""):
        file.write_text(f"encoder: {{regions: [face]}}\nhead: {none}\n")
        assert chosen(*beside).model == network("conv4", None, pools=4, regions=("face",))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("seed: 1\nhead:\n  name: crn\n  pairing: all", ("line 4", "pairing", "--head csrn")),
        ("head: crsn", ("line 1", "crsn", *HEADS)),
        ("encoder: {width: 8}", ("line 1", "width", "grouped_resnet18")),
        ("encoder: {pools: 3}", ("line 1", "pools", "2 or 4")),
        ("model:\n  encoder: conv4", ("line 1", "model", "encoder, head")),
        ("optimiser: {lr: 1}", ("line 1", "optimiser", "optim")),
        ("whitened: true", ("line 1", "whitened")),
    ],
)
def test_a_wrong_part_in_a_file_tells_the_line(tmp_path, text, facts):
    (tmp_path / "some.yaml").write_text(text)
    with refused(SettingError, tmp_path / "some.yaml", *facts):
        chosen("--protocol", str(tmp_path / "some.yaml"))


def test_the_file_that_is_named_last_counts():
    assert protocol_of(["--protocol", "a.yaml", "--x", "--protocol=b.yaml"]) == Path("b.yaml")
    assert protocol_of(["--x", "--protocol"]) is None  # its check says what is missing


def test_a_wrong_file_is_one_message(tmp_path):
    (tmp_path / "some.yaml").write_text("round: 3\n")
    with refused(SettingError, tmp_path / "some.yaml", "line 1", "round", "rounds"):
        settings_from_command_line(Settings, "", ["--protocol", str(tmp_path / "some.yaml")])


def test_a_pretrained_encoder_has_its_size_and_normalisation(tmp_path):
    """Its options can be changed, and the weights need no --init."""
    recipe = load_recipe("supervised")
    common = ["--cache", "c.h5", "--out", "run", "--encoder", "clip_b16", "--freeze-encoder"]
    found = settings_from_command_line(recipe.Settings, "", [*common, "--encoder.input-px", "112"]).encoder
    assert (found.name, found.pretrained, found.input_px) == ("timm", "clip_b16", 112)
    assert (found.network, found.vector) == ("vit_base_patch16_clip_quickgelu_224", "network")
    assert found.mean[0] == 0.48145466
    file = tmp_path / "mine.yaml"
    file.write_text("encoder: {name: facenet, frame_attention: mean}\n")
    found = settings_from_command_line(
        recipe.Settings, "", ["--cache", "c.h5", "--out", "run", "--protocol", str(file)]
    ).encoder
    assert (found.name, found.pretrained, found.frame_attention) == ("inception_resnet_v1", "facenet", "mean")
    with refused(SettingError, "--encoder s2d", "vidfer encoders"):
        settings_from_command_line(recipe.Settings, "", ["--cache", "c.h5", "--out", "r", "--encoder", "s2d"])
    with refused(SettingError, "--encoder.width", "grouped_resnet18"):
        settings_from_command_line(recipe.Settings, "", [*common, "--encoder.width", "3"])
