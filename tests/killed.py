"""A program that is killed in the middle of its work."""

import subprocess
import sys
import time
from pathlib import Path


def run_and_kill(code: str, folder: Path, after_s: float) -> None:
    """Run Python code in a process of its own, and kill it with SIGKILL.

    Args:
        code: prints a line when its work begins, and then works without end.
        folder: the present folder of the process.
        after_s: seconds from this line to the kill.
    """
    process = subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE)
    assert process.stdout.readline(), "the code failed before it began its work"
    time.sleep(after_s)
    process.kill()
    process.wait()
    process.stdout.close()
