import json

from made_up_results import classification, fewshot
from refused import refused

from vidfer.errors import ResultError
from vidfer.evaluate.find_results import check_free
from vidfer.evaluate.intervals import mean_interval
from vidfer.evaluate.result import load_result


def test_a_result_comes_back_from_its_file_as_it_was(tmp_path):
    result = fewshot(note="Größe")
    path = tmp_path / "new" / "fewshot.json"
    result.save(path)
    assert load_result(path) == result
    assert [p.name for p in path.parent.iterdir()] == ["fewshot.json"]
    result.save(path)  # over an old one
    assert load_result(path) == result
    alone = fewshot(measures={"accuracy": mean_interval([0.5])})
    alone.save(path)
    assert load_result(path).main.low is None


def test_the_summary_says_what_was_measured():
    assert fewshot().summary() == (
        "few-shot 3-way 3-shot: 62.0 % ± 2.3 (3 episodes over 3 clips, seed 0; chance 33.3 %)"
    )
    drawn = fewshot(sources=("actors",)).summary()
    assert "± 2.3 (synthetic actors, 3 episodes over 3 clips, seed 0; chance" in drawn
    assert classification(n_clips=10).summary() == (
        "test: WAR 80.0 % [49.0, 94.3], UAR 70.0 % [39.7, 89.2] (10 clips of 2 subjects; chance 14.3 %)"
    )
    assert "10 clips; chance" in classification(n_clips=10, n_subjects=None).summary()


def test_other_files_are_refused_with_a_remedy(tmp_path):
    path = tmp_path / "r.json"
    with refused(ResultError, path, "`vidfer eval`"):
        load_result(path)
    path.write_text("<html>")
    with refused(ResultError, path, "`vidfer eval`"):
        load_result(path)
    path.write_text("[]")
    with refused(ResultError, path, "schema None"):
        load_result(path)
    fewshot().save(path)
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"schema_version": 99}))
    with refused(ResultError, path, "schema 99", "2"):
        load_result(path)
    del values["rows"]
    path.write_text(json.dumps(values))
    with refused(ResultError, path, "(rows)", "`vidfer eval`"):
        load_result(path)


def test_results_of_another_checkpoint_or_cache_are_not_written_over(tmp_path):
    fewshot().save(tmp_path / "fewshot.json")
    check_free(tmp_path, "cd", "ab", {})
    with refused(ResultError, tmp_path / "fewshot.json", "checkpoint", "--out"):
        check_free(tmp_path, "ef", "ab", {})
    with refused(ResultError, tmp_path / "fewshot.json", "afew.h5", "--out"):
        check_free(tmp_path, "cd", "gh", {})
