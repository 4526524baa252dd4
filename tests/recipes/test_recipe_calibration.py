"""recipes/noisy_student.py: a teacher that is too sure of itself is brought to what it is worth."""

from dataclasses import replace

import numpy as np
from networks import of_recipe
from recipe_runs import FAST, SHORT, TINY
from striped_cache import write_striped_cache

from vidfer.infer.predict import Predictions
from vidfer.learn.calibration import calibration_error
from vidfer.learn.pseudo_labels import PseudoLabels, read_pseudo_labels
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint


def as_predictions(labels: PseudoLabels) -> Predictions:
    """Beside the truth, which the clips' names tell."""
    truth = [labels.classes.index(clip.split("/")[1][:-3]) for clip in labels.clip_ids]
    return Predictions(np.arange(len(truth)), labels.probabilities, np.array(truth), labels.has_face)


def test_calibration_on_validation_clips_holds_for_unlabelled_ones(
    supervised, noisy_student, tmp_path, capsys
):
    cache = write_striped_cache(tmp_path / "many.h5", {"train": 6, "val": 80, "unlabelled": 150}, faceless=1)
    young = {"cache": cache.path, "out": tmp_path / "teacher", **of_recipe(TINY)}
    supervised.main(supervised.Settings(**young, train=replace(SHORT, epochs=8), **FAST))
    teacher, _ = load_checkpoint(tmp_path / "teacher" / "checkpoints" / "last")
    for parameter in teacher.classifier.parameters():
        parameter.data *= 10
    save_checkpoint(tmp_path / "too_sure", teacher, {})
    errors = {}
    for calibrate in (True, False):
        out = tmp_path / str(calibrate)
        settings = noisy_student.Settings(
            cache=cache.path,
            teacher=tmp_path / "too_sure",
            out=out,
            pseudo=PseudoLabelSettings(threshold=0.0, calibrate=calibrate, quota=1),
            train=replace(SHORT, epochs=1),
            **FAST,
        )
        noisy_student.main(settings)
        said = as_predictions(read_pseudo_labels(out / "pseudo_labels" / "round1.csv"))
        errors[calibrate] = calibration_error(said)
    assert errors[True] < errors[False] / 2, errors
    assert "the teacher's temperature is" in capsys.readouterr().out  # 240 clips are enough by default
