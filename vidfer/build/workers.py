"""Worker processes of which each may crash or hang at the cost of its job only."""

from __future__ import annotations

import importlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, forkserver, get_context, parent_process, resource_tracker
from typing import Any

from vidfer.errors import VidferError


@dataclass(frozen=True)
class Job:
    """Something to do within a time."""

    task: Any
    limit_s: float


@dataclass(frozen=True)
class Lost:
    """A job whose worker died or was stopped."""

    reason: str
    died: bool
    """It ended by itself, or something else than this program ended it."""


def run_jobs(
    jobs: Sequence[Job],
    prepare: str,
    arguments: tuple,
    n_workers: int,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Any]]:
    """Do all jobs in worker processes, in order; yield each position with its result as soon as it is there.

    A result is what the worker returned, or :class:`Lost` when it died or took too long; it is replaced by a
    new worker then. Leaving the generator early stops all workers at once.

    Args:
        jobs: what to do.
        prepare: ``module:function``, called once in each worker with ``arguments``; it returns the function
            that does a task. A name, so that what it needs is imported by the workers only.
        arguments: for ``prepare``; picklable.
        n_workers: how many processes.
        tick: called about every second; what it raises stops all workers.

    Raises:
        VidferError: when ``prepare`` fails, or the function raises VidferError: no further job would fare
            better.
    """
    waiting = deque(range(len(jobs)))
    # A fork server has the libraries imported once, and forks from a process without threads or open files.
    context = get_context("forkserver")
    context.set_forkserver_preload([prepare.partition(":")[0]])
    _start_fork_server()
    workers = [_Worker(context, prepare, arguments) for _ in range(min(n_workers, len(jobs)))]
    try:
        while any(worker.job is not None for worker in workers) or waiting:
            for worker in workers:
                if worker.ready and worker.job is None and waiting and worker.give(waiting[0], jobs):
                    waiting.popleft()
            now = time.monotonic()
            soonest = min((w.deadline for w in workers if w.job is not None), default=now + 1.0)
            connection.wait([worker.pipe for worker in workers], timeout=max(0.0, min(soonest - now, 1.0)))
            tick()
            for worker in list(workers):
                job, result = worker.job, worker.look(jobs)
                if result is None:
                    continue
                if isinstance(result, Lost):
                    worker.stop()
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker(context, prepare, arguments))
                if job is not None:  # it may have died between two jobs
                    yield job, result
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """One process with a pipe, seen from the side that gives the jobs."""

    def __init__(self, context, prepare: str, arguments: tuple) -> None:
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(far_end, prepare, arguments), daemon=True)
        self.process.start()
        far_end.close()  # so that the pipe ends with the process
        self.ready, self.job, self.deadline = False, None, 0.0

    def give(self, job: int, jobs: Sequence[Job]) -> bool:
        """Start a job; False when the process has died meanwhile."""
        try:
            self.pipe.send(jobs[job].task)
        except (BrokenPipeError, ConnectionResetError):
            return False
        self.job, self.deadline = job, time.monotonic() + jobs[job].limit_s
        return True

    def look(self, jobs: Sequence[Job]) -> Any | None:
        """The result of its job, if there is one by now."""
        if self.pipe.poll():
            try:
                kind, value = self.pipe.recv()
            except (EOFError, ConnectionResetError):
                return self._died()
            if kind == "stop":
                raise VidferError(value)
            if kind == "ready":
                self.ready = True
                return None
            self.job = None
            return value
        if self.job is not None and time.monotonic() > self.deadline:
            return Lost(f"gave no result within {jobs[self.job].limit_s:.0f} s", died=False)
        return None

    def stop(self) -> None:
        """End the process and whatever it has started."""
        if self.ready and self.process.is_alive():
            with suppress(ProcessLookupError, PermissionError):  # gone already
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def _died(self) -> Lost:
        self.process.join()
        code = self.process.exitcode
        try:
            how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        except ValueError:
            how = f"signal {-code}"
        if not self.ready:
            raise VidferError(f"a worker process could not start ({how}); see its output above")
        hint = ", perhaps for want of memory" if how == "SIGKILL" else ""
        return Lost(f"the process that read it died ({how}{hint})", died=True)


def _start_fork_server() -> None:
    """Start it deaf to Ctrl-C, which is for the parent: its imports would end in a traceback."""
    resource_tracker.ensure_running()  # first, since it lets signals through again
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _serve(pipe: connection.Connection, prepare: str, arguments: tuple) -> None:
    """What a worker process does: prepare, then one task after another until the pipe ends."""
    os.setsid()  # Ctrl-C reaches the parent only, and killing the group ends what a library may have started
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        module, _, function = prepare.partition(":")
        work = getattr(importlib.import_module(module), function)(*arguments)
        pipe.send(("ready", None))
        while True:
            pipe.send(("done", work(pipe.recv())))
    except VidferError as error:
        pipe.send(("stop", str(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass


def _die_with_parent() -> None:
    connection.wait([parent_process().sentinel])
    os.killpg(0, signal.SIGKILL)
