"""Draws an upright, frontal head from an identity and action units."""
