"""Label many clips with a teacher, in pieces that survive a kill."""

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
from vidfer.errors import RunError
from vidfer.files import replace_durably, writing
from vidfer.infer.iterate import iterate_batches
from vidfer.infer.predict import Predictions, predict
from vidfer.models.checkpoint import HOW_TO_GO_ON

SAVE_EVERY_S = 10.0
"""How often a process writes a piece: a kill costs it no more than this."""

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
    """Predict the class of every clip and keep the predictions in ``file``.

    If ``file`` is there already, it is read. If an earlier call was killed, this call goes on after its last
    piece. All processes call this function and get all predictions. A batch always goes through one process
    as a whole, so on a CPU neither the number of processes nor a kill changes a bit of the result.

    Args:
        model: on the accelerator's device, not prepared; gives logits (B, C).
        clips: not in training mode.
        file: ``.safetensors`` file to write. Pieces of unfinished work are in a folder beside it.
        accelerator: tells the device, the number format and the processes that share the work.
        key: identifies the model, such as the hash of its checkpoint.
        batch_size: clips in a batch of one process.
        workers: loader processes per process.
        progress: called after each batch with the number of finished batches and the number of all batches of
            this process.

    Raises:
        RunError: ``file`` or a piece of it is damaged, or was made by another model.
    """
    pieces = file.with_suffix(".parts")
    if not file.exists():
        batches = np.array_split(np.arange(len(clips)), range(batch_size, len(clips), batch_size))
        done = {int(clip) for piece in _pieces(pieces, key) for clip in piece.clips}
        # The number of a batch decides which process labels it, whatever the others have done already.
        own = batches[accelerator.process_index :: accelerator.num_processes]
        own = [batch.tolist() for batch in own if clips.clips[batch[0]] not in done]
        if own:
            loader = build_loader(clips, batch_size, batches=own, workers=workers)
            _label(model, iterate_batches(loader, accelerator.device, progress), pieces, key, accelerator)
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            write_predictions(_joined(_pieces(pieces, key)), file, key)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process and pieces.exists():  # also pieces that a kill has left
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
    # Name a piece by its first clip, which no other piece has.
    write_predictions(_joined(found), pieces / f"{found[0].clips[0]:09d}.safetensors", key)


def _pieces(folder: Path, key: str) -> list[Predictions]:
    return [read_predictions(file, key) for file in sorted(folder.glob("*.safetensors"))]


def _joined(parts: list[Predictions]) -> Predictions:
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    order = np.argsort(columns["clips"])
    return Predictions(**{name: column[order] for name, column in columns.items()})


def write_predictions(predictions: Predictions, file: Path, key: str) -> None:
    """Write predictions and the key of their model as a whole or not at all."""
    temporary = file.with_name(file.name + ".tmp")
    tensors = {name: torch.from_numpy(np.ascontiguousarray(getattr(predictions, name))) for name in COLUMNS}
    with writing(file, HOW_TO_GO_ON):
        save_file(tensors, temporary, {"model": key})
        replace_durably(temporary, file)


def read_predictions(file: Path, key: str) -> Predictions:
    """Read what :func:`write_predictions` wrote.

    Raises:
        RunError: the file is damaged, or was made by another model.
    """
    try:
        with safe_open(file, "np") as tensors:
            model = (tensors.metadata() or {}).get("model")
            columns = {name: tensors.get_tensor(name) for name in COLUMNS}
    except (OSError, SafetensorError) as error:
        raise RunError(
            f"cannot read {file} ({error}); remove it, and the clips will be labelled again"
        ) from error
    if model != key:
        raise RunError(
            f"{file} was made by another teacher than the one that is there now; put the old teacher back, "
            f"or choose another --out"
        )
    return Predictions(**columns)
