"""Studies: many trainings and evaluations that end in one table. ``python tools/study.py NAME`` runs one."""
