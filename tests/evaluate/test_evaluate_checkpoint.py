"""What a run has seen is not measured, and where that cannot be known the result says so."""

from pathlib import Path

import numpy as np
from crop_caches import write_cache
from refused import refused
from small_runs import NOVEL, clips, write_run

from vidfer.errors import DataError, ResultError, RunError, SettingError
from vidfer.evaluate.comparison import check_same
from vidfer.evaluate.episodes import redraw
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.evaluate.result import load_result

TASK = {"novel": NOVEL, "ways": 2, "shots": 1, "episodes": 20, "frames": 1}


def measure(checkpoint: Path, cache: Path, **protocol):
    return evaluate_checkpoint(checkpoint, cache, EvalProtocol(**protocol))


def test_without_official_splits_the_clips_that_the_run_held_out_are_measured(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = measure(checkpoint, cache.path, **TASK | {"frames": None})
    assert [row["clip"] for row in found["classification"].rows] == [f"{i:02d}.mp4" for i in range(4, 8)]
    assert found["fewshot"].n_clips == 6 and found["fewshot"].note == ""
    for result in found.values():
        assert result.protocol["base_classes"] == "happy, sad" and result.protocol["disjoint_by"] == "subject"
    # The run folder stands for its best checkpoint.
    again = measure(tmp_path / "run", cache.path, **TASK | {"frames": None})
    assert again == found
    assert found["fewshot"].protocol["n_frames"] == 2  # as the run was trained with
    with refused(DataError, "run", "4", "c.h5", "--split test"):
        measure(checkpoint, cache.path, split="all")


def test_subjects_that_the_run_has_seen_are_not_measured_few_shot(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(["n8", *"bcdefgh"]), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    with refused(DataError, "'n8'", "c.h5"):
        measure(checkpoint, cache.path, **TASK)


def test_what_cannot_be_known_is_a_warning_in_the_result(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    checkpoint = write_run(tmp_path / "run", other, train=range(10), test=range(10, 12))
    found = measure(checkpoint, cache.path, split="all", **TASK)
    assert "8 of these clips have the ids of clips that the run has seen" in found["classification"].note
    assert "2 of these clips have the ids of clips that the run has seen" in found["fewshot"].note
    (tmp_path / "run" / "data.json").unlink()
    found = measure(checkpoint, cache.path, split="all", **TASK)
    for result in found.values():
        assert "whether it was trained on these clips is not known" in result.note


def test_images_are_looked_at_once(tmp_path):
    cache = write_cache(tmp_path / "c.h5", [clip | {"status": "d"} for clip in clips()], size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = measure(checkpoint, cache.path, **TASK | {"frames": 8})
    assert found["fewshot"].protocol["n_frames"] == found["classification"].protocol["n_frames"] == 1


def test_a_run_of_a_fold_is_measured_on_what_it_held_out(tmp_path):
    """All clips are officially train or test; clips 4..6 and the novel 8..11 are the fold."""
    official = [clip | {"split": "test" if i % 2 else "train"} for i, clip in enumerate(clips())]
    cache = write_cache(tmp_path / "c.h5", official, size_px=32)
    held_out = [f"{i:02d}.mp4" for i in (4, 5, 6, 8, 9, 10, 11)]
    fold = {"name": "2/3", "of": 3, "held_out": held_out, "division_hash": "d0"}
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 7), fold=fold)
    found = measure(checkpoint, cache.path, **TASK)
    assert [row["clip"] for row in found["classification"].rows] == held_out[:3]
    assert [row["clip"] for row in found["fewshot"].rows] == held_out[3:]
    for result in found.values():
        assert {n: result.protocol[n] for n in ("fold", "folds", "division_hash")} == {
            "fold": "2/3", "folds": 3, "division_hash": "d0"
        }  # fmt: skip
        assert result.split == "test"
    with refused(DataError, "run", "4", "c.h5", "--split test"):
        measure(checkpoint, cache.path, split="all")
    # A fold may hold out subjects of novel classes alone.
    only = write_run(tmp_path / "only", cache, train=range(4), test=range(0), fold=fold)
    assert measure(only, cache.path, **TASK).keys() == {"fewshot"}
    with refused(DataError, "'test'", "c.h5"):
        measure(only, cache.path)
    (tmp_path / "run" / "data.json").unlink()
    with refused(RunError, "fold 2/3", tmp_path / "run" / "data.json"):
        measure(checkpoint, cache.path, **TASK)


def test_what_a_run_started_from_has_seen_is_not_measured(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    first = write_run(tmp_path / "first", cache, train=range(8, 10), test=range(0))
    second = write_run(tmp_path / "second", cache, train=range(0), test=range(0), init=str(first))
    run = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8), teacher=str(second))
    with refused(DataError, "run", "2 of the novel clips", "c.h5"):
        measure(run, cache.path, **TASK)
    assert measure(run, cache.path)["classification"].note == ""
    (tmp_path / "first" / "data.json").unlink()
    uncertain = measure(run, cache.path, **TASK)["fewshot"]
    assert uncertain.note == "the checkpoint of --init is in no run folder: its clips are not known"
    assert uncertain.protocol["disjoint_by"] == "not known"
    trained_on = measure(run, cache.path, split="train")["classification"]
    assert trained_on.protocol["disjoint_by"] == "nothing"
    # What a run started from has seen in a cache of other crops is told by its ids.
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    write_run(tmp_path / "first", other, train=range(8, 10), test=range(0))
    note = measure(run, cache.path, **TASK)["fewshot"].note
    assert note == "2 of these clips have the ids of clips that the run has seen in another cache"
    # Of clips that it has seen in this cache too, that says nothing new.
    write_run(tmp_path / "first", other, train=range(4), test=range(0))
    assert measure(run, cache.path, split="train")["classification"].note == ""


def test_the_queries_of_an_episode_can_be_scored_together(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    task = TASK | {"queries": 2, "frames": 1}
    alone, together = (
        measure(checkpoint, cache.path, **task, transductive=t)["fewshot"] for t in (False, True)
    )
    assert alone.protocol["episodes_hash"] == together.protocol["episodes_hash"]
    assert [r.protocol["inference"] for r in (alone, together)] == ["inductive", "transductive"]
    assert "2-way 1-shot transductive:" in together.summary() and "transductive" not in alone.summary()
    answers = [sum(sum(row["answers"].values()) for row in r.rows) for r in (alone, together)]
    assert answers == [20 * 2 * 2] * 2


def test_a_result_says_how_often_it_knows_the_subject(tmp_path):
    # Three subjects show both novel classes, in two clips each.
    subjects = [{"id": f"{i:02d}.mp4", "label": NOVEL[i % 2], "subject": f"n{i // 4}"} for i in range(8, 20)]
    cache = write_cache(tmp_path / "c.h5", [*clips()[:8], *subjects], size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    anybody, others = (
        measure(checkpoint, cache.path, **TASK, person_disjoint=o)["fewshot"] for o in (False, True)
    )
    assert [r.person_disjoint for r in (anybody, others)] == [False, True]
    assert "2-way 1-shot person-disjoint: " in others.summary() and "person" not in anybody.summary()
    subject = [row["subject"] for row in anybody.rows]

    def known(result):
        drawn = redraw(result)  # also person-disjoint ones: the file alone says which episodes they were
        same = [
            [subject[q] == subject[s] for q, s in zip(query, support)]
            for query, support in zip(drawn.query, drawn.support)
        ]
        return np.mean(same)

    assert known(others) == 0 < known(anybody)
    overlap = anybody.identity_overlap
    assert overlap["same_queries"] / 40 == known(anybody) and others.identity_overlap is None
    assert overlap["same_queries"] + overlap["other_queries"] <= 40
    assert overlap["same_right"] <= overlap["same_queries"]
    said = f"{overlap['same_queries']} queries ({100 * known(anybody):.1f} %)"
    assert anybody.identity_overlap_text().startswith(said)
    assert others.identity_overlap_text() == others.note == ""
    assert load_result(saved(others, tmp_path)) == others
    with refused(ResultError, "b", "a", "episodes", "person-disjoint"):
        check_same("a", anybody, "b", others)


def saved(result, folder: Path) -> Path:
    result.save(folder / "fewshot.json")
    return folder / "fewshot.json"


def test_person_disjoint_episodes_need_subjects(tmp_path):
    nobody = [{k: v for k, v in clip.items() if k != "subject"} for clip in clips()]
    cache = write_cache(tmp_path / "c.h5", nobody, size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    with refused(DataError, "'08.mp4'", "vidfer relabel", "c.h5"):
        measure(checkpoint, cache.path, **TASK, person_disjoint=True)
    with refused(SettingError, "--transductive", "--person-disjoint"):
        measure(checkpoint, cache.path, **TASK, person_disjoint=True, transductive=True)


def test_names_are_taken_in_any_spelling(tmp_path):
    """An older cache writes a person and the labels in two ways, and the user a third one."""
    spelt = [
        clip | {"label": clip["label"].title() if i % 3 else clip["label"]} for i, clip in enumerate(clips())
    ]
    for i in (4, 5):
        spelt[i] |= {"subject": ("Zo\xeb", "zoe\u0308")[i - 4]}
    cache = write_cache(tmp_path / "c.h5", spelt, size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = measure(checkpoint, cache.path, **TASK | {"novel": ("FEAR", "SURPRISE")})
    assert found["fewshot"].classes == NOVEL and {row["label"] for row in found["fewshot"].rows} == {*NOVEL}
    rows = found["classification"].rows
    assert {row["clip"]: row["label"] for row in rows} == {
        "04.mp4": "happy", "05.mp4": "sad", "06.mp4": "happy", "07.mp4": "sad"
    }  # fmt: skip
    assert found["classification"].n_subjects == 3
    for result in found.values():
        assert "two spellings of one subject" in result.note and "of one label" in result.note
    with refused(SettingError, "'happy'", "c.h5"):
        measure(checkpoint, cache.path, **TASK | {"novel": ("Happy", "fear")})
