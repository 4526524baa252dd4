"""``vidfer train RECIPE``: run a recipe in this process, or in several that train together."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated

import tyro

import vidfer
from vidfer.commands.recipe_settings import options_from_command_line
from vidfer.commands.recipes import load_recipe
from vidfer.commands.say import note
from vidfer.errors import SettingError
from vidfer.parent import LAUNCHER

PROCESSES = (
    "processes",
    Annotated[
        int,
        tyro.conf.arg(
            help="Processes that train together: one for each GPU; on a machine without a GPU, on the CPU."
        ),
    ],
    field(default=1),
)
"""The option that a recipe has here and not as a script, whose launcher has it."""

PROGRAM = "import sys; sys.path[0] = sys.argv.pop(1); from vidfer.commands.main import main; main()"
"""vidfer as a program that imports this very package, whatever is in the current folder."""


def train(recipe: str, arguments: Sequence[str]) -> int:
    """Run a recipe with these options; returns the exit status.

    In a process that ``accelerate launch`` or ``torchrun`` has started it trains as one of its processes.
    """
    module = load_recipe(recipe)
    about, command = module.__doc__, f"vidfer train {recipe}"
    options = options_from_command_line(module.Settings, about, arguments, more=[PROCESSES], prog=command)
    if options.processes < 1:
        raise SettingError(f"--processes {options.processes}: give at least 1")
    members, ours = int(os.environ.get("WORLD_SIZE") or 1), os.environ.get(LAUNCHER) == str(os.getppid())
    if options.processes > 1 and not ours:
        if members > 1:
            raise SettingError(
                f"--processes {options.processes}: this is one of {members} processes that a launcher has "
                "started already; leave the option out"
            )
        from vidfer.commands.launch import launch

        home = str(Path(vidfer.__file__).parents[1])
        return launch([sys.executable, "-c", PROGRAM, home, "train", recipe, *arguments], options.processes)
    if members == 1:
        _hint_at_further_gpus()
    module.main(options.settings)
    return 0


def _hint_at_further_gpus() -> None:
    import torch

    if (gpus := torch.cuda.device_count()) > 1:
        note(f"one of {gpus} GPUs trains; --processes {gpus} uses all of them")
