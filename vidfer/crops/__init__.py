"""Crops: turns a video into frames, followed faces, and aligned crops of face, eyes and mouth."""

REGIONS = ("face", "eyes", "mouth")
"""The regions of a crop, always in this order."""

STATUS = ("missing", "detected", "tracked", "interpolated", "assumed")
"""How the face of a frame was found. The cache stores the position in this tuple."""

CROPS_VERSION = 3
"""A larger number means that the same settings give other crops. No cache mixes two versions."""
