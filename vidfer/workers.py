"""Worker processes: one that crashes or hangs costs its own job only.

The pools of the standard library and of ``loky`` give up all running jobs when one process dies, and have no
time limit that ends a process. Decoders do crash and hang, so vidfer keeps its own.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, forkserver, get_context, resource_tracker
from types import ModuleType
from typing import Any

from vidfer.errors import CacheError, VidferError
from vidfer.parent import end_with_parent
from vidfer.running_time import RunningTime

NOT_YET = object()
"""Instead of the result of a job that is not done; None may be a result."""


@dataclass(frozen=True)
class LostWorker:
    """The result of a job whose worker process died or was stopped."""

    reason: str
    died: bool
    """True: the process ended by itself, or something else ended it. False: it exceeded the time limit."""


def run_jobs(
    jobs: Sequence[Any],
    limits_s: Sequence[float],
    prepare: str,
    arguments: tuple,
    n_workers: int,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Any]]:
    """Do all jobs in worker processes, in order. Yield the position and result of each job when it is done.

    A result is what the worker returned, or a :class:`LostWorker` when it died or took too long. A new worker
    then takes its place. Whoever leaves the generator early stops all workers at once.

    Args:
        jobs: picklable arguments, one for each job.
        limits_s: the most seconds that each job may take, without those in which this process stands still.
        prepare: ``module:function``. It is called once in each worker with ``arguments``, and returns the
            function that does a job. It is given by name, so that only the workers import what it needs.
        arguments: for ``prepare``; picklable.
        n_workers: number of processes.
        tick: called about every second. What it raises stops all workers.

    Raises:
        VidferError: ``prepare`` fails, or the function that does a job raises VidferError: no other job
            would succeed either.
    """
    waiting = deque(range(len(jobs)))
    # A fork server forks from a process without threads or open files.
    context = get_context("forkserver")
    start_fork_server(prepare.partition(":")[0])
    workers = [_Worker(context, prepare, arguments) for _ in range(min(n_workers, len(jobs)))]
    running_s = RunningTime()
    try:
        while any(worker.job is not None for worker in workers) or waiting:
            now_s = running_s()
            for worker in workers:
                is_free = worker.ready and worker.job is None
                if is_free and waiting and worker.start_job(waiting[0], jobs, now_s, limits_s):
                    waiting.popleft()
            soonest_s = min((w.deadline_s for w in workers if w.job is not None), default=now_s + 1.0)
            wait_s = max(0.0, min(soonest_s - now_s, 1.0))
            connection.wait([worker.pipe for worker in workers], timeout=wait_s)
            tick()
            now_s = running_s()
            for worker in list(workers):
                job, result = worker.job, worker.poll(now_s)
                if result is NOT_YET:
                    continue
                if isinstance(result, LostWorker):
                    worker.stop()
                    workers.remove(worker)
                    if waiting:
                        workers.append(_Worker(context, prepare, arguments))
                if job is not None:  # None: it died between two jobs
                    yield job, result
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """One worker process, as seen by the process that gives the jobs."""

    def __init__(self, context, prepare: str, arguments: tuple) -> None:
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(far_end, prepare, arguments), daemon=True)
        with _without_program():
            self.process.start()
        far_end.close()  # so that the pipe ends with the process
        self.ready, self.job, self.limit_s, self.deadline_s = False, None, 0.0, 0.0

    def start_job(self, job: int, jobs: Sequence[Any], now_s: float, limits_s: Sequence[float]) -> bool:
        """Send a job to the process; False when it has died meanwhile."""
        try:
            self.pipe.send(jobs[job])
        except (BrokenPipeError, ConnectionResetError):
            return False
        self.job, self.limit_s, self.deadline_s = job, limits_s[job], now_s + limits_s[job]
        return True

    def poll(self, now_s: float) -> Any:
        """The result of its job, or :data:`NOT_YET`."""
        if self.pipe.poll():
            try:
                kind, value = self.pipe.recv()
            except (EOFError, ConnectionResetError):
                return self._died()
            if kind == "stop":
                raise value
            if kind == "ready":
                self.ready = True
                return NOT_YET
            self.job = None
            return value
        if self.job is not None and now_s > self.deadline_s:
            return LostWorker(f"gave no result within {self.limit_s:.0f} s", died=False)
        return NOT_YET

    def stop(self) -> None:
        """End the process and whatever it has started."""
        if self.ready and self.process.is_alive():
            with suppress(ProcessLookupError, PermissionError):  # gone already
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def _died(self) -> LostWorker:
        self.process.join()
        code = self.process.exitcode
        try:
            how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        except ValueError:
            how = f"signal {-code}"
        if not self.ready:
            raise CacheError(f"a worker process could not start ({how}); see its output above")
        hint = ", perhaps for lack of memory" if how == "SIGKILL" else ""
        return LostWorker(f"the process that worked on it died ({how}{hint})", died=True)


def start_fork_server(*modules: str) -> None:
    """Start Python's fork server, unless it runs: it imports modules once for all processes that it makes.

    Neither it nor they get Ctrl-C, at which they would end in tracebacks; the parent handles it.

    Args:
        modules: full names of what the processes need; ``__main__`` is the program itself.
    """
    forkserver.set_forkserver_preload([*modules])
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    resource_tracker.ensure_running()  # first, because this unblocks signals
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_hiding_program = threading.Lock()


@contextmanager
def _without_program() -> Iterator[None]:
    """Processes that start in this block do not import the program, of which they need nothing.

    multiprocessing would run a script again in each process, and a script that calls
    :func:`vidfer.build_cache` without ``if __name__ == "__main__":`` would call it again there.

    One thread at a time does this: of two, one would put back what the other has put in the program's place.
    """
    with _hiding_program:
        program = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = program


def _serve(pipe: connection.Connection, prepare: str, arguments: tuple) -> None:
    """What a worker process does: prepare, then one job after another until the pipe ends."""
    os.setsid()  # Ctrl-C then reaches the parent only; killing the group ends what a library has started
    end_with_parent(whole_group=True)
    try:
        module, _, function = prepare.partition(":")
        work = getattr(importlib.import_module(module), function)(*arguments)
        pipe.send(("ready", None))
        while True:
            pipe.send(("done", work(pipe.recv())))
    except VidferError as error:
        kinds = (kind for kind in type(error).__mro__ if kind.__module__ == VidferError.__module__)
        pipe.send(("stop", next(kinds)(str(error))))  # the kinds in errors.py can be pickled
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
