"""Measure: few-shot accuracy and classification, with their intervals, and comparisons (docs/evaluation.md)."""
