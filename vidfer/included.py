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
    """The folder of a checkpoint, however a user names it.

    The path may be that folder; a run folder, which means its best checkpoint; the name of an included
    network, where the user has no folder of this name; or ``hf://owner/name``, which is downloaded from the
    Hugging Face hub (:func:`vidfer.hub.fetch_checkpoint`).
    """
    if is_address(path):
        return fetch_checkpoint(str(path))[0]
    path = Path(path)
    best = path / "checkpoints" / "best"
    if best.is_dir():
        return best
    return ZOO / path if str(path) in included_networks() and not path.exists() else path
