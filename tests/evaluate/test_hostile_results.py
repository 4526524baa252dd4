"""Result files that are damaged or made up: the right content or one message."""

import copy
import json
import random

import pytest
from made_up_results import classification, fewshot

from vidfer.errors import ResultError
from vidfer.evaluate.result import load_result

VALUES = (None, -1, 10**30, float("nan"), float("inf"), "x", [], {}, [[[]]], {"a": 1}, True, 0.5)


def places(value, at=()) -> list[tuple]:
    """The way to every entry of JSON data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, entry in inner for place in places(entry, (*at, name)))]


def mutated(whole: dict, rng: random.Random) -> dict:
    changed = copy.deepcopy(whole)
    *way, last = rng.choice(places(whole)[1:])
    around = changed
    for name in way:
        around = around[name]
    if rng.random() < 0.2:
        del around[last]
    else:
        around[last] = rng.choice(VALUES)
    return changed


@pytest.mark.parametrize("result", [fewshot(), classification()], ids=lambda result: result.kind)
def test_every_mutation_is_read_or_refused(tmp_path, result):
    file, n_refused = tmp_path / "result.json", 0
    result.save(file)
    whole = json.loads(file.read_text())
    for seed in range(400):
        file.write_text(json.dumps(mutated(whole, random.Random(seed))))
        try:
            found = load_result(file)
        except ResultError as error:
            assert str(file) in str(error) and "vidfer eval" in str(error)
            n_refused += 1
        else:
            assert found.summary() and found.main.n >= 0 and found.support_fixed in (True, False)
    assert n_refused > 200


@pytest.mark.parametrize("text", ["[" * 100_000, "", "\0", "7", "null", '{"schema_version": 1, "rows": 3}'])
def test_what_is_no_result_at_all(tmp_path, text):
    file = tmp_path / "result.json"
    file.write_text(text)
    with pytest.raises(ResultError) as caught:
        load_result(file)
    assert str(file) in str(caught.value)
