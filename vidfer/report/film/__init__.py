"""The film of a prediction: the video again, with what is predicted for each person."""
