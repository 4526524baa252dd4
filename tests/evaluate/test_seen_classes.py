"""A novel class whose label the weights have seen is refused, or every reader is told."""

import json

import pytest
from crop_caches import write_cache
from refused import refused
from small_runs import NOVEL, clips, write_run

from vidfer.errors import SettingError
from vidfer.evaluate.comparison import compare_results
from vidfer.evaluate.comparison_table import comparison_markdown
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.models.seen_labels import SeenLabels
from vidfer.report.model_card import model_card

TASK = {"novel": NOVEL, "ways": 2, "shots": 1, "episodes": 20, "frames": 1}


@pytest.fixture
def cache(tmp_path):
    return write_cache(tmp_path / "c.h5", clips(), size_px=32)


@pytest.fixture
def run(cache, tmp_path):
    def written(seen: SeenLabels):
        checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
        config = json.loads((checkpoint / "config.json").read_text())
        (checkpoint / "config.json").write_text(json.dumps(config | {"seen": seen.record()}))
        return checkpoint

    return written


def measure(checkpoint, cache, **protocol):
    return evaluate_checkpoint(checkpoint, cache.path, EvalProtocol(**TASK | protocol))["fewshot"]


def test_a_label_that_a_pretrained_encoder_has_seen(cache, run, tmp_path):
    checkpoint = run(SeenLabels({"fear": "enet_b2_8", "disgust": "enet_b2_8"}))
    with refused(SettingError, "--novel fear", "enet_b2_8", "--allow-seen", checkpoint):
        measure(checkpoint, cache)
    result = measure(checkpoint, cache, allow_seen=True)
    assert result.protocol["seen_classes"] == "fear (enet_b2_8)"
    assert "--allow-seen" in result.protocol["request"]
    said = "no measure of unseen expressions: the weights have seen fear (enet_b2_8)"
    assert said in result.summary()
    result.save(tmp_path / "fewshot.json")
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    (tmp_path / "run" / "data.json").write_text(json.dumps(data | {"classes": ["happy", "sad"]}))
    (tmp_path / "run" / "metrics.jsonl").write_text("")
    (tmp_path / "run" / "environment.json").write_text("{}")
    card = model_card(tmp_path / "run", [tmp_path / "fewshot.json"])
    assert said in card and "have seen: happy, sad (training); fear, disgust (enet_b2_8)" in card


def test_a_base_class_is_allowed_in_the_same_way(cache, run):
    checkpoint = run(SeenLabels())
    with refused(SettingError, "'sad'", "base"):
        measure(checkpoint, cache, novel=("sad", "fear"))
    # clips of base classes that this run has not trained on
    result = measure(checkpoint, cache, allow_seen=True)
    assert "seen_classes" not in result.protocol and "unseen" not in result.summary()


def test_captions_and_files_of_unknown_origin_are_a_warning(cache, run):
    result = measure(run(SeenLabels({}, ("farl",), ("mine.pth",))), cache)
    assert "farl learned from captions, which may name these expressions" in result.note
    assert "mine.pth" in result.note and result.summary().endswith("chance 50.0 %)")


def test_the_table_of_a_comparison_says_it(cache, run, tmp_path):
    files = [tmp_path / "one.json", tmp_path / "other.json"]
    measure(run(SeenLabels({"fear": "net"})), cache, allow_seen=True).save(files[0])
    measure(run(SeenLabels()), cache).save(files[1])
    text = "\n".join(map(comparison_markdown, compare_results(files)))
    assert f"{files[0]}: no measure of unseen expressions: the weights have seen fear (net)" in text
    assert f"{files[1]}: no measure" not in text
