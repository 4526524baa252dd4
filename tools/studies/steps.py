"""The steps of a study: commands that run after one another or side by side, each of them once.

A study that was stopped goes on where it stopped, because every finished step leaves a record.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import SettingError
from vidfer.files import write_json

from .guard import Guard
from .spellings import current_spelling

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
POLL_S = 0.2
LOCK_PATIENCE_S = 2.0
"""How long to wait for the folder's lock: processes of a stopped run hold it until they have ended."""

LOG_TAIL = 15
"""Lines of a failed step's log that are shown."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of a study."""

    name: str
    """Unique in the study. It is also the path of the log below ``logs/``, so it may contain slashes."""
    command: str
    """The command as a reader would type it in the repository."""
    after: tuple[str, ...] = ()
    """Names of the steps that must be finished before this one starts."""


def environment(threads: int) -> dict[str, str]:
    """Environment variables for commands such as ``vidfer`` and ``accelerate``.

    The commands run with the Python that runs this program, and with the vidfer of this checkout, even where
    another vidfer is installed.

    Args:
        threads: threads that each command may use, 1 or more.
    """
    before = os.environ.get("PYTHONPATH")
    return os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{before}" if before else str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": str(threads),
    }


def in_repository(path: Path) -> Path:
    """The path relative to the repository, where the commands run.

    Raises:
        SettingError: the path has a space or another character that splits a command into two words.
    """
    relative = Path(os.path.relpath(path.resolve(), ROOT))
    if shlex.quote(str(relative)) != str(relative):
        raise SettingError(
            f"{path} has characters that split a command; choose a path of letters, digits and _"
        )
    return relative


def run_steps(steps: Sequence[Step], out: Path, *, jobs: int, threads: int = 1, tell: bool = False) -> None:
    """Run all steps that are not finished yet, each as a process.

    Every step writes ``out/logs/<name>.log``. When it has finished, it leaves ``out/done/<name>.json`` with
    its command and its seconds. A step runs again if its command has changed, and so do the steps that need
    it. If a step fails, the steps that need it are left out and the others go on.

    Args:
        steps: each stands after the steps that it needs.
        out: folder of the study. Only one process at a time works in it.
        jobs: how many steps run at a time.
        threads: of each step, 1 or more.
        tell: show each command when it starts.

    Raises:
        SystemExit: a step failed, a signal asked to stop, or another process already works in ``out``.
    """
    out.mkdir(parents=True, exist_ok=True)
    finished = {*cpu_seconds(steps, out)}
    waiting = [step for step in steps if step.name not in finished]
    failed: list[str] = []
    running: list[RunningStep] = []
    begin = time.monotonic()

    def show_progress(*, keep: bool = False) -> None:
        names = ", ".join(one.step.name for one in running)
        line = f"{len(finished)}/{len(steps)} steps, {(time.monotonic() - begin) / 60:.0f} min"
        line += f", {len(failed)} failed" if failed else ""
        show(line + (f"; now {names}" if names else ""), keep=keep)

    with lock_folder(out) as lock, Guard() as guard, stop_with_program(running) as stop_signals:
        while True:
            if stop_signals:
                raise SystemExit(128 + stop_signals[0])
            for step in [step for step in waiting if finished.issuperset(step.after)]:
                if len(running) < jobs:
                    waiting.remove(step)
                    if tell:
                        show(f"$ {step.command}", keep=True)
                    running.append(start(step, out, lock, guard, threads))
                    show_progress()
            if not running:
                break  # All steps are finished, or the rest needs a step that failed.
            time.sleep(POLL_S)
            for one in [one for one in running if one.has_ended()]:
                running.remove(one)
                guard.forget(one.process)
                if one.process.returncode:
                    failed.append(one.step.name)
                    show(one.failure(), keep=True)
                else:
                    finished.add(one.step.name)
                    mark_done(one, out)
                show_progress()
    show_progress(keep=True)
    if failed:
        skipped = f"; {len(waiting)} steps that need them did not run" if waiting else ""
        raise SystemExit(
            f"{len(failed)} of {len(steps)} steps failed{skipped}. Repair the cause and start again."
        )


@dataclass(kw_only=True)
class RunningStep:
    """A step while its process runs."""

    step: Step
    process: subprocess.Popen
    log: Path
    begin: float
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def has_ended(self) -> bool:
        # Popen.poll does not report CPU time; os.wait4 does.
        pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
        if not pid:
            return False
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s, self.wall_s = used.ru_utime + used.ru_stime, time.monotonic() - self.begin
        return True

    def failure(self) -> str:
        """The exit status and the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
        first = f"{self.step.name} ended with status {self.process.returncode}; the end of {self.log}:"
        return "\n".join([first, *(f"    {line}" for line in lines)])


def start(step: Step, out: Path, lock: int, guard: Guard, threads: int) -> RunningStep:
    """Start a step's process, which writes to its log.

    Args:
        step: the step.
        out: folder of the study.
        lock: file descriptor of the folder's lock.
        guard: ends the step when this program is killed.
        threads: that the step may use.
    """
    log = out / "logs" / f"{step.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.write(f"$ {step.command}\n".encode())
        file.flush()
        process = guard.start(
            shlex.split(step.command),
            cwd=ROOT,
            env=environment(threads) | {"TQDM_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            # The step inherits the lock. If this program is killed, the step keeps others out until it ends.
            pass_fds=[lock],
        )
    return RunningStep(step=step, process=process, log=log, begin=time.monotonic())


def mark_done(one: RunningStep, out: Path) -> None:
    """Write the record of a finished step."""
    record = out / "done" / f"{one.step.name}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    write_json(record, {"command": one.step.command, "cpu_s": one.cpu_s, "wall_s": one.wall_s})


def cpu_seconds(steps: Sequence[Step], out: Path) -> dict[str, float]:
    """CPU seconds of the finished steps, by name.

    A step is finished if it ran with its present command and all steps that it needs are finished. Records
    that name an option by an old spelling count too.

    Args:
        steps: each stands after the steps that it needs.
        out: folder of the study.
    """
    found: dict[str, float] = {}
    for step in steps:
        file = out / "done" / f"{step.name}.json"
        record = json.loads(file.read_text()) if file.exists() else {}
        ran = current_spelling(record.get("command", ""))
        if ran == current_spelling(step.command) and found.keys() >= {*step.after}:
            found[step.name] = record["cpu_s"]
    return found


@contextmanager
def lock_folder(out: Path) -> Iterator[int]:
    """Hold the folder's lock; gives its file descriptor, which the steps inherit.

    Raises:
        SystemExit: another process holds it.
    """
    with (out / "lock").open("w") as file:
        give_up = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > give_up:
                    raise SystemExit(
                        f"another process works in {out}; wait until it has ended, or stop it"
                    ) from None
                time.sleep(POLL_S)
        yield file.fileno()


@contextmanager
def stop_with_program(running: list[RunningStep]) -> Iterator[list[int]]:
    """Stop the running steps whenever the block ends.

    Gives the list of signals (SIGTERM, Ctrl-C) that asked to stop. The caller looks at this list. An
    exception would be unsafe: it could come after a step has started and before it stands in ``running``.
    """
    received: list[int] = []

    def receive(number: int, _) -> None:
        received.append(number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield received
    finally:
        for one in running:
            os.killpg(one.process.pid, signal.SIGTERM)
        for one in running:
            one.process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def show(text: str, *, keep: bool = False) -> None:
    """Print a line on stderr. On a terminal the next line overwrites it unless ``keep`` is set."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if keep else "", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)
