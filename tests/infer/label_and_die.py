"""Label clips of a cache, a piece for each batch; with a number above 0, SIGKILL before so many pieces."""

import os
import signal
import sys
from pathlib import Path

import torch
from accelerate import Accelerator

from vidfer.data.dataset import ClipDataset
from vidfer.infer import labelling
from vidfer.models.build import build_recogniser
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Settings
from vidfer.models.settings import ModelSettings

cache, file, dies_at, asked = sys.argv[1:]
accelerator = Accelerator(cpu=True)
labelling.SAVE_EVERY_S = 0
pieces = 0
write_piece = labelling._write_piece


def write_or_die(found, *where):
    global pieces
    pieces += 1
    if pieces == int(dies_at) and accelerator.is_main_process:
        os.kill(os.getpid(), signal.SIGKILL)
    write_piece(found, *where)
    with Path(f"{asked}-{accelerator.process_index}").open("a") as log:
        log.write(" ".join(str(clip) for part in found for clip in part.clips) + "\n")


labelling._write_piece = write_or_die
torch.manual_seed(0)
torch.set_num_threads(1)
model = build_recogniser(
    ModelSettings(encoder=GroupedResNet18Settings(width=4)), ["angry", "happy", "sad"]
).eval()
clips = ClipDataset(cache, range(3, 40), n_frames=2)
labelling.label_clips(model, clips, Path(file), accelerator, key="me", batch_size=4)
