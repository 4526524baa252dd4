"""The report says how pseudo-labels were selected, and what a person made of them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vidfer.learn.pseudo_labels import PseudoLabels, write_pseudo_labels
from vidfer.report.pseudo_labels import show_rounds


def shown_round(folder: Path, corrections: dict[str, str], selection: dict) -> str:
    """The text of a round on the page."""
    labels = PseudoLabels(
        clip_ids=tuple("abcde"),
        probabilities=np.tile(np.array([0.75, 0.25], np.float32), (5, 1)),
        has_face=np.ones(5, bool),
        weights=np.ones(5, np.int64),
        classes=("happy", "sad"),
        teacher_hash="t",
        cache_hash="c",
        corrections=corrections,
    )
    write_pseudo_labels(labels, folder / "round1.csv", selection)
    (shown,) = show_rounds([SimpleNamespace(name="student", pseudo_labels=[folder / "round1.csv"])])
    return shown.text


@pytest.mark.parametrize(
    ("temperature", "said"),
    [({"temperature": 1.5}, "calibrate yes, temperature 1.5"), ({}, "calibrate no, for there were too few")],
)
def test_it_says_calibrated_only_where_clips_were_enough(tmp_path, temperature, said):
    text = shown_round(tmp_path, {}, {"threshold": 0.3, "calibrate": True, **temperature})
    assert f"(threshold 0.3, {said}" in text


@pytest.mark.parametrize(
    ("corrections", "said"),
    [
        ({}, None),
        ({"a": "sad", "b": "drop"}, "A person has corrected 2 clips, 1 of them taken out."),
        (
            {"a": "happy", "b": "drop", "c": "happy", "d": "happy"},
            "4 clips, 1 of them taken out. Of those checked in this round the teacher was right in 75.0 %",
        ),
    ],
)
def test_how_many_were_corrected_and_how_often_the_teacher_was_right(tmp_path, corrections, said):
    text = shown_round(tmp_path, corrections, {"threshold": 0.3})
    assert (said in text) if said else ("corrected" not in text)
