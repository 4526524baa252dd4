"""Networks that are included in vidfer, each named in one word where a checkpoint folder is asked for."""

from __future__ import annotations

from pathlib import Path

from vidfer.hub import fetch_checkpoint, is_address

ZOO = Path(__file__).parent / "zoo"
"""One folder for each network: weights, configuration, and README.md, the model card."""

IN_THE_BOX = "basic7"
"""The network that is taken unless the user names another one."""


def included_networks() -> tuple[str, ...]:
    """The names of the included networks, such as ``basic7``."""
    return tuple(sorted(config.parent.name for config in ZOO.glob("*/config.json")))


def checkpoint_folder(path: Path) -> Path:
    """The folder of a checkpoint: that of an included network if the path is its name, else the path.

    A folder of the user with the same name goes first. ``hf://owner/name`` is downloaded from the Hugging
    Face hub, see :func:`vidfer.hub.fetch_checkpoint`.
    """
    if is_address(path):
        return fetch_checkpoint(str(path))[0]
    path = Path(path)
    return ZOO / path if str(path) in included_networks() and not path.exists() else path


def best_checkpoint(folder: Path) -> Path:
    """The best checkpoint of a run folder; another folder is itself the checkpoint, and so is an included
    network."""
    best = Path(folder) / "checkpoints" / "best"
    return best if best.is_dir() else checkpoint_folder(folder)
