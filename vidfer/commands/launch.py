"""Start several processes of a program that train together, and end as the first that fails."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from vidfer.commands.say import say
from vidfer.errors import SettingError
from vidfer.parent import LAUNCHER

USE_CPU = "ACCELERATE_USE_CPU"
THREADS = "OMP_NUM_THREADS"
HANDLED = [
    getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "QUIT") if hasattr(signal, f"SIG{name}")
]
"""Signals on which torch ends the processes before it ends itself."""


def launch(command: Sequence[str], processes: int) -> int:
    """Run a command in so many processes of this machine, one for each GPU, or on the CPU without a GPU.

    The processes find each other through the variables of torchrun, which Accelerate reads. The first one
    writes to the terminal. What the others write to standard error is shown only if one of them fails alone.

    Args:
        command: the program and its arguments, the same for each process.
        processes: their number, 2 or more.

    Returns:
        the exit status: 0, or that of the process that failed first; 128 + its number after a signal.

    Raises:
        SettingError: more processes than GPUs, or than cores where there is no GPU.
    """
    from accelerate.utils import patch_environment as patched_environment
    from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    surroundings = patched_environment(**_surroundings(processes))
    with surroundings, _as_before(), TemporaryDirectory(prefix="vidfer_train_") as folder:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=processes,
            run_id=uuid.uuid4().hex,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=0,
            logs_specs=DefaultLogsSpecs(folder, redirects=dict.fromkeys(range(1, processes), Std.ERR)),
        )
        try:
            elastic_launch(config, command[0])(*command[1:])
        except ChildFailedError as error:
            return _tell(error.failures, Path(folder))
        except SignalException as error:
            number = int(error.sigval)
            if number != signal.SIGINT:  # on Ctrl-C the first process says it
                _say_ended(f"it got {signal.Signals(number).name}")
            return 128 + number
    return 0


def _surroundings(processes: int) -> dict[str, str]:
    """The variables of the environment that the processes need besides those of torchrun."""
    import torch

    found = {LAUNCHER: str(os.getpid())}
    if os.environ.get(USE_CPU, "").lower() not in ("1", "true", "yes") and torch.cuda.is_available():
        gpus = torch.cuda.device_count()
        if processes > gpus:
            raise SettingError(
                f"--processes {processes}: this machine shows {gpus} GPUs, and each process needs one; give "
                f"{gpus} or fewer, or set {USE_CPU}=1 to train on the CPU"
            )
        return found
    # Threads of several processes must not crowd each other out.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = max(2, cores)
    if processes > most:
        raise SettingError(
            f"--processes {processes}: more processes than cores wait for each other (cores here: {cores}); "
            f"give {most} or fewer"
        )
    return found | {USE_CPU: "1", THREADS: os.environ.get(THREADS) or str(max(1, cores // processes))}


def _tell(failures: Mapping[int, object], folder: Path) -> int:
    """Say why the run failed, as far as the terminal does not have it; returns the exit status."""
    # The launcher itself ends the others with SIGTERM as soon as one has failed.
    rank = min(failures, key=lambda rank: (failures[rank].exitcode == -signal.SIGTERM, rank))
    first = failures[rank]
    if rank:  # what the first process wrote is on the terminal
        for file in folder.glob(f"*/attempt_0/{rank}/stderr.log"):
            say(file.read_text(encoding="utf-8", errors="replace").rstrip(), file=sys.stderr)
    if first.exitcode < 0:
        name = signal.Signals(-first.exitcode).name
        why = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        _say_ended(f"process {rank + 1} was ended by {name}{why}")
        return 128 - first.exitcode
    return first.exitcode


def _say_ended(why: str) -> None:
    say(f"vidfer: the run has ended: {why}; --resume goes on from the last state", file=sys.stderr)


@contextmanager
def _as_before() -> Iterator[None]:
    """For a while no logger of this process writes, as :func:`launch` says itself what failed; afterwards the
    handlers of signals are those from before, which torch replaces."""
    disabled = logging.root.manager.disable
    handlers = {number: signal.getsignal(number) for number in HANDLED}
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        for number, handler in handlers.items():
            signal.signal(number, handler)
