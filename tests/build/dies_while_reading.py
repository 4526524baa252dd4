"""A worker that is killed when it comes to a clip of the name ``deadly``, after the clips before it, and that
reads small batches."""

import os
import signal

from vidfer.build import make_group as grouping
from vidfer.build import make_part

read_clip, extract_crops = grouping.read_clip, make_part.extract_crops


def prepare(*arguments):
    grouping.BATCH_FRAMES = 20
    grouping.read_clip = lambda clip, settings: read_clip(living(clip), settings)
    make_part.extract_crops = lambda clip, *others: extract_crops(living(clip), *others)
    return make_part.prepare(*arguments)


def living(clip):
    if "deadly" in clip.id:
        os.kill(os.getpid(), signal.SIGKILL)
    return clip
