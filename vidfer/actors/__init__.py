"""Synthetic people, drawn from FACS action units and written as video files.

The way of a clip: ``plan`` says who shows which expression, ``identity`` draws the person, ``acting`` moves
the action units, ``face`` draws the head, ``stage`` puts it into a scene, ``write`` makes the files.
"""
