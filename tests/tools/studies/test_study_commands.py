"""Recipes accept every training command of the studies; none is run here."""

import importlib.util
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from studies import components_steps, systems_settings, systems_steps
from studies.steps import ROOT

from vidfer.commands.recipe_settings import settings_from_command_line


@pytest.fixture(scope="module")
def recipes():
    """Recipe path -> its settings class."""
    found = {}
    for name in ("supervised", "noisy_student", "fewshot", "egs"):
        path = ROOT / "recipes" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"recipe_{name}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        found[f"recipes/{name}.py"] = module.Settings
    yield found
    for settings in found.values():
        del sys.modules[settings.__module__]


def trainings(steps) -> list[list[str]]:
    return [shlex.split(step.command)[1:] for step in steps if step.command.startswith("python recipes/")]


def test_component_table(recipes):
    networks = []
    for recipe, *options in trainings(components_steps.steps(components_steps.Settings(seeds=(5,)))):
        settings = settings_from_command_line(recipes[recipe], "", options)
        assert (settings.seed, settings.resume) == (5, True)
        if recipe == "recipes/supervised.py":
            networks.append(settings.model)
    assert len(networks) == len(set(networks)) == len(components_steps.ROWS)
    alone = [network.regions for network in networks if network.regions]
    assert alone == [("face",), ("eyes",), ("mouth",)]


def test_systems(recipes):
    settings = systems_settings.Settings(images=Path("pictures"), unlabelled=Path("more"), seeds=(5,))
    episodes = {}
    for recipe, *options in trainings(systems_steps.steps(settings)):
        found = settings_from_command_line(recipes[recipe], "", options)
        assert found.seed == 5 and "fear" in (*found.data.classes, *found.data.novel)
        assert not {*found.data.classes} & {*found.data.novel}
        if recipe == "recipes/fewshot.py" and found.init is None:
            task = found.out.parts[-3]
            episodes.setdefault(task, {})[found.out.name] = found.episodes
    # What the table says: the same episodes, and more of them for CSRN and for those on the face alone.
    for of_system in episodes.values():
        for one, other in (("prototypical", "matching"), ("csrn", "csrn_published"), ("relation", "crn")):
            assert of_system[one] == of_system[other]
        fewest, csrn, face = (of_system[name] for name in ("matching", "csrn", "relation"))
        assert len({replace(each, per_epoch=1) for each in of_system.values()}) == 1
        assert fewest.per_epoch <= csrn.per_epoch and 2 * fewest.per_epoch <= face.per_epoch
    assert set(episodes) == {"basic", "compound", "images"}
