"""`vidfer push` to a real server on this machine, and predictions with what lies there."""

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hub_server import READ_ONLY, TOKEN, Hub, Repository, running_hub
from huggingface_hub import HfApi, ModelCard
from made_up_results import classification
from networks import network
from refused import refused

from vidfer.commands import push
from vidfer.errors import HubError, RunError, SettingError
from vidfer.hub_answers import hub_errors
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import checkpoint_hash, save_checkpoint

FILES = {"model.safetensors", "config.json", "README.md", "LICENSE.md"}
SECRET = "patient_ann"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run whose files name a person wherever files of runs do."""
    folder = tmp_path_factory.mktemp("push") / "student"
    torch.manual_seed(0)
    made = build_recogniser(network("resnet18", None, width=4, input_px=32), ("happy", "sad"))
    save_checkpoint(folder / "checkpoints" / "best", made, {"epoch": 3})
    (folder / "settings.json").write_text(json.dumps({"seed": 1, "cache": f"/home/{SECRET}/c.h5"}))
    clips = [f"{SECRET}/1.mp4"]
    data = {"classes": ["happy", "sad"], "train": clips, "val": [], "test": [], "unlabelled": []}
    data |= {"cache_hash": "ab", "unlabelled_cache_hash": "ab", "sources": ["dfew:1"]}
    (folder / "data.json").write_text(json.dumps(data | {"unlabelled_sources": []}))
    (folder / "pseudo_labels").mkdir()
    (folder / "pseudo_labels" / "round1.csv").write_text(f"clip\n{SECRET}/1.mp4\n")
    return folder


RUNS = """
import contextlib, io, json, os, sys
from vidfer.commands.main import main
told = []
for token, words in json.loads(sys.argv[1]):
    os.environ.pop("HF_TOKEN", None)
    os.environ |= {"HF_TOKEN": token} if token else {}
    sys.argv = ["vidfer", *words]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code
    told.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""
"""Runs the program several times in one process, which reads HF_ENDPOINT when it starts."""


def run_program(hub: Hub, home: Path, *calls: tuple, **options) -> list[tuple[int, str, str]]:
    """Exit status, output and errors of each call: a token, and the words after ``vidfer``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environment |= {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    words = json.dumps([[token, [*map(str, words)]] for token, words in calls])
    command = [sys.executable, "-c", RUNS, words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_was_pushed_predicts_elsewhere_and_what_is_refused_is_told(run, tmp_path):
    cv2.imwrite(str(tmp_path / "face.png"), np.full((64, 64, 3), 90, np.uint8))
    predict = ("predict", tmp_path / "face.png", "--face", "picture", "--out", tmp_path / "out")
    push_it = ("push", run, "ann/other", "--yes")
    with running_hub() as hub:
        hub.repositories["ann/public"] = Repository(private=False)
        pushed, predicted, inspected, gone, *refusals = run_program(
            hub,
            tmp_path / "home",
            (TOKEN, ("push", run, "ann/faces", "--licence", "cc-by-nc-4.0", "--yes")),
            (TOKEN, (*predict, "--checkpoint", "hf://ann/faces")),
            (TOKEN, ("inspect", "hf://ann/faces")),
            (TOKEN, ("inspect", "hf://ann/nothing")),
            (None, push_it),
            ("hf_wrong", push_it),
            (READ_ONLY, push_it),
            (TOKEN, ("push", run, "ann/public", "--yes")),
            (TOKEN, push_it[:-1]),
            (TOKEN, (*push_it, "--licence", "no-such-licence")),
            stdin=subprocess.DEVNULL,
        )
    there = hub.repositories["ann/faces"]
    code, out, err = pushed
    assert code == 0 and there.private and there.files.keys() == FILES - {"LICENSE.md"}, err
    assert SECRET not in out and not any(SECRET.encode() in file for file in there.files.values())
    assert f"/ann/faces/commit/{there.sha}" in out
    assert there.files["model.safetensors"] in hub.large.values()  # it came as a large file
    card = ModelCard(there.files["README.md"].decode())
    assert card.data.license == "cc-by-nc-4.0" and card.data.datasets == ["dfew"]
    assert "--checkpoint hf://ann/faces" in card.text

    code, _, err = predicted
    assert code == 0 and there.sha in err, err
    about = json.loads((tmp_path / "out" / "predict.json").read_text())["model"]
    assert about["name"] == f"hf://ann/faces@{there.sha}"
    assert about["hash"] == checkpoint_hash(run / "checkpoints" / "best")

    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Not for decisions about people: hiring, policing" in page  # from the card on the hub
    assert inspected[0] == 0 and about["hash"] in inspected[1]

    facts = [
        (gone, ("hf://ann/nothing: there is no such repository", "hf auth login")),
        *zip(
            refusals,
            [
                ("not logged in", "hf auth login", "HF_TOKEN"),
                ("does not accept your token", "hf auth login"),
                ("right to write", "may not do this"),
                ("everybody can read it", "--public"),
                ("without a terminal", "--yes"),
                ("license", "must be one of"),
            ],
            strict=True,
        ),
    ]
    for (code, _, err), wanted in facts:
        assert code == 2 and "Traceback" not in err and all(fact in err for fact in wanted), err
    assert [name for name, one in hub.repositories.items() if one.files] == ["ann/faces"]


def test_it_asks_at_a_terminal(run, tmp_path):
    mine, its = pty.openpty()
    os.write(mine, b"n\ny\n")
    call = (TOKEN, ("push", run, "ann/faces", "--public"))
    with running_hub() as hub:
        no, yes = run_program(hub, tmp_path, call, call, stdin=its)
    os.close(its)
    os.close(mine)
    assert no[0] == 2 and "upload? [y/N]" in no[1] and "nothing was uploaded" in no[2]
    assert yes[0] == 0 and "will be public" in yes[1] and "no licence was chosen" in yes[1]
    there = hub.repositories["ann/faces"]
    assert not there.private and there.files.keys() == FILES and len(there.commits) == 1
    first_write = next(i for i, asked in enumerate(hub.asked) if asked.startswith("POST"))
    assert hub.asked[:first_write] == ["GET /api/models/ann/faces"] * 2  # nothing was sent before the answer


def test_a_hub_that_cannot_be_reached_is_told():
    with (
        refused(HubError, "hf://ann/faces", "cannot be reached", "HF_ENDPOINT"),
        hub_errors("hf://ann/faces"),
    ):
        HfApi(endpoint="http://127.0.0.1:9").repo_info("ann/faces")  # nobody listens there


def test_a_dry_run_shows_all_and_asks_no_server(run, tmp_path, capsys, monkeypatch):
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    (copy / "results").mkdir()
    pinned = checkpoint_hash(copy / "checkpoints" / "best")
    classification(checkpoint_hash=pinned).save(copy / "results" / "classification.json")
    assert push.main([str(copy), "ann/faces", "--dry-run", "--results"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*FILES, "results.json")) and "nothing was uploaded" in shown
    assert "`dfew:1`: on request from its authors" in shown and "never uploaded: videos, crops" in shown


def test_results_go_without_rows_and_command_lines(run, tmp_path):
    from vidfer.report.push_files import push_files

    copy = Path(shutil.copytree(run, tmp_path / "run"))
    pinned = checkpoint_hash(copy / "checkpoints" / "best")
    result = classification(checkpoint_hash=pinned)
    result.protocol["request"] = f"--cache /home/{SECRET}/c.h5"
    result.rows[0]["subject"] = SECRET
    result.save(tmp_path / "classification.json")
    files, _ = push_files(copy, "hf://a/b", [tmp_path / "classification.json"], with_results=True)
    (text,) = [file.content.decode() for file in files if file.name == "results.json"]
    (one,) = json.loads(text)
    assert SECRET not in text and "rows" not in one and one["measures"].keys() == result.measures.keys()


def test_mistakes_are_told_before_anything_is_sent(run, tmp_path, monkeypatch):
    with refused(SettingError, "faces", "owner/name"):
        push.main([str(run), "faces"])
    with refused(SettingError, "@v2", "main"):
        push.main([str(run), "ann/faces@v2"])
    with refused(SettingError, "--licence no licence", "apache-2.0"):
        push.main([str(run), "ann/faces", "--licence", "no licence"])
    with refused(RunError, tmp_path, "settings.json"):
        push.main([str(tmp_path), "ann/faces"])
