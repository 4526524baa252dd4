"""Synthetic people: drawn from FACS action units, written as real video files."""
