"""Runs whose settings were written under older names go on, and are read."""

import json
from pathlib import Path

import pytest
from recipe_modules import RECIPES, load_recipe
from refused import refused

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.errors import RunError
from vidfer.runs.migrate import current_settings
from vidfer.runs.read_run import read_record
from vidfer.runs.resume_checks import as_json, check_same_settings

OLD = json.loads(Path(__file__).with_name("old_settings.json").read_text(encoding="utf-8"))
"""``settings.json`` of version 0.1, by the protocol that the run followed."""

RECIPE_OF = {
    "fan_ckplus": "supervised",
    "csrn_4way_4shot": "fewshot",
    "bold_student": "noisy_student",
    "egs_5way_1shot": "egs",
}

OF_THEN = dict.fromkeys(("fan_ckplus", "egs_5way_1shot"), ("--encoder.map-stage", "None"))
"""What was a default then and is none today; whoever resumes such a run names it."""


def now(protocol: str, *options: str) -> object:
    common = [
        "--protocol",
        str(RECIPES / "protocols" / f"{protocol}.yaml"),
        "--cache",
        "c.h5",
        "--out",
        "run",
    ]
    teacher = ["--teacher", "t"] if protocol == "bold_student" else []
    recipe = load_recipe(RECIPE_OF[protocol])
    return settings_from_command_line(
        recipe.Settings, "", [*common, *teacher, *OF_THEN.get(protocol, ()), *options]
    )


@pytest.mark.parametrize("protocol", OLD)
def test_an_old_run_is_resumed_with_the_settings_of_today(protocol, tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(OLD[protocol]))
    found = read_record(tmp_path, "settings")
    check_same_settings(found, now(protocol), file)
    with refused(RunError, file, "optim lr", "0.5"):
        check_same_settings(found, now(protocol, "--optim.lr", "0.5"), file)


@pytest.mark.parametrize("protocol", OLD)
def test_no_old_name_is_left(protocol):
    found, today = current_settings(OLD[protocol]), as_json(now(protocol))
    assert found.keys() <= today.keys()  # options that came later are missing
    for group in ("encoder", "head", "optim", "pseudo", "episodes"):
        if group in today and today[group] is not None:
            assert {name: today[group][name] for name in found[group]} == found[group]
    assert current_settings(today) == today


def test_a_network_of_a_library_has_its_name_apart():
    found = current_settings({"student": {"encoder": "torchvision:resnet50", "width": None}})
    assert found["student"] == {"encoder": "torchvision", "network": "resnet50", "width": None}


def test_an_option_that_is_gone_is_left_out_where_it_was_off():
    assert current_settings({"seed": 1, "whiten": None, "whiten_shrinkage": 0.1}) == {"seed": 1}
    used = {"seed": 1, "whiten": "neutral", "whiten_shrinkage": 0.1}
    assert current_settings(used) == used
