"""Several checkpoints measured as one, with what each of them has seen."""

import shutil

import pytest
import torch
from crop_caches import write_cache
from networks import network
from refused import refused
from small_runs import BASE, NOVEL, clips, write_run

from vidfer.commands.eval import main as eval_command
from vidfer.errors import DataError, SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.evaluate.result import load_result
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.report.named_results import read_results

TASK = EvalProtocol(novel=NOVEL, ways=2, shots=1, episodes=20)


@pytest.fixture
def cache(tmp_path):
    return write_cache(tmp_path / "c.h5", clips(), size_px=32)


@pytest.fixture
def runs(tmp_path, cache):
    """The second has other weights, and has tried its network on fewer clips."""
    write_run(tmp_path / "one", cache, train=range(4), test=range(4, 8))
    checkpoint = write_run(tmp_path / "two", cache, train=range(3), test=range(3, 8))
    torch.manual_seed(5)
    save_checkpoint(checkpoint, build_recogniser(network(width=2, head="prototype"), BASE[::-1]), {})
    return [tmp_path / "one", tmp_path / "two"]


def test_the_result_is_of_both(runs, cache):
    alone = [evaluate_checkpoint(run, cache.path, TASK) for run in runs]
    both = evaluate_checkpoint(runs, cache.path, TASK)
    assert both.keys() == {"classification", "fewshot"}
    few = both["fewshot"]
    assert few.protocol["episodes_hash"] == alone[0]["fewshot"].protocol["episodes_hash"]
    hashes = [one["fewshot"].checkpoint_hash for one in alone]
    assert few.protocol["fused"] == f"one ({hashes[0][:12]}), two ({hashes[1][:12]})"
    assert few.checkpoint_hash not in hashes and len(few.checkpoint_hash) == 64
    assert evaluate_checkpoint(runs[::-1], cache.path, TASK)["fewshot"].checkpoint_hash == few.checkpoint_hash
    assert few.protocol["disjoint_by"] == "subject" and few.protocol["n_frames"] == 2
    # Clip 3 is a test clip of the second alone.
    assert [row["clip"] for row in both["classification"].rows] == [f"{i:02d}.mp4" for i in range(4, 8)]
    rows = [one["classification"].rows[-1] for one in (*alone, both)]
    happy = [r["probability"] if r["predicted"] == "happy" else 1 - r["probability"] for r in rows]
    yes, no = (happy[0] * happy[1]) ** 0.5, ((1 - happy[0]) * (1 - happy[1])) ** 0.5
    assert happy[2] == pytest.approx(yes / (yes + no), abs=1e-5) and abs(happy[0] - happy[1]) > 1e-3


def test_what_one_has_seen_both_have_seen(tmp_path, runs, cache):
    write_run(tmp_path / "three", cache, train=range(8, 10), test=range(4))
    with refused(DataError, "the run three", "trained or chosen on 2 of the novel clips"):
        evaluate_checkpoint([runs[1], tmp_path / "three"], cache.path, TASK)
    shutil.copytree(runs[1] / "checkpoints" / "best", tmp_path / "lost")
    found = evaluate_checkpoint([runs[0], tmp_path / "lost"], cache.path, TASK)["fewshot"]
    assert found.protocol["disjoint_by"] == "not known" and "lost (" in found.note
    fold = {"name": "1/2", "of": 2, "division_hash": "x", "held_out": ["05.mp4"]}
    write_run(tmp_path / "fold", cache, train=range(4), test=range(0), fold=fold)
    with refused(SettingError, "different folds", "two (", "fold ("):
        evaluate_checkpoint([runs[1], tmp_path / "fold"], cache.path, TASK)


def test_other_classes(tmp_path, runs, cache):
    other = tmp_path / "other"
    save_checkpoint(other, build_recogniser(network(width=2, head="prototype"), ("happy", "awed")), {})
    assert evaluate_checkpoint([runs[0], other], cache.path, TASK).keys() == {"fewshot"}
    with refused(SettingError, "no classifiers of the same classes"):
        evaluate_checkpoint([runs[0], other], cache.path, EvalProtocol())


def test_on_the_command_line(tmp_path, runs, cache):
    options = ["--checkpoint", *map(str, runs), "--cache", str(cache.path), "--novel", *NOVEL]
    options += ["--ways", "2", "--shots", "1", "--episodes", "20", "--head", "prototype"]
    with refused(SettingError, "--out"):
        eval_command(options)
    with refused(SettingError, "twice"):
        eval_command(
            [*options[:1], str(runs[0]), *options[1:2], *options[3:], "--out", str(tmp_path / "both")]
        )
    assert eval_command([*options, "--out", str(tmp_path / "both")]) == 0
    file = tmp_path / "both" / "fewshot.json"
    assert load_result(file).protocol["head"] == "FusedHead"
    (named,) = read_results([file], [])
    assert named.name.startswith("late fusion of one (") and named.run is None
