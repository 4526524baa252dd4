"""Draws actors in two processes, and waits after the first clip: what tests kill. Argument: folder.

The end of its input ends it, so it does not outlive the test.
"""

import sys
from pathlib import Path

from vidfer.actors.settings import ActorSettings
from vidfer.actors.write import write_actors


def wait(done: int, _: int) -> None:
    if done:
        print("drawn", flush=True)
        sys.stdin.read()
        sys.exit()


if __name__ == "__main__":
    write_actors(ActorSettings(), Path(sys.argv[1]), workers=2, progress=wait)
