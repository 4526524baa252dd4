"""Files of settings: what they give, and what they may not say."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from vidfer.commands.protocol_file import read_protocol
from vidfer.errors import VidferError
from vidfer.learn.settings import TrainSettings
from vidfer.models.settings import ModelSettings
from vidfer.runs.settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    init: Path | None = None
    frozen: bool = False
    form: Literal["no", "yes"] = "yes"
    model: ModelSettings = field(default_factory=lambda: ModelSettings(head="prototype"))
    train: TrainSettings = field(default_factory=TrainSettings)


def read(tmp_path, text: str, encoding: str = "utf-8") -> dict:
    (tmp_path / "some.yaml").write_text(text, encoding=encoding)
    return read_protocol(tmp_path / "some.yaml", Settings, "supervised")


def test_values_have_the_types_of_the_settings(tmp_path):
    found = read(
        tmp_path,
        "# a comment\nrecipe: supervised\nform: no\nseed: 3\nfrozen: true\ninit: a/b # where\n"
        "model:\n  regions: [mouth, eyes]\n  head: none\n  attention-dropout: 5e-1\n"
        "train: {epochs: 60, balanced: yes}\n",
        "utf-8-sig",
    )
    assert found == {
        "form": "no",
        "seed": 3,
        "frozen": True,
        "init": Path("a/b"),
        "model": ModelSettings(regions=("eyes", "mouth"), head=None, attention_dropout=0.5),
        "train": TrainSettings(epochs=60, balanced=True),
    }


def test_a_group_keeps_the_defaults_of_its_recipe(tmp_path):
    assert read(tmp_path, "model: {width: 16}") == {"model": ModelSettings(width=16, head="prototype")}
    assert read(tmp_path, "# nothing yet") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\nsede: 2", r"some.yaml, line 2: there is no setting sede; did you mean seed\?"),
        ("train:\n  epoch: 2", r"line 2: there is no setting epoch; did you mean epochs\?"),
        ("train:\n  epochs: many", "line 2: epochs is 'many'; write a whole number"),
        ("model:\n  head: crsn", "line 2: head is 'crsn'; choose csrn or crn or"),
        ("\ntrain:\n  batch_size: 1", "line 2: --train.batch-size 1: batch normalisation needs"),
        ("frozen: perhaps", "line 1: frozen is 'perhaps'; write true or false"),
        ("seed: [1, 2]", "line 1: seed takes one value"),
        ("train: 3", "line 1: write a name, a colon, a space and a value"),
        ("train:\n  epochs: 1\n  epochs: 2", "line 3: epochs is there twice"),
        ("out: runs/here", "line 1: out is said on the command line: --out"),
        ("recipe: fewshot", "is for the recipe fewshot, not for supervised.py"),
        ("seed: 1\n  form: no", "line 2: mapping values are not allowed here"),
    ],
)
def test_a_mistake_tells_file_line_and_remedy(tmp_path, text, message):
    with pytest.raises(VidferError, match=message):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(VidferError, match=r"cannot read --protocol .*nowhere.yaml: No such file"):
        read_protocol(tmp_path / "nowhere.yaml", Settings, "supervised")
