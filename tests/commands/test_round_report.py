"""What the noisy student's recipe prints about a round."""

from pathlib import Path

from vidfer.commands.round_report import round_lines
from vidfer.learn.label_round import RoundLabels

COUNTS = {"clips": 9, "selected": 4, "pool": 6, "pool_per_class": {"happy": 6}}


def lines(late: int = 0, notes: tuple[str, ...] = (), **counts) -> list[str]:
    summary = COUNTS | {"corrected": 0, "checked": 0, "right": 0} | counts
    return round_lines(2, RoundLabels(None, summary, Path("round2.csv"), False, late, notes))


def test_selected_clips_after_the_notes():
    assert lines(notes=("calibrated",)) == [
        "round 2: calibrated",
        "round 2: 4 of 9 pseudo-labelled clips are selected, 6 with repetitions: {'happy': 6}",
    ]


def test_corrections_and_how_often_the_teacher_is_right():
    assert lines(corrected=3)[1] == "round 2: people have corrected 3 clips"
    told = lines(corrected=8, checked=8, right=6)[1]
    assert "corrected 8 clips" in told and "75.0 %" in told and "(8 clips)" in told


def test_late_corrections_name_the_option_that_uses_them():
    assert (
        "2 corrections in round2.csv" in lines(late=2)[1] and "--corrections round2.csv" in lines(late=2)[1]
    )
