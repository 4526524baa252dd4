"""The data sets that vidfer reads, one file each. A new one is a file here and a line in :data:`SOURCES`."""

from __future__ import annotations

from vidfer.clips.source import Source
from vidfer.clips.sources.actors import ACTORS
from vidfer.clips.sources.afew import AFEW
from vidfer.clips.sources.bold import BOLD
from vidfer.clips.sources.ckplus import CKPLUS
from vidfer.clips.sources.cremad import CREMAD
from vidfer.clips.sources.dfew import DFEW
from vidfer.clips.sources.fer2013 import FER2013
from vidfer.clips.sources.folder import FOLDER
from vidfer.clips.sources.frames import FRAMES
from vidfer.clips.sources.prediction import PREDICTION_SEGMENTS
from vidfer.clips.sources.rafdb import RAFDB
from vidfer.clips.sources.ravdess import RAVDESS
from vidfer.clips.sources.sfew import SFEW
from vidfer.clips.sources.table import TABLE

SOURCES: dict[str, Source] = {
    "actors": ACTORS,
    "afew": AFEW,
    "bold": BOLD,
    "ckplus": CKPLUS,
    "cremad": CREMAD,
    "dfew": DFEW,
    "fer2013": FER2013,
    "folder": FOLDER,
    "frames": FRAMES,
    "prediction": PREDICTION_SEGMENTS,
    "rafdb": RAFDB,
    "ravdess": RAVDESS,
    "sfew": SFEW,
    "table": TABLE,
}
"""Each source by its name, which ``--src`` takes."""
