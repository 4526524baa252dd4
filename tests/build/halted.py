"""A build that waits at a known point, so that whoever stops it is never too late."""

import os
from pathlib import Path

HOOK = """
import os, signal, sys

def wait_at_the_second_part(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith(".part"):
        if any(name.endswith(".part") for name in os.listdir(os.path.dirname(arguments[1]))):
            open(os.environ["HALTED"], "w").close()
            signal.pause()

sys.addaudithook(wait_at_the_second_part)
"""
"""A worker that is about to give the second part its name says so, and waits until it is ended."""


class Halt:
    """Programs that start with ``environment`` wait when they have finished one clip and not yet another.

    Args:
        folder: for the files that this needs; it must not have them yet.
    """

    def __init__(self, folder: Path) -> None:
        hooks, self._sign = folder / "hooks", folder / "halted"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(HOOK)
        os.mkfifo(self._sign)
        path = f"{hooks}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        self.environment = os.environ | {"PYTHONPATH": path, "HALTED": str(self._sign)}

    def wait(self) -> None:
        """Wait until a program waits."""
        self._sign.read_bytes()
