"""Kill `vidfer cache` at random moments, start it again, and count the caches that end as if undisturbed.

python tools/kill_cache.py --kills 50                  # the program
python tools/kill_cache.py --kills 20 --whom worker    # one of its workers: the clip is listed, then retried
python tools/kill_cache.py --kills 20 --processes 2    # one of two processes that make the cache together
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from counts import check_counts
from program import run


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to build and how often to kill it."""

    kills: int = 50
    """Trials: each builds a cache from nothing, with one kill on the way."""
    whom: Literal["program", "worker"] = "program"
    """What is killed: a process that was started, or one of its workers."""
    processes: int = 1
    """Processes that make the cache together, started by torchrun; each trial ends with one."""
    workers: int = 2
    """Workers of each."""
    root: Path | None = None
    """Videos to use; 24 short clips of actors are drawn when not given."""
    src: str = "folder"
    """How to read `root`, a name that `vidfer sources` lists."""
    seed: int = 0
    """Decides the moments."""

    def __post_init__(self) -> None:
        check_counts(self, "kills", "processes", "workers")


def main(settings: Settings) -> None:
    """Run all trials and print a table."""
    rng, seen, identical = random.Random(settings.seed), Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        root = settings.root or draw(Path(folder) / "actors")
        src = "actors" if settings.root is None else settings.src
        options = ["--src", src, "--root", str(root), "--size-px", "64", "--workers", str(settings.workers)]
        if settings.whom == "worker":  # a clip whose worker died is read again without decord, and says so
            options += ["--reader", "pyav"]
        out = Path(folder) / "undisturbed.h5"
        undisturbed = Run(settings.processes, [*options, "--out", str(out)], out)
        undisturbed.wait_for_work()
        begin = time.perf_counter()
        n_parts = 0
        while undisturbed.process.poll() is None:
            n_parts = max(n_parts, undisturbed.n_parts())
            time.sleep(0.02)
        work_s, wanted = time.perf_counter() - begin, out.read_bytes()
        print(f"undisturbed: {work_s:.1f} s of work, {len(wanted) / 1e6:.1f} MB, status {undisturbed.end()}")
        number = 0
        while sum(seen.values()) < settings.kills:
            number += 1
            out = Path(folder) / f"{number}.h5"
            run = Run(settings.processes, [*options, "--out", str(out)], out)
            run.wait_for_work()
            wait(run, rng, n_parts, work_s)
            where = phase(out)
            killed = run.kill(settings.whom, rng)
            status = run.end()
            if killed and status != 0:
                seen[where] += 1
                again = ["--retry-failed"] if settings.whom == "worker" else []
                final = Run(1, [*options, "--out", str(out), *again], out).end()
                same = out.read_bytes() == wanted and sorted(out.parent.glob(f"{number}.*")) == [out]
                identical += same
                end = "same" if same else "OTHER"
                print(f"{number}: killed {where}, status {status}, then {final}: {end}", flush=True)
            out.unlink()
    print(f"{identical} of {settings.kills} caches are identical, byte for byte")
    print("killed " + ", ".join(f"{where} {n} times" for where, n in sorted(seen.items())))
    raise SystemExit(identical != settings.kills)


def wait(run: Run, rng: random.Random, n_parts: int, work_s: float) -> None:
    """Wait until a random moment: during the start, between any two clips, or while joining."""
    moment = rng.random()
    if moment < 0.1:
        time.sleep(rng.uniform(0, work_s / 2))
    elif moment < 0.7:
        run.wait_for_parts(rng.randint(1, n_parts))
        time.sleep(rng.uniform(0, work_s / n_parts))
    else:
        run.wait_for_parts(n_parts)
        time.sleep(rng.uniform(0, 0.1))


class Run:
    """One start of the program."""

    def __init__(self, n: int, arguments: list[str], out: Path) -> None:
        start = [sys.executable, "-m"]
        if n > 1:
            start += ["torch.distributed.run", f"--nproc_per_node={n}", "--standalone", "-m"]
        self.n, self.parts = n, out.with_name(out.name + ".parts")
        self.process = subprocess.Popen(
            [*start, "vidfer", "cache", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"ACCELERATE_USE_CPU": "true"},
        )
        self.family: list[psutil.Process] = []

    def wait_for_work(self) -> None:
        """Wait until it has taken its lock."""
        while not self.parts.exists() and self.process.poll() is None:
            time.sleep(0.005)

    def n_parts(self) -> int:
        """Clips that are finished and not joined yet."""
        return len(list(self.parts.glob("*.part")))

    def wait_for_parts(self, n: int) -> None:
        """Wait until so many clips are finished."""
        while self.n_parts() < n and not list(self.parts.glob("*.joined")) and self.process.poll() is None:
            time.sleep(0.002)

    def kill(self, whom: str, rng: random.Random) -> bool:
        """Send SIGKILL; False when there was no process to kill any more."""
        try:
            this = psutil.Process(self.process.pid)
            self.family = this.children(recursive=True)
            programs = [this] if self.n == 1 else this.children()
            fork_servers = [child for program in programs for child in program.children()]
            workers = [worker for server in fork_servers for worker in server.children()]
            victims = programs if whom == "program" else workers
            if not victims:
                return False
            rng.choice(victims).send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            return False
        return True

    def end(self) -> int:
        """Wait for the program and for all processes that it has started: they must not outlive it."""
        status = self.process.wait(timeout=600)
        _, alive = psutil.wait_procs(self.family, timeout=60)
        if alive:
            raise SystemExit(f"these have outlived the program: {alive}")
        return status


def phase(out: Path) -> str:
    """How far the program has come."""
    parts = out.with_name(out.name + ".parts")
    if out.exists():
        return "at the end"
    if list(parts.glob("*.joined")):
        return "while joining"
    return "while reading" if list(parts.glob("*.part")) else "before the first clip was finished"


def draw(folder: Path) -> Path:
    """Short clips of actors."""
    from vidfer.actors.settings import ActorSettings
    from vidfer.actors.write import write_actors

    actors = ActorSettings(
        size=(160, 120),
        min_duration_s=0.6,
        max_duration_s=1.6,
        base_labels=("happy", "surprise"),
        novel_labels=(),
        train_per_class=5,
        val_per_class=2,
        test_per_class=2,
        unlabelled=6,
        train_subjects=3,
        val_subjects=1,
        test_subjects=1,
        unlabelled_subjects=2,
        novel_per_class=0,
    )
    write_actors(actors, folder)
    return folder


if __name__ == "__main__":
    run(main, Settings, __doc__)
