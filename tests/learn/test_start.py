"""A new model must not be chosen by clips that the model it starts from was trained on."""

import json

import pytest
from refused import refused

from vidfer.data.settings import DataSettings
from vidfer.data.training_split import training_split
from vidfer.errors import CheckpointError
from vidfer.learn.start import start_from, unused_options
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.settings import ModelSettings
from vidfer.store.reader import CropCache


@pytest.mark.parametrize(("place", "is_refused"), [("val", True), ("train", False), ("elsewhere", False)])
def test_clips_that_an_older_model_learned_do_not_validate_one_of_other_classes(
    striped_cache, tmp_path, place, is_refused
):
    cache = CropCache(striped_cache)
    split = training_split(cache, DataSettings(classes=("angry", "happy")))
    checkpoint = tmp_path / "run" / "checkpoints" / "best"
    classes = ("angry", "happy", "sad")
    save_checkpoint(checkpoint, build_recogniser(ModelSettings(width=4), classes), {})
    known = [cache.clips[i].id for i in (split.train if place == "train" else split.val)]
    record = {"cache_hash": "another" if place == "elsewhere" else cache.content_hash, "train": known}
    (tmp_path / "run" / "data.json").write_text(json.dumps(record))
    start = start_from(checkpoint, ())
    if is_refused:
        with refused(CheckpointError, checkpoint, cache.path, "8 of the 8", "'val/angry000'"):
            start.check_split(cache, split)
    else:
        start.check_split(cache, split)


def test_a_model_option_that_changes_nothing_is_told():
    usual = ModelSettings(encoder="conv4")
    asked = ModelSettings(encoder="conv4", head="prototype", width=8, distance="cosine", js_weight=0.5)
    assert unused_options(usual, usual, usual) == []
    assert unused_options(asked, asked, usual) == [
        "--model.width 8 has no effect: it is for grouped_resnet18 and resnet18",
        "--model.js-weight 0.5 has no effect: it is for the head crn",
    ]


def test_a_model_option_that_another_encoder_overrules_is_told():
    usual, asked = ModelSettings(), ModelSettings(width=8, input_px=48, head="prototype")
    used = ModelSettings(encoder="resnet18", width=8, head="prototype")
    assert unused_options(asked, used, usual) == [
        "--model.input-px 48 has no effect: the encoder that this starts from has None"
    ]
