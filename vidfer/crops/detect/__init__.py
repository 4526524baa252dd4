"""Detect: finds the faces of a frame, with MTCNN."""
