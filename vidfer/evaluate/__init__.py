"""Measure: few-shot accuracy and classification with intervals, and comparisons (docs/evaluation.md)."""
