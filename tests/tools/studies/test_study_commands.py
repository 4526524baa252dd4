"""Recipes accept every training command of the studies; none is run here."""

import shlex
from dataclasses import replace
from pathlib import Path

import demo
import pytest
from recipe_modules import RECIPES, load_recipe
from studies import basic7, components_steps, main_job, student, systems_settings, systems_steps

from vidfer.commands.recipe_settings import settings_from_command_line


@pytest.fixture(scope="module")
def recipes():
    """Recipe path -> its settings class."""
    return {f"recipes/{file.stem}.py": load_recipe(file.stem).Settings for file in RECIPES.glob("*.py")}


def trainings(steps) -> list[list[str]]:
    return [shlex.split(step.command)[1:] for step in steps if step.command.startswith("python recipes/")]


def test_component_table(recipes):
    networks = []
    for recipe, *options in trainings(components_steps.steps(components_steps.Settings(seeds=(5,)))):
        settings = settings_from_command_line(recipes[recipe], "", options)
        assert (settings.seed, settings.resume) == (5, True)
        if recipe == "recipes/supervised.py":
            networks.append(settings.model.encoder)
    assert len(networks) == len(set(networks)) == len(components_steps.ROWS)
    alone = [network.regions for network in networks if len(network.regions) == 1]
    assert alone == [("face",), ("eyes",), ("mouth",)]


def test_included_network(recipes):
    ((recipe, *options),) = trainings(basic7.steps(basic7.Settings()))
    settings = settings_from_command_line(recipes[recipe], "", options)
    caches = [file.name for file in settings.cache]
    assert settings.encoder.width == 44 and caches == ["whole.h5", "aligned.h5"]


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


@pytest.mark.parametrize(("budget", "trained"), [(demo.BUDGET, 3), (student.BUDGET, 4)])
def test_main_job(recipes, budget, trained):
    words = [shlex.split(step.command) for step in main_job.steps(Path("d"), budget, 5)]
    found = []
    for command in [command for command in words if command[0] == "accelerate"]:
        (recipe,) = [word for word in command if word.startswith("recipes/")]
        options = command[command.index(recipe) + 1 :]
        found.append(settings_from_command_line(recipes[recipe], "", options))
    assert [settings.seed for settings in found] == [5] * trained
    one = Path("d/actors.h5")
    assert {settings.cache for settings in found} == {one, (one,)}  # a recipe may take several caches
