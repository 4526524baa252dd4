"""See: video file to frames, to a followed face, to aligned crops of face, eyes and mouth."""

REGIONS = ("face", "eyes", "mouth")
"""The regions of a crop, always in this order."""

STATUS = ("missing", "detected", "tracked", "interpolated")
"""What is known of the face in a frame; the position in this tuple is the number that the cache stores."""
