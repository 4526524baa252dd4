"""The page of a prediction: what each person of each input shows over time."""
