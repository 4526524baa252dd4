"""`vidfer eval` in a run folder: a result is written over by one that answers the same question alone."""

import re
from pathlib import Path

import pytest
from crop_caches import write_cache
from made_up_results import fewshot
from small_runs import NOVEL, clips, write_run

from vidfer.commands.eval import main as eval_command
from vidfer.errors import VidferError
from vidfer.evaluate.question import difference, question_of
from vidfer.evaluate.result import load_result


@pytest.fixture
def measure(tmp_path):
    """Calls the command with more options."""
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))

    def run(*options: object) -> None:
        basis = ("--checkpoint", tmp_path / "run", "--cache", cache.path)
        assert eval_command([str(word) for word in (*basis, *options)]) == 0

    return run


def few(*options: object) -> tuple:
    return ("--novel", *NOVEL, "--ways", 2, "--shots", 1, "--episodes", 20, *options)


def results(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (folder / "results").glob("*.json")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (few("--shots", 2), "fewshot.json answers another question (`--shots 1`, not `--shots 2`)"),
        (few("--seed", 1), "classification.json answers another question (`--seed 0`, not `--seed 1`)"),
        (few("--curve", 1, 2), "(the default, not `--curve 1 2`)"),
        (few("--other-people"), "(the default, not `--other-people`)"),
        (few("--head", "prototype"), "(`--head trained`, not `--head prototype`)"),
        (("--split", "train"), "classification.json answers another question (`--split test`, not"),
        (("--frames", 1), "(the default, not `--frames 1`)"),
    ],
)  # fmt: skip
def test_another_question_is_not_answered_over_a_result(measure, tmp_path, options, said):
    measure(*few())
    before = results(tmp_path / "run")
    assert before.keys() == {"classification.json", "fewshot.json"}
    with pytest.raises(VidferError, match=f"{re.escape(said)}.*choose a folder with --out"):
        measure(*options)
    assert results(tmp_path / "run") == before
    measure(*options, "--out", tmp_path / "other")


def test_the_same_question_again_and_one_that_loses_nothing_are_answered(measure, tmp_path):
    measure()
    assert results(tmp_path / "run").keys() == {"classification.json"}
    measure(*few())  # adds the other result
    before = results(tmp_path / "run")
    measure(*few())
    measure()
    assert results(tmp_path / "run") == before
    found = load_result(tmp_path / "run" / "results" / "fewshot.json")
    assert found.protocol["asked"].startswith("--novel fear surprise --ways 2 --shots 1 --queries 1 ")


def test_a_result_that_does_not_say_what_it_answers_is_kept(measure, tmp_path):
    measure(*few())
    file = tmp_path / "run" / "results" / "fewshot.json"
    found = load_result(file)
    fewshot(checkpoint_hash=found.checkpoint_hash, cache_hash=found.cache_hash).save(file)
    with pytest.raises(VidferError, match=r"fewshot.json answers nobody knows which question; .*--out"):
        measure(*few())


def test_questions_are_options_and_differ_by_options():
    options = {"split": "test", "frames": None, "seed": 0}
    assert question_of("classification", options) == "--split test --seed 0"
    options |= {"novel": ("a", "b"), "curve": (), "transductive": True, "head": "trained"}
    options |= {"other_people": True}
    options |= dict.fromkeys(("ways", "shots", "queries", "episodes"), 2)
    now = question_of("fewshot", options)
    assert now == (
        "--novel a b --ways 2 --shots 2 --queries 2 --episodes 2 --head trained --transductive "
        "--other-people --split test --seed 0"
    )
    assert difference(
        now, question_of("fewshot", options | {"novel": ("b", "a"), "transductive": False})
    ) == ("`--novel a b --transductive`, not `--novel b a`")
