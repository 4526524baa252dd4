"""See: video file to frames, to a followed face, to aligned crops of face, eyes and mouth."""

REGIONS = ("face", "eyes", "mouth")
"""The regions of a crop, always in this order."""

STATUS = ("missing", "detected", "tracked", "interpolated", "assumed")
"""What is known of the face in a frame; the position in this tuple is the number that the cache stores."""

CROPS_VERSION = 2
"""Raised when the same settings give other crops, so that no cache mixes crops of two kinds."""
