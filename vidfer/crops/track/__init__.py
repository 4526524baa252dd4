"""Track: follows the faces of people through the frames of a clip."""
