"""Files of settings: what they give, and what they may not say."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from networks import network
from refused import refused

from vidfer.commands.model_parts import known_parts
from vidfer.commands.protocol_file import read_protocol
from vidfer.errors import SettingError
from vidfer.learn.settings import TrainSettings
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Settings
from vidfer.models.heads.prototype import PrototypeSettings
from vidfer.models.settings import EncoderSettings, HeadSettings
from vidfer.runs.settings import ModelRunSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ModelRunSettings):
    init: Path | None = None
    frozen: bool = False
    form: Literal["no", "yes"] = "yes"
    encoder: EncoderSettings = field(default_factory=lambda: GroupedResNet18Settings(width=8))
    head: HeadSettings | None = field(default_factory=PrototypeSettings)
    train: TrainSettings = field(default_factory=TrainSettings)


def read(tmp_path, text: str, encoding: str = "utf-8") -> dict:
    (tmp_path / "some.yaml").write_text(text, encoding=encoding)
    return read_protocol(tmp_path / "some.yaml", Settings, "supervised", known_parts(Settings))


def test_values_have_the_types_of_the_settings(tmp_path):
    found = read(
        tmp_path,
        "# a comment\nrecipe: supervised\nform: no\nseed: 3\nfrozen: true\ninit: a/b # where\n"
        "encoder:\n  name: resnet18\n  regions: [mouth, eyes]\n  frame_attention: sigmoid\n"
        "  attention-dropout: 5e-1\nhead: none\ntrain: {epochs: 60, balanced: yes}\n",
        "utf-8-sig",
    )
    of_eyes = {"regions": ("eyes", "mouth"), "frame_attention": "sigmoid", "attention_dropout": 0.5}
    assert found == {
        "form": "no",
        "seed": 3,
        "frozen": True,
        "init": Path("a/b"),
        "encoder": network("resnet18", **of_eyes).encoder,
        "head": None,
        "train": TrainSettings(epochs=60, balanced=True),
    }


def test_a_group_keeps_the_defaults_of_its_recipe(tmp_path):
    expected = {"encoder": GroupedResNet18Settings(width=8, input_px=64)}
    assert read(tmp_path, "encoder: {input_px: 64}") == expected
    assert read(tmp_path, "encoder: {name: grouped_resnet18, input_px: 64}") == expected
    assert read(tmp_path, "# nothing yet") == {}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("seed: 1\nsede: 2", ("line 2", "sede", "seed")),
        ("train:\n  epoch: 2", ("line 2", "epoch", "epochs")),
        ("train:\n  epochs: many", ("line 2", "epochs", "many", "whole number")),
        ("head:\n  name: crsn", ("line 2", "crsn", "csrn")),
        ("encoder:\n  name: [conv4]", ("line 2", "name", "one value")),
        ("head: {name: {csrn: 1}}", ("line 1", "name", "one value")),
        ("encoder: {name: conv4, conv4_pools: 2}", ("line 1", "conv4_pools", " pools")),
        ("recipe: [fewshot]", ("line 1", "recipe", "one value")),
        ("? [seed, form]\n: 3", ("line 1",)),
        ("\ntrain:\n  batch_size: 1", ("line 2", "--train.batch-size 1")),
        ("frozen: perhaps", ("line 1", "frozen", "perhaps", "true or false")),
        ("seed: [1, 2]", ("line 1", "seed", "one value")),
        ("train: 3", ("line 1",)),
        ("train:\n  epochs: 1\n  epochs: 2", ("line 3", "epochs")),
        ("out: runs/here", ("line 1", "--out")),
        ("recipe: fewshot", ("fewshot", "supervised.py")),
        ("seed: 1\n  form: no", ("line 2",)),
    ],
)
def test_a_mistake_tells_file_line_and_remedy(tmp_path, text, facts):
    with refused(SettingError, tmp_path / "some.yaml", *facts):
        read(tmp_path, text)


def test_a_place_is_told_once(tmp_path):
    with pytest.raises(SettingError) as error:
        read(tmp_path, "encoder:\n  width: wide")
    assert str(error.value).count("some.yaml") == 1 and "line 2" in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with refused(SettingError, "--protocol", tmp_path / "nowhere.yaml"):
        read_protocol(tmp_path / "nowhere.yaml", Settings, "supervised", {})
