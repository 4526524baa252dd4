"""Show: figures, one HTML page about runs and results, model cards (docs/report.md)."""
