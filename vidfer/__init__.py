"""From a folder of videos of people to a facial-expression recogniser, with as few labels as possible."""

__version__ = "0.1.0"
