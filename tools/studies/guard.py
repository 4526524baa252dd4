"""Commands that end with the program that started them, also when that one was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

GUARD = """
import os, signal, sys
running = set()
for line in sys.stdin:
    sign, number = line[0], int(line[1:])
    running.add(number) if sign == "+" else running.discard(number)
for number in running:
    try:
        os.killpg(number, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""
"""Notes which commands run, and kills these when its input ends. That happens when the program has ended."""


class Guard:
    """A small process that kills the commands of this program when the program has ended.

    A killed program cannot end its commands itself. Leaving the ``with`` block ends the guard.
    """

    def __enter__(self) -> Guard:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", GUARD],
            stdin=subprocess.PIPE,
            # Ctrl-C and a signal to the program's group do not reach it.
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def start(self, words: Sequence[str], **how: object) -> subprocess.Popen:
        """Start a command that ends with this program, and with it all that the command has started.

        Args:
            words: the command. It gets a session of its own, so Ctrl-C reaches this program alone.
            how: passed on to ``subprocess.Popen``.
        """
        pipe = self._process.stdin.fileno()

        def note() -> None:  # in the new process, before the command begins: the guard misses none
            os.write(pipe, f"+{os.getpid()}\n".encode())

        return subprocess.Popen(words, preexec_fn=note, start_new_session=True, **how)

    def forget(self, process: subprocess.Popen) -> None:
        """Say that a command has ended. Its number may soon be that of another process."""
        os.write(self._process.stdin.fileno(), f"-{process.pid}\n".encode())
