"""Results of an earlier vidfer, without the influence of the support clips, on the page."""

from dataclasses import replace
from pathlib import Path

import pytest

from vidfer.evaluate.result import load_result
from vidfer.report.differences import differences_of
from vidfer.report.named_results import NamedResult
from vidfer.report.result_table import measures_of
from vidfer.report.shots_curve import show_shots


@pytest.fixture(scope="module")
def now(runs) -> list[NamedResult]:
    few = [load_result(file) for file in runs.results if file.stem.endswith("few")]
    return [
        NamedResult(file=f"{i}.json", path=Path(f"{i}.json"), name=f"m{i}", run=None, result=r)
        for i, r in enumerate(few)
    ]


@pytest.fixture(scope="module")
def before(now) -> list[NamedResult]:
    def older(result):
        rows = [
            {name: value for name, value in row.items() if name != "jackknife_influence"}
            for row in result.rows
        ]
        curve = [{k: v for k, v in point.items() if k != "over_clips"} for point in result.curve]
        return replace(result, rows=rows, curve=curve)

    return [replace(named, result=older(named.result)) for named in now]


def test_their_intervals_are_shown_with_a_caution(now, before):
    for group, cautioned in ((now, False), (before, True), ([now[0], before[1]], True)):
        (measure,) = measures_of([group])
        assert ("too narrow" in measure.detail and "`vidfer eval`" in measure.detail) == cautioned
        (difference,) = differences_of([group])
        assert ("support clips fixed" in difference.interval.method) == cautioned


def test_their_curve_has_the_bands_that_it_had(now, before):
    (shown,), (old,), (mixed,) = (show_shots([group]) for group in (now, before, [now[0], before[1]]))
    assert "Bars are 95 % intervals over 20 episodes, bands over subjects; chance" in shown.caption
    assert "bands over episodes where a file has no others;" in old.caption
    assert "bands over subjects, over episodes where a file has no others;" in mixed.caption
