"""Each program says how torch's threads wait before torch reads it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

STOPS_AT_TORCH = """
import os, runpy, sys

class Torch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("OMP_WAIT_POLICY"), flush=True)
            os._exit(77)

sys.meta_path.insert(0, Torch())
program, *sys.argv[1:] = sys.argv[1:]
runpy.run_path(program, run_name="__main__")
"""


def policy_when_torch_comes(program: Path, *options: str, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    command = [sys.executable, "-c", STOPS_AT_TORCH, program, *options]
    done = subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 77, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("recipe", sorted(path.name for path in (ROOT / "recipes").glob("*.py")))
def test_the_threads_of_a_recipe_sleep(recipe):
    assert policy_when_torch_comes(ROOT / "recipes" / recipe, "--cache", "none.h5") == "PASSIVE"


def test_the_threads_of_a_command_sleep_unless_the_user_has_chosen():
    command = (ROOT / "vidfer" / "__main__.py", "eval", "--checkpoint", "none", "--cache", "none.h5")
    assert policy_when_torch_comes(*command) == "PASSIVE"
    assert policy_when_torch_comes(*command, OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"
