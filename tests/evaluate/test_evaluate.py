"""From a cache of the store and a recogniser of the models room to a result file."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from crop_caches import write_cache
from networks import network
from refused import refused

from vidfer.data.dataset import ClipDataset
from vidfer.data.episodes import EpisodeSampler
from vidfer.data.loader import build_loader
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.evaluate.episodes import draw_episodes
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_fewshot import evaluate_fewshot
from vidfer.evaluate.evaluate_split import evaluate_split
from vidfer.evaluate.paired import interval_over_rows
from vidfer.evaluate.result import load_result
from vidfer.infer.embed import embed_clips
from vidfer.models.build import build_recogniser

BASE, NOVEL = ("happy", "sad"), ("angry", "disgust", "fear")
EPISODES = {"ways": 3, "shots": 2, "queries": 1, "episodes": 30, "seed": 0}
FEW = EvalProtocol(novel=NOVEL, **EPISODES)
MEASURED = {"n_frames": 2, "checkpoint_hash": "c0"}


def clips() -> list[dict]:
    """12 test clips of 4 people (one without a face), 15 novel (one without), 2 of train, 1 unlabelled."""
    test = [
        {"id": f"test/{i:02d}.mp4", "label": BASE[i % 2], "split": "test", "subject": f"p{i // 3}",
         "status": "mmm" if i == 5 else "ddd"}
        for i in range(12)
    ]  # fmt: skip
    novel = [
        {"id": f"zovel/{i:02d}.mp4", "label": NOVEL[i % 3], "split": "test", "subject": f"q{i // 5}",
         "status": "" if i == 7 else "dmd"}
        for i in range(15)
    ]  # fmt: skip
    train = [{"id": f"train/{i}.mp4", "label": BASE[i], "split": "train", "subject": "t"} for i in range(2)]
    return [*test, *train, *novel, {"id": "x.mp4", "split": "unlabelled", "subject": "u"}]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return write_cache(tmp_path_factory.mktemp("evaluate") / "small.h5", clips())


@pytest.fixture(scope="module")
def recogniser():
    torch.manual_seed(0)
    return build_recogniser(network(encoder="conv4", head="csrn"), BASE).eval()


def test_clips_are_embedded_once_in_order(cache, recogniser):
    wanted = [20, 3, 5]
    dataset = ClipDataset(cache.path, wanted, n_frames=2)
    seen = []
    embedding, has_face = embed_clips(
        recogniser.train(), build_loader(dataset, 2), progress=lambda done, of: seen.append((done, of))
    )
    assert recogniser.training
    recogniser.eval()
    assert seen == [(1, 2), (2, 2)]
    assert has_face.tolist() == [True, True, False]
    item = dataset[1]
    with torch.no_grad():
        alone = recogniser.embed(item["crops"][None], item["frame_mask"][None])
    torch.testing.assert_close(embedding.vector[1], alone.vector[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(embedding.maps[1], alone.maps[0], atol=1e-5, rtol=1e-4)
    assert not embedding.vector.requires_grad
    with pytest.raises(ValueError, match="training=False"):
        embed_clips(recogniser, build_loader(ClipDataset(cache.path, [0], n_frames=2, training=True), 2))


def test_a_split_is_classified_with_every_clip_counted(cache, recogniser, tmp_path):
    result = evaluate_split(recogniser, cache, EvalProtocol(), **MEASURED, batch_size=5)
    assert (result.n_clips, result.n_without_face, result.n_subjects) == (12, 1, 4)
    assert result.cache_hash == cache.content_hash
    assert result.classes == BASE
    assert result.note.startswith("15 clips of the split test are left out: ") and "class" in result.note
    assert [row["clip"] for row in result.rows] == [f"test/{i:02d}.mp4" for i in range(12)]
    faceless = result.rows[5]
    assert (faceless["has_face"], faceless["accuracy"], faceless["predicted"]) == (False, 0.0, None)
    right = [row["predicted"] == row["label"] for row in result.rows]
    assert [row["accuracy"] for row in result.rows] == [float(r) for r in right]
    assert result.measures["WAR"].mean == pytest.approx(np.mean(right))
    assert result.measures["WAR"].n == 12
    recalls = [np.mean([r for r, row in zip(right, result.rows) if row["label"] == name]) for name in BASE]
    assert result.measures["UAR"].mean == pytest.approx(np.mean(recalls))
    assert [entry["accuracy"] for entry in result.per_class] == pytest.approx(recalls)
    assert result.measures["WAR over subjects"].n == 4
    assert np.sum(result.confusion) == 12
    assert np.asarray(result.confusion)[:, -1].tolist() == [0, 1]
    path = tmp_path / "test.json"
    result.save(path)
    assert load_result(path) == result
    again = evaluate_split(recogniser, cache, EvalProtocol(), **MEASURED, batch_size=12)
    assert [row["predicted"] for row in again.rows] == [row["predicted"] for row in result.rows]


def test_a_split_that_the_run_made_is_given_as_clips(cache, recogniser):
    result = evaluate_split(recogniser, cache, EvalProtocol(split="val of run 1"), [0, 2, 4], **MEASURED)
    assert (result.split, result.n_clips) == ("val of run 1", 3)
    assert result.note == "UAR is over the classes that have clips; none of sad"
    assert result.per_class[1]["accuracy"] is None


def test_what_cannot_be_classified_is_told(cache, recogniser):
    with refused(DataError, "'val'", "happy, sad", "small.h5", "angry 5"):
        evaluate_split(recogniser, cache, EvalProtocol(split="val"), **MEASURED)
    with refused(SettingError, "--split unlabelled", "test"):
        evaluate_split(recogniser, cache, EvalProtocol(split="unlabelled"), **MEASURED)
    headless = build_recogniser(network(encoder="conv4", head=None))
    with refused(CheckpointError, "classifier", "supervised.py"):
        evaluate_split(headless, cache, EvalProtocol(), **MEASURED)
    with refused(CheckpointError, "--head prototype"):
        evaluate_fewshot(headless, cache, FEW, **MEASURED)


def test_novel_classes_are_measured_few_shot(cache, recogniser, tmp_path):
    result = evaluate_fewshot(recogniser, cache, replace(FEW, curve=(1,)), **MEASURED)
    assert (result.kind, result.split, result.chance) == ("few-shot", "all", 1 / 3)
    assert (result.n_clips, result.n_without_face, result.n_subjects) == (15, 1, 3)
    assert (result.main.n, result.main.over) == (30, "episodes")
    assert list(result.measures) == ["accuracy", "accuracy over clips", "accuracy over subjects"]
    assert sum(row["n_queries"] for row in result.rows) == 30 * 3
    right = sum(row["accuracy"] * row["n_queries"] for row in result.rows if row["n_queries"])
    assert result.main.mean == pytest.approx(right / 90)
    assert np.trace(np.asarray(result.confusion)[:, :3]) == pytest.approx(right)
    faceless = next(row for row in result.rows if not row["has_face"])
    assert faceless["clip"] == "zovel/07.mp4"
    assert faceless["accuracy"] in (0.0, None)
    assert [point["shots"] for point in result.curve] == [1, 2]
    assert result.curve[1]["mean"] == result.main.mean
    whole = result.measures["accuracy over subjects"]
    assert (result.curve[1]["over_clips"]["high"], whole.over) == (whole.high, "subjects")
    as_rows = interval_over_rows(result.rows, [row["subject"] for row in result.rows])
    assert (as_rows.low, as_rows.high) == pytest.approx((whole.low, whole.high), abs=1e-5)
    assert not result.support_fixed and faceless["jackknife_influence"] == [0, 0]
    assert result.protocol["head"] == "CSRNHead"
    drawn = draw_episodes(
        EpisodeSampler(
            [NOVEL.index(row["label"]) for row in result.rows],
            has_face=[row["has_face"] for row in result.rows],
            **EPISODES,
        )
    )  # the result file alone is enough to draw its episodes again
    assert result.protocol["episodes_hash"] == drawn.hash([row["clip"] for row in result.rows])
    result.save(tmp_path / "fewshot.json")
    assert load_result(tmp_path / "fewshot.json") == result
    assert evaluate_fewshot(recogniser, cache, replace(FEW, curve=(1,)), **MEASURED) == result


def test_another_head_can_be_named(cache, recogniser):
    result = evaluate_fewshot(recogniser, cache, replace(FEW, head="prototype"), **MEASURED, split="test")
    assert (result.protocol["head"], result.split, result.curve) == ("PrototypeHead", "test", [])
    other = evaluate_fewshot(recogniser, cache, FEW, **MEASURED, split="test")
    assert other.protocol["episodes_hash"] == result.protocol["episodes_hash"]  # whatever the model
    assert [row["n_queries"] for row in other.rows] == [row["n_queries"] for row in result.rows]


def test_wrong_novel_classes_are_told(cache, recogniser):
    with refused(SettingError, "'sad'", "base", "novel"):
        evaluate_fewshot(recogniser, cache, replace(FEW, novel=("sad", "fear")), **MEASURED)
    with refused(DataError, "angry, disgust, fear", "'train'", "small.h5"):
        evaluate_fewshot(recogniser, cache, FEW, **MEASURED, split="train")
    with refused(DataError, "'angry'", "5 clips", "5-shot", "1 query", "6", "small.h5"):
        evaluate_fewshot(recogniser, cache, replace(FEW, shots=5), **MEASURED)
