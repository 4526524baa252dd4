"""Measure: few-shot accuracy, classification, and how sure one can be of either (docs/evaluation.md)."""
