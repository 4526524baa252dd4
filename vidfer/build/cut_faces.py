"""Cutting the crops of a clip as they are written. Whatever goes wrong becomes a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from vidfer.build.write_part import Face
from vidfer.clips.clip import Clip, plain_text
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.extract import ClipCrops
from vidfer.errors import DataError, VidferError
from vidfer.prefetch import prefetch
from vidfer.timing import iterate_timed


def with_crops(face: ClipCrops, clip: Clip, overlap: bool) -> Face:
    """A face and its crops, timed, and cut in a thread of their own if wanted."""
    crops = _cut(face, clip)
    return face.track, prefetch(crops) if overlap else crops


def _cut(face: ClipCrops, clip: Clip) -> Iterator[np.ndarray]:
    """The crops of a face in pieces."""
    pieces = iterate_timed("cut", face.iter_crops())
    while True:
        with faults_as_reasons(clip):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


@contextmanager
def faults_as_reasons(clip: Clip) -> Iterator[None]:
    """Turn whatever reading a clip raises into a DataError with a reason that names no path of this
    machine."""
    try:
        yield
    except UnreadableVideo as error:
        raise DataError(without_paths(error.reason, clip)) from error
    except VidferError as error:
        raise DataError(without_paths(str(error), clip)) from error
    except Exception as error:  # a decoder or a net that fails on one clip must not stop the others
        raise DataError(without_paths(f"{type(error).__name__}: {error}", clip)) from error


def without_paths(text: str, clip: Clip) -> str:
    """A text in one line, with the id of the clip in the place of its path."""
    return plain_text(" ".join(text.replace(str(clip.path), clip.id).split()))
