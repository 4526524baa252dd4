"""`vidfer eval` in a run folder: only the result of the same request replaces a result."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from crop_caches import write_cache
from made_up_results import fewshot
from refused import refused
from small_runs import NOVEL, clips, write_run

from vidfer.commands.eval import main as eval_command
from vidfer.errors import ResultError, SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.eval_request import OPTIONS, eval_request, request_difference
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
    ("options", "facts"),
    [
        (few("--shots", 2), ("fewshot.json", "`--shots 1`", "`--shots 2`")),
        (few("--seed", 1), ("classification.json", "`--seed 0`", "`--seed 1`")),
        (few("--curve", 1, 2), ("fewshot.json", "the default", "`--curve 1 2`")),
        (few("--person-disjoint"), ("fewshot.json", "the default", "`--person-disjoint`")),
        (few("--head", "prototype"), ("fewshot.json", "`--head trained`", "`--head prototype`")),
        (("--split", "train"), ("classification.json", "`--split test`", "`--split train`")),
        (("--frames", 1), ("classification.json", "the default", "`--frames 1`")),
    ],
)
def test_a_result_is_not_replaced_by_that_of_another_request(measure, tmp_path, options, facts):
    measure(*few())
    before = results(tmp_path / "run")
    assert before.keys() == {"classification.json", "fewshot.json"}
    with refused(ResultError, *facts, "--out"):
        measure(*options)
    assert results(tmp_path / "run") == before
    measure(*options, "--out", tmp_path / "other")


def test_the_same_request_and_one_that_loses_nothing_are_measured(measure, tmp_path):
    measure()
    assert results(tmp_path / "run").keys() == {"classification.json"}
    measure(*few())  # adds the other result
    before = results(tmp_path / "run")
    measure(*few())
    measure()
    assert results(tmp_path / "run") == before
    found = load_result(tmp_path / "run" / "results" / "fewshot.json")
    assert found.protocol["request"].startswith("--novel fear surprise --ways 2 --shots 1 --queries 1 ")


def test_a_result_without_its_request_is_kept(measure, tmp_path):
    measure(*few())
    file = tmp_path / "run" / "results" / "fewshot.json"
    found = load_result(file)
    fewshot(checkpoint_hash=found.checkpoint_hash, cache_hash=found.cache_hash).save(file)
    with refused(ResultError, "fewshot.json", "not known", "--out"):
        measure(*few())


def test_requests_are_options_and_differ_by_options():
    assert eval_request("classification", EvalProtocol()) == "--split test --seed 0"
    two = EvalProtocol(novel=("a", "b"), ways=2, shots=2, queries=2, episodes=2, transductive=True)
    now = eval_request("fewshot", two)
    assert now == (
        "--novel a b --ways 2 --shots 2 --queries 2 --episodes 2 --head trained --transductive "
        "--split test --seed 0"
    )
    other = eval_request("fewshot", replace(two, novel=("b", "a"), transductive=False))
    assert request_difference(now, other) == "`--novel a b --transductive`, not `--novel b a`"
    apart = eval_request("fewshot", replace(two, transductive=False, person_disjoint=True, frames=4))
    assert apart.endswith("--head trained --person-disjoint --split test --frames 4 --seed 0")


def test_every_field_of_the_protocol_is_part_of_a_request():
    fields = {field.name for field in dataclasses.fields(EvalProtocol)}
    assert fields == {name for names in OPTIONS.values() for name in names}


def test_the_old_spelling_of_an_option_names_the_new_one(measure):
    with refused(SettingError, "--other-people", "--person-disjoint"):
        measure(*few("--other-people"))


def test_a_wrong_request_is_told_before_a_result_that_is_there(measure):
    measure(*few())
    with refused(SettingError, "'happy'", "base"):
        measure("--novel", "happy", *NOVEL, "--shots", 1)
    with refused(SettingError, "'anger'"):
        measure("--novel", "anger", "--shots", 1)


@pytest.mark.parametrize(
    "option", ["--person-disjoint", "--transductive", "--shots=1", "--curve=2", "--head=prototype"]
)
def test_options_of_episodes_need_novel_classes(measure, option):
    with refused(SettingError, option.partition("=")[0], "--novel", "leave the option out"):
        measure(option)


def test_impossible_settings_are_refused():
    with refused(SettingError, "--frames 0", "1"):
        EvalProtocol(frames=0)
    with refused(SettingError, "--seed -1", "0"):
        EvalProtocol(seed=-1)
    with refused(SettingError, "--transductive", "--person-disjoint"):
        EvalProtocol(transductive=True, person_disjoint=True)
