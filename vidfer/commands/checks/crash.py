"""Does a package end the whole program when it is loaded? Tried in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence

LOADS = """
import json, importlib, sys
sys.path[:], names = json.loads(sys.argv[1])
for name in names:
    print(name, flush=True)
    try:
        importlib.import_module(name)
    except BaseException:
        pass
"""


def crash_of(modules: Sequence[str]) -> tuple[str, str]:
    """The first of some modules that crashes Python when it is loaded, and the name of the signal.

    A library does so that was built for another processor or system. Both are empty where none does. Modules
    that are loaded already are left out.
    """
    names = [name for name in modules if name not in sys.modules]
    if not names:
        return "", ""
    command = [sys.executable, "-c", LOADS, json.dumps([sys.path, names])]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode >= 0 or not done.stdout:
        return "", ""
    begun = [line for line in done.stdout.splitlines() if line in names]
    return begun[-1], signal.Signals(-done.returncode).name
