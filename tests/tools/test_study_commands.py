"""Every command of the studies is one that its program takes, with checked values; none is run here."""

import importlib.util
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import components  # noqa: E402
import systems  # noqa: E402

from vidfer.crops import REGIONS  # noqa: E402
from vidfer.recipe_settings import settings_from_command_line  # noqa: E402


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
    for recipe, *options in trainings(components.steps(components.Settings(seeds=(5,)))):
        settings = settings_from_command_line(recipes[recipe], "", options)
        assert (settings.seed, settings.resume) == (5, True)
        if recipe == "recipes/supervised.py":
            networks.append(settings.model)
    assert len(networks) == len(set(networks)) == len(components.ROWS)
    alone = [network.regions for network in networks if network.regions]
    assert alone == [("face",), ("eyes",), ("mouth",)]


def test_systems(recipes):
    settings = systems.Settings(images=Path("pictures"), unlabelled=Path("more"), seeds=(5,))
    episodes = {}
    for recipe, *options in trainings(systems.steps(settings)):
        found = settings_from_command_line(recipes[recipe], "", options)
        assert found.seed == 5 and "fear" in (*found.data.classes, *found.data.novel)
        assert not {*found.data.classes} & {*found.data.novel}
        if recipe == "recipes/fewshot.py" and found.init is None:
            task = found.out.parts[-3]
            regions = found.model.resolved_regions()
            episodes.setdefault(task, {}).setdefault(regions, []).append(found.episodes)
    # What the table says: systems with the Conv-4 encoder have the same episodes, and more of them if they
    # look at the face alone.
    for of_regions in episodes.values():
        (all_regions,), (face,) = (set(of_regions[r]) for r in (REGIONS, REGIONS[:1]))
        assert [len(each) for each in of_regions.values()] == [4, 2]
        assert replace(face, per_epoch=1) == replace(all_regions, per_epoch=1)
        assert face.per_epoch >= 2 * all_regions.per_epoch
    assert set(episodes) == {"basic", "compound", "images"}
