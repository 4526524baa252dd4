"""Where the recipes are: in the folder ``recipes`` of the repository, or inside the installed package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import vidfer
from vidfer.errors import SettingError
from vidfer.nearest import did_you_mean

RECIPES = ("supervised", "noisy_student", "fewshot", "egs")
"""Every recipe, in the order in which most users need them."""


def recipe_folder() -> Path:
    """The folder with the scripts and, in ``protocols``, the settings of the papers.

    A wheel has it within the package; a checkout has it beside the package.

    Raises:
        SettingError: neither is there.
    """
    package = Path(vidfer.__file__).parent
    for folder in (package / "recipes", package.parent / "recipes"):
        if (folder / f"{RECIPES[0]}.py").is_file():
            return folder
    raise SettingError(f"the recipes are neither in {package} nor beside it; install vidfer again")


def load_recipe(name: str) -> ModuleType:
    """The script of this name as a module, whose ``main(Settings(...))`` trains."""
    spec = importlib.util.spec_from_file_location(f"recipe_{name}", recipe_folder() / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def protocol_file(named: str) -> Path:
    """The file that ``--protocol`` names: a path, or the name of an included one, such as ``fan_ckplus``.

    Raises:
        SettingError: a bare name that is neither a file nor an included protocol.
    """
    path = Path(named)
    if path.suffix or path.name != named or path.exists():
        return path
    included = {file.stem: file for file in sorted((recipe_folder() / "protocols").glob("*.yaml"))}
    if named in included:
        return included[named]
    meant = did_you_mean(named, included) or ";"
    raise SettingError(
        f"--protocol {named}: there is no such file, and no included protocol of this name{meant} included "
        f"are {', '.join(included)}"
    )
