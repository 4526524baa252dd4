"""Several processes on one cache, started by ``accelerate launch`` or ``torchrun`` on one machine or many."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from vidfer.parent import end_with_launcher


@dataclass(kw_only=True)
class ProcessGroup:
    """The processes that a launcher has started, as one of them sees them.

    Rank 0 is the main process, and the only one that prints. The processes talk once: the main one tells each
    other one what to do. From then on everything that they share lies in files, so that no process waits for
    hours in a call that has a time limit.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Rank among the processes of this machine."""
    local_size: int = 1
    _sent: bool = field(default=False, init=False)

    @property
    def is_main(self) -> bool:
        """Whether this is the main process."""
        return self.rank == 0

    def send(self, messages: list[Any]) -> None:
        """In the main process: give every other process its message. Only the first call has an effect.

        Args:
            messages: picklable, one for each other process.
        """
        if self.size > 1 and not self._sent:
            self._sent = True
            _broadcast([messages])

    def receive(self) -> Any:
        """In another process: its message, or None when there is nothing to do."""
        box: list[list[Any]] = [[]]
        _broadcast(box)
        return box[0][self.rank - 1] if box[0] else None

    def dismiss(self) -> None:
        """In the main process: let the others end, unless they have received a message."""
        self.send([])

    def device(self, name: str) -> str:
        """The device of this process: with ``cuda``, each process of a machine gets one of its GPUs."""
        if name != "cuda" or self.local_size == 1:
            return name
        import torch

        return f"cuda:{self.local_rank % max(1, torch.cuda.device_count())}"


def join_process_group() -> ProcessGroup:
    """The processes with which this one was started. Without a launcher it is alone."""
    end_with_launcher()
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return ProcessGroup()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # otherwise accelerate warns that it sets this itself
    from accelerate import PartialState  # takes seconds: only where there are other processes

    # On the CPU, wherever the nets run: a few messages between processes need no GPU.
    state = PartialState(cpu=True, timeout=timedelta(days=1))
    return ProcessGroup(
        rank=state.process_index,
        size=state.num_processes,
        local_rank=state.local_process_index,
        local_size=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
    )


def _broadcast(box: list[Any]) -> None:
    """From the main process to all. Afterwards the connection is closed."""
    import torch
    from accelerate.utils import broadcast_object_list

    broadcast_object_list(box, from_process=0)
    torch.distributed.destroy_process_group()
