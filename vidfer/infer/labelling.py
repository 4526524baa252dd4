"""A teacher looks at many clips, in pieces that outlive a kill."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.errors import VidferError
from vidfer.files import replace_durably
from vidfer.infer.iterate import walk
from vidfer.infer.predict import Predictions, predict

SAVE_EVERY_S = 10.0
"""A kill costs each process no more than this."""

COLUMNS = ("clips", "probabilities", "labels", "has_face")


def label_clips(
    model: nn.Module,
    clips: ClipDataset,
    file: Path,
    accelerator: Accelerator,
    *,
    key: str,
    batch_size: int,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """What a model says of every clip, kept in ``file``; what is kept there already is not asked again.

    Each batch is seen by one process as a whole, so a number of processes, or a kill and another call, change
    no bit of the result on a CPU. All processes call this and get all of it.

    Args:
        model: on the accelerator's device, not prepared; gives logits (B, C).
        clips: in evaluation, that is, evenly spaced frames.
        file: to write, ``.safetensors``; pieces of unfinished work lie in a folder beside it.
        accelerator: says device, number format and how many processes share the work.
        key: names the model, such as the hash of its checkpoint.
        batch_size: clips that one process looks at at once.
        workers: loader processes of each process.
        progress: called with the number of batches done and of all that this process has to do.

    Raises:
        VidferError: ``file`` or a piece of it is of another model, or damaged.
    """
    pieces = file.with_suffix(".parts")
    if not file.exists():
        batches = np.array_split(np.arange(len(clips)), range(batch_size, len(clips), batch_size))
        done = {int(clip) for piece in _pieces(pieces, key) for clip in piece.clips}
        # By its number, a batch is the business of one process, whatever the others have done meanwhile.
        mine = batches[accelerator.process_index :: accelerator.num_processes]
        mine = [batch.tolist() for batch in mine if clips.clips[batch[0]] not in done]
        if mine:
            loader = build_loader(clips, batch_size, batches=mine, workers=workers)
            _label(model, walk(loader, accelerator.device, progress), pieces, key, accelerator)
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            write_predictions(_joined(_pieces(pieces, key)), file, key)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process and pieces.exists():  # also those that a kill has left
        shutil.rmtree(pieces)
    return read_predictions(file, key)


def _label(model: nn.Module, batches, pieces: Path, key: str, accelerator: Accelerator) -> None:
    pieces.mkdir(parents=True, exist_ok=True)
    found, saved_s = [], time.monotonic()
    for batch in batches:
        with accelerator.autocast():
            found.append(predict(model, [batch]))
        if time.monotonic() - saved_s >= SAVE_EVERY_S:
            _write_piece(found, pieces, key)
            found, saved_s = [], time.monotonic()
    if found:
        _write_piece(found, pieces, key)


def _write_piece(found: list[Predictions], pieces: Path, key: str) -> None:
    # No other piece has the same first clip.
    write_predictions(_joined(found), pieces / f"{found[0].clips[0]:09d}.safetensors", key)


def _pieces(folder: Path, key: str) -> list[Predictions]:
    return [read_predictions(file, key) for file in sorted(folder.glob("*.safetensors"))]


def _joined(parts: list[Predictions]) -> Predictions:
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    order = np.argsort(columns["clips"])
    return Predictions(**{name: column[order] for name, column in columns.items()})


def write_predictions(predictions: Predictions, file: Path, key: str) -> None:
    """Writes predictions as a whole or not at all, with the key of the model that made them."""
    temporary = file.with_name(file.name + ".tmp")
    tensors = {name: torch.from_numpy(np.ascontiguousarray(getattr(predictions, name))) for name in COLUMNS}
    save_file(tensors, temporary, {"model": key})
    replace_durably(temporary, file)


def read_predictions(file: Path, key: str) -> Predictions:
    """Reads what :func:`write_predictions` wrote.

    Raises:
        VidferError: it is of another model, or damaged.
    """
    try:
        with safe_open(file, "np") as tensors:
            model = (tensors.metadata() or {}).get("model")
            columns = {name: tensors.get_tensor(name) for name in COLUMNS}
    except (OSError, SafetensorError) as error:
        raise VidferError(
            f"{file} cannot be read ({error}); remove it, and the clips are labelled again"
        ) from error
    if model != key:
        raise VidferError(
            f"{file} was made by another teacher than the one that is there now; put that one back, or "
            f"choose another --out"
        )
    return Predictions(**columns)
