"""Runs the steps of a study, several at a time, and goes on where it stopped; demo.py, components.py and
systems.py share it."""

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

from vidfer.errors import VidferError
from vidfer.files import write_json

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
POLL_S = 0.2
PATIENCE_S = 2.0
"""For what a stopped run's steps had started, and is still dying with the folder's lock in its hands."""

TAIL = 15
"""Lines of a failed step's log that are shown."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of a study."""

    name: str
    """Unique; also the name of its log, so it may contain slashes."""
    command: str
    """As a reader would type it in the repository."""
    after: tuple[str, ...] = ()
    """Names of the steps that must be finished before."""


def environment(threads: int) -> dict[str, str]:
    """For commands such as `vidfer` and `accelerate`: those of the Python that runs this, with the vidfer of
    this checkout, even where another one is installed."""
    before = os.environ.get("PYTHONPATH")
    return os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{before}" if before else str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": str(threads),
    }


def in_repository(path: Path) -> Path:
    """The path as commands name it, which run in the repository.

    Raises:
        VidferError: it has a space in it, which would be two words in a command.
    """
    there = Path(os.path.relpath(path.resolve(), ROOT))
    if shlex.quote(str(there)) != str(there):
        raise VidferError(f"{path} cannot stand in a command as it is; choose a name of letters and digits")
    return there


def run_steps(steps: Sequence[Step], out: Path, *, jobs: int) -> None:
    """Run all steps that are not finished yet, each as a process with one thread.

    ``out`` gets ``logs/<name>.log`` and, once a step is finished, ``done/<name>.json`` with its command and
    its seconds. A step whose command has changed since is run again, as are those that need it. Where one
    fails, those that need it are left out, and the others go on.

    Args:
        steps: each after those that it needs.
        out: folder of the study; one process at a time works in it.
        jobs: how many at a time.

    Raises:
        SystemExit: a step failed; a signal asked to stop; another process, or a step that one left behind,
            is at work in ``out``.
    """
    out.mkdir(parents=True, exist_ok=True)
    finished = {*cpu_seconds(steps, out)}
    waiting = [step for step in steps if step.name not in finished]
    failed: list[str] = []
    running: list[Running] = []
    begin = time.monotonic()

    def tell(*, keep: bool = False) -> None:
        names = ", ".join(one.step.name for one in running)
        line = f"{len(finished)}/{len(steps)} steps, {(time.monotonic() - begin) / 60:.0f} min"
        line += f", {len(failed)} failed" if failed else ""
        say(line + (f"; now {names}" if names else ""), keep=keep)

    with only_one(out) as lock, stopped_as_one(running) as asked_to_stop:
        while True:
            if asked_to_stop:
                raise SystemExit(128 + asked_to_stop[0])
            for step in [step for step in waiting if finished.issuperset(step.after)]:
                if len(running) < jobs:
                    waiting.remove(step)
                    running.append(start(step, out, lock))
                    tell()
            if not running:
                break  # all are finished, or what is left needs a step that failed
            time.sleep(POLL_S)
            for one in [one for one in running if one.has_ended()]:
                running.remove(one)
                if one.process.returncode:
                    failed.append(one.step.name)
                    say(one.complaint(), keep=True)
                else:
                    finished.add(one.step.name)
                    mark_done(one, out)
                tell()
    tell(keep=True)
    if failed:
        left = f"; {len(waiting)} that need them were left out" if waiting else ""
        raise SystemExit(f"{len(failed)} of {len(steps)} steps failed{left}. Mend it and start again.")


@dataclass(kw_only=True)
class Running:
    """A step at work."""

    step: Step
    process: subprocess.Popen
    log: Path
    begin: float
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def has_ended(self) -> bool:
        # Not Popen.poll, which does not say how much CPU time it was.
        pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
        if not pid:
            return False
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s, self.wall_s = used.ru_utime + used.ru_stime, time.monotonic() - self.begin
        return True

    def complaint(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        what = f"{self.step.name} ended with status {self.process.returncode}, its log with:"
        return "\n".join([what, *(f"    {line}" for line in lines)])


def start(step: Step, out: Path, lock: int) -> Running:
    """A step's process, writing to its log."""
    log = out / "logs" / f"{step.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.write(f"$ {step.command}\n".encode())
        file.flush()
        process = subprocess.Popen(
            shlex.split(step.command),
            cwd=ROOT,
            env=environment(threads=1) | {"TQDM_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            # As long as a step lives, left behind by a kill, no second one starts on the same folder.
            pass_fds=[lock],
            # Ctrl-C reaches this program alone, which then stops its steps.
            start_new_session=True,
        )
    return Running(step=step, process=process, log=log, begin=time.monotonic())


def mark_done(one: Running, out: Path) -> None:
    record = out / "done" / f"{one.step.name}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    write_json(record, {"command": one.step.command, "cpu_s": one.cpu_s, "wall_s": one.wall_s})


def cpu_seconds(steps: Sequence[Step], out: Path) -> dict[str, float]:
    """CPU seconds of the finished steps by name: those that ran with this command, after all that they need.

    Args:
        steps: each after those that it needs.
        out: folder of the study.
    """
    found: dict[str, float] = {}
    for step in steps:
        file = out / "done" / f"{step.name}.json"
        record = json.loads(file.read_text()) if file.exists() else {}
        if record.get("command") == step.command and found.keys() >= {*step.after}:
            found[step.name] = record["cpu_s"]
    return found


@contextmanager
def only_one(out: Path) -> Iterator[int]:
    """Holds the folder's lock, which the steps inherit."""
    with (out / "lock").open("w") as file:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > give_up:
                    raise SystemExit(f"{out} is being worked on already; wait for that, or stop it") from None
                time.sleep(POLL_S)
        yield file.fileno()


@contextmanager
def stopped_as_one(running: list[Running]) -> Iterator[list[int]]:
    """However this ends, the running steps end with it.

    Gives the list of signals (SIGTERM, Ctrl-C) that asked for an end. It is for the caller to look there: as
    an exception, one could come between a step's start and its being known here, and leave it behind.
    """
    asked: list[int] = []

    def note(number: int, _) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for one in running:
            os.killpg(one.process.pid, signal.SIGTERM)
        for one in running:
            one.process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def say(text: str, *, keep: bool = False) -> None:
    """A line on stderr; on a terminal the next one takes its place unless it is to be kept."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if keep else "", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)
