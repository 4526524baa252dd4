"""A recipe that kills its launcher at the first state it saves when a file is there.

Arguments: recipe, file, options of the recipe. The process then waits to be ended, as it must be.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recipe_modules import load_recipe

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.runs.run_folder import RunFolder

if __name__ == "__main__":
    launcher, save = os.getppid(), RunFolder.save_state
    name, file, *options = sys.argv[1:]

    def save_and_kill(run: RunFolder, *state, **more) -> None:
        save(run, *state, **more)
        if Path(file).exists():
            with suppress(ProcessLookupError):
                os.kill(launcher, signal.SIGKILL)
            time.sleep(10**6)

    RunFolder.save_state = save_and_kill
    recipe = load_recipe(name)
    recipe.main(settings_from_command_line(recipe.Settings, "", options))
