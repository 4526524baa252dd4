"""Decode: reads videos, images and folders of images; the right frames at the right times."""
