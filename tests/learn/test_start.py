"""A new model must not be chosen by clips that the model it starts from was trained on."""

import json
from dataclasses import replace

import pytest
from networks import network
from refused import refused

from vidfer.data.settings import DataSettings
from vidfer.data.training_split import training_split
from vidfer.errors import CheckpointError, SettingError
from vidfer.learn.start import base_classes, start_from
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.store.reader import CropCache


@pytest.mark.parametrize(("place", "is_refused"), [("val", True), ("train", False), ("elsewhere", False)])
def test_clips_that_an_older_model_learned_do_not_validate_one_of_other_classes(
    striped_cache, tmp_path, place, is_refused
):
    cache = CropCache(striped_cache)
    split = training_split(cache, DataSettings(classes=("angry", "happy")))
    checkpoint = tmp_path / "run" / "checkpoints" / "best"
    classes = ("angry", "happy", "sad")
    save_checkpoint(checkpoint, build_recogniser(network(width=4), classes), {})
    known = [cache.clips[i].id for i in (split.train if place == "train" else split.val)]
    record = {"cache_hash": "another" if place == "elsewhere" else cache.content_hash, "train": known}
    (tmp_path / "run" / "data.json").write_text(json.dumps(record))
    start = start_from(checkpoint, ())
    if is_refused:
        with refused(CheckpointError, checkpoint, cache.path, "8 of the 8", "'val/angry000'"):
            start.check_split(cache, split)
    else:
        start.check_split(cache, split)


def test_the_encoder_and_its_whitening_come_from_the_start_and_the_rest_is_requested(tmp_path):
    other = network(width=4, head="csrn", dropout=0.1, whitened=True)
    save_checkpoint(tmp_path, build_recogniser(other, ("angry", "happy")), {})
    request = network("conv4", "prototype", dropout=0.4, of_head={"distance": "cosine"})
    found = start_from(tmp_path, ()).model_settings(request)
    assert (found.encoder, found.whitened) == (other.encoder, True)
    assert (found.head, found.dropout) == (request.head, 0.4)


def test_the_classes_of_the_start_are_known_in_any_spelling(striped_cache, tmp_path):
    save_checkpoint(tmp_path, build_recogniser(network(width=4), ("Happy", "zo\u0308e")), {})
    for name in ("happy", "z\xf6e"):
        with refused(SettingError, f"--data.novel {name}", tmp_path):
            start_from(tmp_path, (name,))
    start = start_from(tmp_path, ("sad",))
    assert base_classes(("happy", "sad"), start) == ["happy", "sad", "zo\u0308e"]
    # The same classes as the run's, so their splits are compared, and not their clips one by one.
    cache = CropCache(striped_cache)
    split = replace(training_split(cache, DataSettings()), classes=("happy", "z\xf6e"))
    info = {"cache_hash": cache.content_hash, "split_hash": "another"}
    with refused(CheckpointError, tmp_path, cache.path, "--data.split-seed"):
        replace(start, info=info).check_split(cache, split)
