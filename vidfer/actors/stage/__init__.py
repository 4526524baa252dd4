"""Puts the head into a scene: room, camera, light, and what comes in front of the face."""
