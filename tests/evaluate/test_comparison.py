import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_up_results import classification, fewshot
from refused import refused

from vidfer.commands.main import main
from vidfer.errors import ResultError, SettingError
from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.comparison import compare_results
from vidfer.evaluate.comparison_table import comparison_markdown, comparison_text, write_comparisons
from vidfer.evaluate.intervals import mean_interval

PROTOCOL = {"ways": 2, "shots": 3, "queries": 1, "episodes": 3, "episodes_hash": "e0", "head": "CSRNHead"}
PROTOCOL["n_frames"] = 8


def few(accuracies=(0.5, 0.75, 0.25), *, mean: float = 0.6, **changes):
    protocol = PROTOCOL | changes.pop("protocol", {})
    measures = {"accuracy": mean_interval([mean - 0.02, mean, mean + 0.02])}
    return fewshot(accuracies, protocol=protocol, measures=measures, **changes)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Saves results under names and gives the names."""
    monkeypatch.chdir(tmp_path)

    def save(**results):
        for name, result in results.items():
            result.save(tmp_path / name)
        return list(results)

    return save


def test_every_result_is_compared_with_the_first_over_subjects(saved):
    saved(a=few((0.5, 0.7, 0.25)), b=few((0.9, 0.8, 0.25), mean=0.7), c=few((0.5, 0.7, 0.0), mean=0.5))
    (found,) = compare_results(["a", "b", "c"])
    assert (found.kind, [row.name for row in found.rows]) == ("few-shot", ["a", "b", "c"])
    assert [round(row.interval.mean, 6) for row in found.rows] == [0.6, 0.7, 0.5]
    assert found.rows[0].difference is None
    # Two clips of fear gain 0.4 and 0.1, the one of angry nothing: classes count alike.
    gained = found.rows[1].difference
    assert gained.mean == pytest.approx(0.125) and (gained.over, gained.n) == ("subjects", 2)
    assert found.rows[2].difference.mean == pytest.approx(-0.125)


def test_without_subjects_the_interval_is_over_clips(saved):
    results = {}
    for name, right in (("a", (1.0, 0.0, 1.0)), ("b", (1.0, 1.0, 1.0))):
        result = classification(right, n_subjects=None)
        for row in result.rows:
            row["subject"] = None
        results[name] = result
    (found,) = compare_results(saved(**results))
    assert [(row.name, row.measure) for row in found.rows] == [
        ("a", "WAR"), ("b", "WAR"), ("a", "UAR"), ("b", "UAR")
    ]  # fmt: skip
    war, uar = found.rows[1].difference, found.rows[3].difference
    assert war == bootstrap_interval([0, 1, 0])
    assert (war.over, war.n, uar.over) == ("clips", 3, "clips")
    assert war.mean == pytest.approx(1 / 3) and uar.mean == pytest.approx(1 / 4)


def test_folders_give_all_their_results(saved, tmp_path):
    for name in ("teacher", "student"):
        few().save(tmp_path / name / "fewshot.json")
        classification().save(tmp_path / name / "classification.json")
    found = compare_results(["teacher", "student"])
    assert [comparison.kind for comparison in found] == ["classification", "few-shot"]
    (tmp_path / "student" / "fewshot.json").unlink()
    with refused(ResultError, "student", "few-shot", "teacher", "`vidfer eval`"):
        compare_results(["teacher", "student"])
    files = [f"{name}/classification.json" for name in ("teacher", "student")]
    assert len(compare_results(files)) == 1


@pytest.mark.parametrize(
    ("other", "facts"),
    [
        (few(cache_hash="xy"), ("cache", "afew.h5", "xy", "ab")),
        (few(classes=("angry", "sad")), ("classes", "angry, sad", "angry, fear")),
        (few(classes=("fear", "angry")), ("episodes", "fear, angry", "angry, fear")),
        (few((0.5, 0.5)), ("clips", "2", "3", "'2.mp4'")),
        (few((0.5,) * 4), ("clips", "4", "3", "'3.mp4'")),
        (few(protocol={"shots": 5}), ("episodes", "5 shots", "3 shots")),
        (few(protocol={"episodes": 9}), ("9 episodes", "3 episodes")),
        (few(protocol={"person_disjoint": True}), ("episodes", "person-disjoint", "not person-disjoint")),
        (few(seed=4), ("episodes", "seed 4", "seed 0")),
        (few(protocol={"episodes_hash": "e1"}), ("episodes", "episodes_hash", "e1", "e0")),
        (classification(), ("classification", "`vidfer eval`")),
    ],
)
def test_what_was_measured_otherwise_is_refused(saved, other, facts):
    with refused(ResultError, "a", "b", *facts):
        compare_results(saved(a=few(), b=other))


def test_too_few_results_and_one_twice_are_refused(saved):
    saved(a=few())
    with refused(SettingError, "1 result", "`vidfer eval`"):
        compare_results(["a"])
    with refused(SettingError, "../"):
        compare_results(["a", f"../{Path.cwd().name}/a"])


def test_models_may_differ_in_head_and_frames(saved):
    other = few(protocol={"head": "PrototypeHead", "n_frames": 1}, checkpoint_hash="ef")
    assert compare_results(saved(a=few(), b=other))[0].rows[1].difference.mean == 0


def test_results_without_their_episodes_are_refused(saved):
    old = fewshot(protocol={name: value for name, value in PROTOCOL.items() if name != "episodes_hash"})
    with refused(ResultError, "b ", "episodes_hash", "`vidfer eval`"):
        compare_results(saved(a=few(), b=old))
    with refused(ResultError, "a ", "episodes_hash", "`vidfer eval`"):
        compare_results(saved(a=old, b=few()))


def test_the_text_says_what_was_measured(saved):
    saved(a=few(), b=few((0.9, 0.75, 0.25), mean=0.7))
    text = comparison_text(compare_results(["a", "b"])[0]).splitlines()[:4]
    assert text[0] == (
        "few-shot, 2-way 3-shot 1 query, 3 episodes of seed 0: 3 clips of 2 subjects, 0 without a face, "
        "split test of afew.h5; chance 33.3 %"
    )
    cells = [re.split("  +", line.strip()) for line in text[1:]]
    assert cells == [
        ["measure", "%", "95 % interval", "minus a", "95 % interval"],
        ["a", "accuracy", "60.0", "[57.7, 62.3]", "over 3 episodes"],
        [
            "b",
            "accuracy",
            "70.0",
            "[67.7, 72.3]",
            "over 3 episodes",
            "+10.0",
            "none",  # angry is of one subject alone
            "over 2 subjects",
        ],
    ]
    drawn = few(sources=("actors",))
    assert ": synthetic actors, 3 clips" in comparison_text(compare_results(saved(c=drawn, d=drawn))[0])


def test_results_with_a_fixed_support_are_compared_with_a_caution(saved):
    def told(accuracies, in_support=None):
        result = few(accuracies, n_subjects=None)
        for row, value in zip(result.rows, in_support or ()):
            row["jackknife_influence"] = [value, value]
        rows = [row | {"subject": None} for row in result.rows]
        return few(accuracies, n_subjects=None, rows=rows)

    before, after = (0.5, 0.75, 0.25, 0.25), (0.9, 0.75, 0.25, 0.25)
    (old,) = compare_results(saved(a=told(before), b=told(after)))
    (half,) = compare_results(saved(a=told(before), b=told(after, [0.1, -0.1, 0.0, 0.0])))
    (new,) = compare_results(saved(a=told(before, [0.0] * 4), b=told(after, [0.1, -0.1, 0.0, 0.0])))
    # Without it, a clip of fear moves the difference by 0.2 / 2, in the support by 0.1 / 2 more; t is 4.303.
    for found, by in ((old, 0.1), (half, 0.1), (new, 0.15)):
        interval = found.rows[1].difference
        assert (interval.mean, interval.n, interval.over) == (pytest.approx(0.1), 4, "clips")
        assert interval.high - interval.mean == pytest.approx(4.3027 * by, rel=1e-4)
        assert ("support clips fixed" in interval.method) == (found is not new)
        for text in (comparison_text(found), comparison_markdown(found)):
            warned = "too narrow" in text and "`vidfer eval`" in text
            assert warned == (found is not new)


def test_the_tables_hold_the_numbers(saved, tmp_path):
    found = compare_results(saved(a=classification(), b=classification((1.0, 1.0, 1.0))))
    write_comparisons(found, tmp_path / "t.json")
    write_comparisons(found, tmp_path / "t.csv")
    rows = json.loads((tmp_path / "t.json").read_text())
    table = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert [row["result"] for row in rows] == [row["result"] for row in table] == ["a", "b", "a", "b"]
    assert rows[0]["difference_mean"] is None and table[0]["difference_mean"] == ""
    for row, line, compared in zip(rows, table, found[0].rows):
        assert row["mean"] == float(line["mean"]) == compared.interval.mean
        assert row["checkpoint_hash"] == line["checkpoint_hash"] == "cd"
        if compared.difference is not None:
            ends = [row["difference_low"], row["difference_high"]]
            assert ends == [compared.difference.low, compared.difference.high]
            assert np.isfinite(ends).all()
    with refused(SettingError, "t.txt", ".csv, .json, .md"):
        write_comparisons(found, tmp_path / "t.txt")


def test_the_command_prints_and_writes_the_table(saved, monkeypatch, capsys):
    saved(a=few(), b=few((0.9, 0.75, 0.25), mean=0.7))
    monkeypatch.setattr("sys.argv", ["vidfer", "results", "compare", "a", "b", "--out", "new/t.csv"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "few-shot, 2-way 3-shot" in said and "+10.0" in said and said.endswith("new/t.csv\n")
    assert Path("new/t.csv").read_text().count("\n") == 3


def test_runs_give_the_results_that_were_left_in_them(saved, tmp_path):
    for name in ("runs/a", "runs/b"):
        few().save(tmp_path / name / "results" / "fewshot.json")
        (tmp_path / name / "settings.json").write_text("{}")
    (found,) = compare_results(["runs/a", "runs/b"])
    assert [row.name for row in found.rows] == ["runs/a", "runs/b"]
    (tmp_path / "runs/b/results/fewshot.json").unlink()
    with refused(ResultError, "runs/b", "results", "`vidfer eval`", "--out"):
        compare_results(["runs/a", "runs/b"])


def test_transductive_and_inductive_results_are_not_mixed_without_an_option(saved):
    together = few(protocol={"inference": "transductive"})
    names = saved(a=few(), b=together)  # a is of an earlier vidfer, which knew one way only
    with refused(ResultError, "b is transductive", "a is inductive", "--mixed"):
        compare_results(names)
    (found,) = compare_results(names, mixed=True)
    assert [row.name for row in found.rows] == ["a (inductive)", "b (transductive)"]
    assert "few-shot, 2-way" in comparison_text(found)
    saved(a=together)
    (found,) = compare_results(names)
    assert [row.name for row in found.rows] == names
    assert "few-shot, transductive 2-way" in comparison_text(found)


def test_the_markdown_table_has_a_row_for_every_result(saved, monkeypatch, capsys, tmp_path):
    saved(a=classification((1.0, 0.0, 1.0)), b=classification((1.0, 1.0, 1.0)))
    for words in (["--markdown"], ["--out", "t.md"]):
        monkeypatch.setattr("sys.argv", ["vidfer", "results", "compare", "a", "b", *words])
        with pytest.raises(SystemExit):
            main()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].endswith("differences are paired, to a.")
    table = printed[2:6]
    assert table[0] == "| | WAR | difference | UAR | difference |" and table[1] == "|---|---:|---:|---:|---:|"
    assert table[2].startswith("| a | 80.0 [49.0, 94.3] |  | 70.0 [")
    assert re.match(r"\| b \| 80.0 \[49.0, 94.3\] \| \+33.3 \[\+0.0, \+\d+.\d\] \|", table[3])
    assert all(line.count("|") == 6 for line in table)
    assert (tmp_path / "t.md").read_text().splitlines()[2:6] == table
