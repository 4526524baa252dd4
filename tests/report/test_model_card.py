import dataclasses
import json
import shutil

from refused import refused

from vidfer.errors import RunError
from vidfer.evaluate.result import load_result
from vidfer.report.facts import facts_of
from vidfer.report.model_card import model_card, write_model_card
from vidfer.runs.read_run import read_runs


def test_card_gives_the_numbers_of_its_own_checkpoint_with_intervals(runs):
    card = model_card(runs.student, runs.results)
    own = [load_result(file) for file in runs.results if file.stem.startswith("student")]
    other = [load_result(file) for file in runs.results if file.stem.startswith("teacher")]
    assert own[0].checkpoint_hash in card and other[0].checkpoint_hash not in card
    for result in own:
        for name, interval in result.measures.items():
            assert f": {name} | 33.3 | {interval} |" in card
        assert result.cache_hash in card
        for row in result.per_class:
            assert f"| {row['class']} |" in card and f"{100 * row['accuracy']:.1f} ({row['clips']:,})" in card
    assert "12 unlabelled clips" in card and "seed of training: 4" in card
    assert "Not for decisions about people" in card and "Synthetic" not in card
    assert "unlabelled" not in model_card(runs.teacher)


def test_a_class_without_a_clip_has_no_recall(runs, tmp_path):
    result, file = load_result(runs.results[0]), tmp_path / "few.json"
    empty = result.per_class[0] | {"clips": 0, "n_queries": 0, "accuracy": None}
    dataclasses.replace(result, per_class=[empty, *result.per_class[1:]]).save(file)
    assert f"| {empty['class']} | no clip |" in model_card(runs.teacher, [file])


def test_card_says_how_the_checkpoint_was_chosen(runs, tmp_path):
    assert "validation clips, not on the test split" in model_card(runs.teacher)
    run = tmp_path / "unchosen"
    shutil.copytree(runs.teacher, run)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    records = [{k: None if k.startswith("val_") else v for k, v in json.loads(x).items()} for x in lines]
    (run / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    card = model_card(run)
    assert "last epoch" in card and "not on the test split" not in card
    facts = dict(facts_of(read_runs([runs.teacher, run]), [], None))
    chosen, unchosen = (fact.text for fact in facts["Chosen by"])
    assert chosen.startswith("teacher: validation clips") and unchosen.startswith("unchosen: nothing")


def test_card_says_when_figures_are_from_actors(runs, tmp_path):
    file = tmp_path / "actors.json"
    dataclasses.replace(load_result(runs.results[0]), sources=("actors",)).save(file)
    card = model_card(runs.teacher, [file])
    assert card.index("Synthetic actors, not people") < card.index("## Figures")


def test_card_without_figures_says_so(runs):
    assert "Not measured yet" in model_card(runs.teacher)


def test_card_is_written_beside_the_weights(runs):
    path = write_model_card(runs.teacher, runs.results)
    assert path == runs.teacher / "checkpoints" / "best" / "README.md"
    assert path.read_text() == model_card(runs.teacher, runs.results)
    path.unlink()


def test_a_run_without_a_best_checkpoint_is_named(runs, tmp_path):
    run = tmp_path / "begun"
    shutil.copytree(runs.teacher, run)
    shutil.rmtree(run / "checkpoints" / "best")
    with refused(RunError, run, "best", "--resume"):
        model_card(run)
