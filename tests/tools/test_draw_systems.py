"""What the figures of the systems show is what the page of results and the code say."""

import numpy as np
import pytest
import torch
from figures import canvas, csrn, noisy_student


def test_rounds_are_those_of_the_page():
    names, values, low, high = noisy_student.rounds()
    assert names == ["teacher", *(f"round {n}" for n in range(1, 6))]
    assert (low < values).all() and (values < high).all()
    row = f"| student, round 5 | | | {values[-1]} % [{low[-1]}, {high[-1]}] |"
    assert row in noisy_student.RESULTS.read_text(encoding="utf-8")
    assert values.max() < noisy_student.ceiling_of_all_labels()


def test_each_channel_is_traced_to_the_shot_nearest_to_the_mean():
    ways, shots = len(csrn.WAYS), csrn.SHOTS
    maps = torch.rand(ways * shots, 64, 3, 3)
    labels = torch.arange(ways).repeat_interleave(shots)
    means = maps.mean((-2, -1)).unflatten(0, (ways, shots))
    nearest = (means - means.mean(1, keepdim=True)).abs().argmin(1)
    assert np.array_equal(csrn.chosen_shots(maps, labels), nearest.numpy())


def test_a_figure_that_is_too_large_for_a_page_is_refused(tmp_path, monkeypatch):
    figure, axes = canvas.blank((2, 1))
    canvas.say(axes, 1, 0.5, "words")
    assert canvas.save(figure, tmp_path / "small.png") < canvas.MOST_BYTES
    monkeypatch.setattr(canvas, "MOST_BYTES", 10)
    with pytest.raises(ValueError, match=r"small\.png has \d+ bytes"):
        canvas.save(canvas.blank((2, 1))[0], tmp_path / "small.png")
