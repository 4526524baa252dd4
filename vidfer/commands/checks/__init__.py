"""What ``vidfer doctor`` checks: one small function for each thing, which gives findings."""
