"""Two small runs with real checkpoints, measured with the real evaluation on a striped cache."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import network
from page_reader import Reader
from striped_cache import CLASSES, write_striped_cache

from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_fewshot import evaluate_fewshot
from vidfer.evaluate.evaluate_split import evaluate_split
from vidfer.learn.pseudo_labels import PseudoLabels, write_pseudo_labels
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.report.build import build_report
from vidfer.store.reader import CropCache

SETTINGS = network(width=2, head="prototype")
EPISODES = EvalProtocol(novel=tuple(CLASSES), shots=2, episodes=20, seed=7, curve=(1, 2))
SELECTION = {"threshold": 0.3, "soft": True, "quota": None, "ratio": 1}


@dataclass(frozen=True)
class Runs:
    teacher: Path
    student: Path
    results: tuple[Path, ...]
    cache: Path


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Runs:
    folder = tmp_path_factory.mktemp("report")
    cache = write_striped_cache(folder / "striped.h5", {"train": 1, "val": 1, "test": 5, "unlabelled": 4})
    teacher, teacher_hash = write_run(folder / "runs" / "teacher", cache, torch_seed=1, settings={"seed": 3})
    settings = {"seed": 4, "rounds": 1, "teacher": "runs/teacher/checkpoints/best"}
    student, student_hash = write_run(
        folder / "runs" / "student", cache, torch_seed=2, settings=settings, teacher_hash=teacher_hash
    )
    write_labels(folder / "runs" / "student" / "pseudo_labels" / "round1.csv", cache, teacher_hash)
    files = []
    for name, model, pinned in (("teacher", teacher, teacher_hash), ("student", student, student_hash)):
        measured = {"n_frames": 2, "checkpoint_hash": pinned}
        split = evaluate_split(model, cache, EvalProtocol(), **measured)
        # The same encoder without base classes: the striped classes may then be novel ones.
        bare = build_recogniser(SETTINGS, ())
        bare.encoder.load_state_dict(model.encoder.state_dict())
        few = evaluate_fewshot(bare.eval(), cache, EPISODES, **measured, split="test")
        for kind, result in (("split", split), ("few", few)):
            files.append(folder / "results" / f"{name}_{kind}.json")
            result.save(files[-1])
    return Runs(folder / "runs" / "teacher", folder / "runs" / "student", tuple(files), cache.path)


def write_run(
    folder: Path, cache: CropCache, *, torch_seed: int, settings: dict, teacher_hash: str | None = None
):
    """A run folder as the recipes leave it, with an untrained model; the model and its hash."""
    torch.manual_seed(torch_seed)
    model = build_recogniser(SETTINGS, CLASSES).eval()
    info = {"epoch": 2} | ({"teacher_hash": teacher_hash} if teacher_hash else {})
    pinned = save_checkpoint(folder / "checkpoints" / "best", model, info)
    if teacher_hash:
        save_checkpoint(folder / "checkpoints" / "round1", model, info)
    ids = {s: [c.id for c in cache.clips if c.split == s] for s in ("train", "val", "test", "unlabelled")}
    hashes = {"cache_hash": cache.content_hash, "unlabelled_cache_hash": cache.content_hash}
    of_round = {"round": 1} if teacher_hash else {}
    metrics = [{"pseudo_labels": {}, **of_round}] if teacher_hash else []
    metrics += [{"epoch": e, "loss": 2 / e, "val_uar": 0.2 * e, **of_round} for e in (1, 2)]
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "environment.json").write_text(json.dumps({"vidfer": "0.1.0", "device": "cpu"}))
    (folder / "data.json").write_text(json.dumps(hashes | {"classes": CLASSES, "note": "official", **ids}))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in metrics))
    return model, pinned


def write_labels(path: Path, cache: CropCache, teacher_hash: str) -> None:
    clips = [clip for clip in cache.clips if clip.split == "unlabelled"]
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), len(clips)).astype(np.float32)
    labels = PseudoLabels(
        clip_ids=tuple(clip.id for clip in clips),
        probabilities=probabilities,
        has_face=np.ones(len(clips), bool),
        weights=np.arange(len(clips)) % 3,
        classes=CLASSES,
        teacher_hash=teacher_hash,
        cache_hash=cache.content_hash,
    )
    write_pseudo_labels(labels, path, SELECTION)


@pytest.fixture(scope="session")
def page(runs, tmp_path_factory) -> Reader:
    out = tmp_path_factory.mktemp("page") / "deep" / "report.html"
    assert build_report([runs.teacher, runs.student], runs.results, out, runs.cache) == out
    return Reader(out.read_text(encoding="utf-8"))
