"""Teachers that are too sure are brought to what they are worth; checkpoints say how sure they may be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from networks import network, of_recipe
from recipe_runs import FAST, SHORT, TINY
from striped_cache import write_striped_cache

from vidfer.data.settings import EpisodeSettings
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.infer.predict import Predictions
from vidfer.infer.selective import read_calibration
from vidfer.learn.calibration import calibration_error
from vidfer.learn.egs_settings import EgsSettings
from vidfer.learn.pseudo_labels import PseudoLabels, read_pseudo_labels
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint


def as_predictions(labels: PseudoLabels) -> Predictions:
    """Beside the truth, which the clips' names tell."""
    truth = [labels.classes.index(clip.split("/")[1][:-3]) for clip in labels.clip_ids]
    return Predictions(np.arange(len(truth)), labels.probabilities, np.array(truth), labels.has_face)


def assert_calibrated(run: Path, clips: int) -> None:
    """Best and last checkpoint know how often they are right on the validation clips."""
    for name in ("best", "last"):
        folder = run / "checkpoints" / name
        known = read_calibration(load_checkpoint(folder)[1], folder)
        assert known.clips == clips and known.answered[0] >= clips - 3  # faceless clips are not answered


def test_egs_calibrates_its_checkpoints_at_the_end(egs, tmp_path):
    cache = write_striped_cache(tmp_path / "many.h5", {"train": 6, "val": 40}, faceless=1)
    out, model = tmp_path / "run", network(encoder="resnet18", width=4, head="similarity", dropout=0.0)
    short = EpisodeSettings(ways=3, shots=1, queries=2, per_epoch=2, val_episodes=2, epochs=1)
    fast = {name: FAST[name] for name in ("tracker", "data", "noise")}
    how = {"episodes": short, "egs": EgsSettings(joint_epochs=1), **of_recipe(model), **fast}
    egs.main(egs.Settings(cache=(cache.path,), out=out, **how))
    assert_calibrated(out, 120)
    last = out / "checkpoints" / "last"
    known = read_calibration(load_checkpoint(last)[1], last)
    # As many are right as in an evaluation of the clips that were held out.
    result = evaluate_checkpoint(last, cache.path, EvalProtocol(split="val"))["classification"]
    assert known.right[0] == sum(row["accuracy"] for row in result.rows)


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
        for run in (tmp_path / "teacher", out):
            assert_calibrated(run, 240)
    assert errors[True] < errors[False] / 2, errors
    assert "the teacher's temperature is" in capsys.readouterr().out  # 240 clips are enough by default
