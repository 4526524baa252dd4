"""Several processes on one cache, started by ``accelerate launch`` or ``torchrun`` on one machine or many."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(kw_only=True)
class Team:
    """The processes that work together; the first of them is the main one, and the only one that speaks.

    They talk once: the main process says what each other one is to do. From then on all that they have in
    common lies in files, so that nobody waits for hours in a call that has a time limit.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Among the processes of this machine."""
    local_size: int = 1
    _told: bool = field(default=False, init=False)

    @property
    def is_main(self) -> bool:
        """Whether this is the main process."""
        return self.rank == 0

    def tell(self, tasks: list[Any]) -> None:
        """As the main process: give every other one its task; can be done once.

        Args:
            tasks: picklable, one for each process but this one.
        """
        if self.size > 1 and not self._told:
            self._told = True
            _broadcast([tasks])

    def listen(self) -> Any:
        """As another process: the task, or None when there is nothing to do."""
        box: list[list[Any]] = [[]]
        _broadcast(box)
        return box[0][self.rank - 1] if box[0] else None

    def dismiss(self) -> None:
        """As the main process: let the others go, unless they have been given tasks."""
        self.tell([])

    def device(self, name: str) -> str:
        """The device of this process: ``cuda`` is one of its machine for each of its processes."""
        if name != "cuda" or self.local_size == 1:
            return name
        import torch

        return f"cuda:{self.local_rank % max(1, torch.cuda.device_count())}"


def join_team() -> Team:
    """The processes with which this one was started; alone, unless a launcher says otherwise."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return Team()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # or accelerate warns that it sets it
    from accelerate import PartialState  # takes seconds: only where there are others

    # On the processor, wherever the nets run: a few words between the processes need no accelerator.
    state = PartialState(cpu=True, timeout=timedelta(days=1))
    return Team(
        rank=state.process_index,
        size=state.num_processes,
        local_rank=state.local_process_index,
        local_size=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
    )


def _broadcast(box: list[Any]) -> None:
    """From the main process to all; then the connection is given up."""
    import torch
    from accelerate.utils import broadcast_object_list

    broadcast_object_list(box, from_process=0)
    torch.distributed.destroy_process_group()
