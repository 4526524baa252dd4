"""Turns each data set into a list of :class:`Clip` records. No pixel is read here."""

from vidfer.clips.clip import Clip
from vidfer.clips.find import find_clips
from vidfer.clips.labels import BASIC, canonical_label
from vidfer.clips.source import Source
from vidfer.clips.sources import SOURCES

__all__ = ["BASIC", "SOURCES", "Clip", "Source", "canonical_label", "find_clips"]
