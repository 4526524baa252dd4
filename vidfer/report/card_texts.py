"""What every model card says: what it is for, how to use it, what its limits are."""

from __future__ import annotations

ACTORS_WARNING = (
    "> **Synthetic actors, not people.** The figures were measured on drawn faces. They prove that the "
    "machinery works; they say nothing about accuracy on people."
)

ONLY_DRAWN = (
    "> **Trained on drawn faces alone.** It does not work on people: in our measurements such networks did "
    "no better than guessing."
)

HERE = "path/to/this/folder"
"""What the examples of a card call the checkpoint, until it has an address."""

USE = """Research on facial expressions in video: naming the expression that a face shows in a short clip,
and, with a few-shot head, telling apart expressions it was not trained on from a few example clips of each.
Input is what `vidfer cache` makes of a video: aligned crops of face, eyes and mouth."""

LIMITS = """- An expression is not an emotion: the model names what a face shows, not what a person feels.
- Not for decisions about people: hiring, policing, education, border control, health.
- Accuracy on people unlike those in the training data (age, skin, culture, glasses, beards, camera) is not
  known unless a figure above says so.
- A clip in which no face is found has no answer, and counts as wrong in every figure.
- An interval over episodes tells how well the mean over episodes of the same clips is known. For other
  clips and other people read the intervals over clips and over subjects.
- The weights carry traces of faces, and so inherit the licence of the training videos and the duties that
  come with personal data."""

NOT_MEASURED = """**Not measured:** accuracy by age, sex, skin colour, culture or disability; children; faces
with veils, masks, scars or a palsy. Differences between such groups are usual, and nobody has shown that this
network has none. Measure it on people like yours: `vidfer eval` gives an interval for each cache."""


def how_to_use(address: str, *, classifies: bool) -> str:
    """Examples for the command line and for Python.

    Args:
        address: the checkpoint.
        classifies: whether it has classes of its own; otherwise it needs examples.
    """
    if not classifies:
        return (
            "It has no classes of its own: give it a few examples of each expression.\n\n"
            f"```\nvidfer predict film.mp4 --checkpoint {address} --support examples/\n```\n\n"
            "```python\nfrom pathlib import Path\n\nfrom vidfer.models.checkpoint import load_checkpoint\n\n"
            f'network, info = load_checkpoint(Path("{address}"))\nprint(network.settings.head)\n```'
        )
    return (
        f"```\nvidfer predict film.mp4 --checkpoint {address}\n```\n\n"
        "```python\nimport vidfer\n\n"
        f'for moment in vidfer.load("{address}").stream("film.mp4"):\n'
        "    print(moment.time_s, moment.face_id, moment.label, moment.probabilities)\n```"
    )
