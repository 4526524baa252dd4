"""The names that ``import vidfer`` offers, and what that import costs."""

import subprocess
import sys

import pytest

import vidfer
from vidfer import errors
from vidfer.build.build_cache import build_cache
from vidfer.clips import find_clips
from vidfer.infer import answers, settings
from vidfer.infer.moment import Moment
from vidfer.infer.predictor import Predictor, load
from vidfer.store.reader import CropCache


def test_public_names_are_the_objects_of_the_rooms():
    assert vidfer.CropCache is CropCache
    assert vidfer.build_cache is build_cache
    assert vidfer.find_clips is find_clips
    assert vidfer.load is load and vidfer.Predictor is Predictor
    assert vidfer.Answers is answers.Answers and vidfer.Prediction is answers.Prediction
    assert vidfer.Moment is Moment and vidfer.errors is errors
    assert vidfer.FilmSettings is settings.FilmSettings and vidfer.WindowSettings is settings.WindowSettings


def test_all_public_names_are_there():
    named = {name: getattr(vidfer, name) for name in dir(vidfer)}
    assert sorted(named) == sorted(vidfer.__all__) and len(named) == 12


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = vidfer.no_such_name


def test_the_import_loads_no_room():
    code = "import sys, vidfer; print([name for name in sys.modules if name.startswith('vidfer.')])"
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() == "[]"
