import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

from refused import refused

from vidfer.errors import CacheError, DiskError, SettingError
from vidfer.workers import LostWorker, _without_program, run_jobs


def prepare(offset: int):
    def work(task):
        if task == "crash":
            ctypes.string_at(0)
        if task == "leave":
            os._exit(3)
        if task == "hang":
            time.sleep(3600)
        if task == "out of memory":
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "nothing":
            return None
        if task == "disk full":
            raise DiskError("the disk is full")
        return task if isinstance(task, str) else task + offset

    return work


PREPARE = f"{__name__}:prepare"


def prepare_badly():
    raise SettingError("there is no device cuda:7")


def results_of(tasks, n_workers=2, limit_s=3000.0):
    limits_s = [0.5 if task == "hang" else limit_s for task in tasks]
    return dict(run_jobs(tasks, limits_s, PREPARE, (100,), n_workers))


def test_every_job_has_its_result():
    assert results_of(range(20)) == {i: i + 100 for i in range(20)}
    assert results_of([1, "nothing", 2]) == {0: 101, 1: None, 2: 102}


def test_a_lost_worker_costs_its_job_only():
    tasks = [1, "crash", 2, "hang", 3, "leave", 4, "out of memory", 5]
    results = results_of(tasks)
    assert {i: r for i, r in results.items() if not isinstance(r, LostWorker)} == {
        0: 101,
        2: 102,
        4: 103,
        6: 104,
        8: 105,
    }
    reasons = {tasks[i]: r.reason for i, r in results.items() if isinstance(r, LostWorker)}
    assert "SIGSEGV" in reasons["crash"]
    assert "within 0 s" in reasons["hang"] or "within 1 s" in reasons["hang"]
    assert "exit status 3" in reasons["leave"]
    assert "memory" in reasons["out of memory"]


def test_a_worker_that_dies_between_jobs_costs_none():
    others = {*multiprocessing.active_children()}
    results = run_jobs([0, 1, 2, 3], [3000.0] * 4, PREPARE, (100,), 1)
    assert next(results) == (0, 100)
    (worker,) = {*multiprocessing.active_children()} - others
    worker.kill()
    worker.join()
    assert dict(results) == {1: 101, 2: 102, 3: 103}


def test_what_no_job_would_survive_stops_all():
    with refused(DiskError, "disk is full"):
        results_of([1, "disk full", 2, 3, 4])
    with refused(SettingError, "cuda:7"):
        dict(run_jobs([1], [9.0], f"{__name__}:prepare_badly", (), 2))


def test_what_a_tick_raises_stops_all():
    ticks = []

    def tick():
        ticks.append(None)
        if len(ticks) > 3:
            raise CacheError("another process has failed")

    with refused(CacheError, "another process"):  # and not after the hour that the jobs may take
        dict(run_jobs(["hang"] * 2, [3600.0] * 2, PREPARE, (100,), 2, tick))


def test_a_script_that_guards_nothing_runs_once(tmp_path):
    (tmp_path / "work.py").write_text("def prepare(factor):\n    return lambda task: task * factor\n")
    script = tmp_path / "script.py"
    script.write_text(
        "from vidfer.workers import run_jobs\n"
        "print('begins')\n"
        "print(sorted(run_jobs([1, 2], [100.0] * 2, 'work:prepare', (7,), 2)), __name__)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("begins\n[(0, 7), (1, 14)] __main__\n", "")


def test_the_program_stays_where_two_threads_start_workers():
    program, begun, may_end = sys.modules["__main__"], threading.Event(), threading.Event()

    def start_other() -> None:
        with _without_program():
            begun.set()
            may_end.wait()

    other = threading.Thread(target=start_other)
    with _without_program():
        other.start()
        begun.wait(0.2)  # in vain: it waits for this one
    begun.wait()
    may_end.set()
    other.join()
    assert sys.modules["__main__"] is program


def test_the_signals_of_the_caller_stay_as_they_were():
    for blocked in ({signal.SIGINT, signal.SIGUSR1}, set()):
        before = signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        try:
            assert results_of([1]) == {0: 101}
            assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == blocked
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_leaving_early_stops_the_workers():
    others = {*multiprocessing.active_children()}
    results = run_jobs([1, "hang", "hang"], [3600.0] * 3, PREPARE, (100,), 2)
    assert next(results) == (0, 101)
    results.close()  # and not after the hour that the jobs may take
    assert {*multiprocessing.active_children()} <= others
