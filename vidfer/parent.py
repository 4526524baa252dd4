"""End a process as soon as the process that it works for has ended, also when that one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from multiprocessing import connection, parent_process
from pathlib import Path

POLL_S = 1.0

PROC = Path("/proc")
"""Where Linux describes its processes. Other systems do not have it."""

LAUNCHERS = {
    *("torchrun", "torch.distributed.run", "torch.distributed.launch"),
    *("accelerate", "accelerate-launch", "accelerate.commands.launch"),
}
"""Programs and modules that start the processes of a run and wait for them."""

LAUNCHER = "VIDFER_LAUNCHER"
"""The variable by which ``vidfer train --processes`` tells the processes of a run its process id."""


def end_with_parent(*, whole_group: bool = False) -> None:
    """End this process when the process that made it with multiprocessing has ended.

    Libraries compare the parent's process id instead. That fails with a fork server: the server is then the
    parent, and it lives as long as its children.

    Args:
        whole_group: end all processes of this process group. The process must lead it.
    """

    def wait() -> None:
        connection.wait([parent_process().sentinel])
        os.killpg(0, signal.SIGKILL) if whole_group else os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def end_with_launcher() -> None:
    """End this process when what started it to train with others has ended: torchrun, `accelerate launch` or
    `vidfer train --processes`.

    A process that was started in another way, such as from a shell, is left alone: it may outlive the shell.
    """
    launcher = os.getppid()
    ours = os.environ.get(LAUNCHER) == str(launcher)
    if not ours and not LAUNCHERS.intersection(Path(word).name for word in _command(launcher)):
        return

    def wait() -> None:
        try:
            connection.wait([os.pidfd_open(launcher)])
        except (OSError, AttributeError):  # it has ended already; no Linux, or one older than 5.3
            while os.getppid() == launcher:
                time.sleep(POLL_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _command(pid: int) -> list[str]:
    """The program of a process and its first arguments; empty if the process has ended."""
    if PROC.is_dir():
        try:
            words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return []
    else:  # such as macOS
        try:
            words = subprocess.check_output(["ps", "-ww", "-o", "args=", "-p", str(pid)]).split()
        except (OSError, subprocess.CalledProcessError):
            return []
    return [os.fsdecode(word) for word in words[:4]]
