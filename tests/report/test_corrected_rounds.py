"""The report says what a person made of the pseudo-labels."""

from types import SimpleNamespace

import numpy as np
import pytest

from vidfer.learn.pseudo_labels import PseudoLabels, write_pseudo_labels
from vidfer.report.pseudo_labels import show_rounds


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
    write_pseudo_labels(labels, tmp_path / "round1.csv", {"threshold": 0.3})
    (shown,) = show_rounds([SimpleNamespace(name="student", pseudo_labels=[tmp_path / "round1.csv"])])
    assert (said in shown.text) if said else ("corrected" not in shown.text)
