"""A new model must not be chosen by clips that the model it starts from was trained on."""

import json

import pytest

from vidfer.errors import VidferError
from vidfer.learn.settings import DataSettings
from vidfer.learn.splits import training_split
from vidfer.learn.start import start_from
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.settings import ModelSettings
from vidfer.store.reader import CropCache


@pytest.mark.parametrize(("place", "refused"), [("val", True), ("train", False), ("elsewhere", False)])
def test_clips_that_an_older_model_learned_do_not_validate_one_of_other_classes(
    striped_cache, tmp_path, place, refused
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
    if refused:
        with pytest.raises(VidferError, match=r"was trained on 8 of the 8 clips .* such as 'val/angry000'"):
            start.check_split(cache, split)
    else:
        start.check_split(cache, split)
