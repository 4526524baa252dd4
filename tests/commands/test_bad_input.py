"""Whatever a user may get wrong: one message with the value, the file and the remedy, and exit status 2."""

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from crop_caches import write_cache
from networks import network
from striped_cache import write_striped_cache

from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint

ROOT = Path(__file__).resolve().parents[2]
BEST = "run1/checkpoints/best"
LONG = "x" * 300
SHORT = "--tracker none --data.frames 2"

LINES = Path(__file__).with_name("bad_input.txt").read_text(encoding="utf-8").splitlines()
TABLE = [(command, facts.split(" | ")) for command, facts in zip(LINES[::2], LINES[1::2], strict=True)]
"""Command lines, and the facts that their messages must tell: the value, the file, the option or command that
helps. No fact is a wording. good.h5 is a good cache, run1 a good run, BEST its checkpoint; EVAL is
``vidfer eval`` with a folder for the results; LONG is a path that no disk can have."""


def start(command: str, monkeypatch) -> int:
    """The exit status of a command line, run in this process."""
    words = command.replace("EVAL", "vidfer eval" + " --out results" * ("--out" not in command)).split()
    words = [{"BEST": BEST, "LONG": LONG}.get(word, word) for word in words]
    program, arguments = words[0], words[1:]
    if program in ("supervised.py", "noisy_student.py", "fewshot.py"):
        arguments += SHORT.split()
    if program == "supervised.py" and "--encoder.width" not in arguments:
        arguments += ["--encoder.width", "4"]
    monkeypatch.setattr("sys.argv", [program, *arguments])
    try:
        if program == "vidfer":
            from vidfer.commands.main import main

            main()
        else:
            folder = "tools" if program == "import_csrn.py" else "recipes"
            # Python puts the folder of a program first, where what it imports lies.
            monkeypatch.setattr("sys.path", [str(ROOT / folder), *sys.path])
            runpy.run_path(str(ROOT / folder / program), run_name="__main__")
    except SystemExit as stop:
        return stop.code or 0
    return 0


@pytest.fixture(scope="module")
def place(tmp_path_factory, studio_clips):
    """A folder with something of everything, good and bad; everything runs inside it."""
    place = tmp_path_factory.mktemp("bad_input")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("ACCELERATE_USE_CPU", "true")
        patch.setenv("TQDM_DISABLE", "1")
        write_striped_cache(Path("good.h5"), {"train": 2, "val": 2, "test": 2})
        labelled = [
            {"id": f"{name}{i}", "label": name, "subject": f"p{i}"}
            for name in ("angry", "happy", "sad")
            for i in range(4)
        ]
        write_cache(Path("nosplits.h5"), labelled)
        write_cache(Path("unlabelled.h5"), [{"id": f"u{i}"} for i in range(4)])
        write_cache(Path("small.h5"), [{"id": f"u{i}"} for i in range(4)], size_px=16)
        shutil.copy("good.h5", "v9.h5")
        with h5py.File("v9.h5", "r+") as file:
            file.attrs["schema_version"] = 9
        whole = Path("good.h5").read_bytes()
        Path("cut.h5").write_bytes(whole[: len(whole) // 2])
        write_cache(Path("relabelled.h5"), [fields | {"label": "fear"} for fields in labelled])
        shutil.copy("nosplits.h5", "flipped.h5")
        with h5py.File("flipped.h5", "r+") as file:
            file["raw"][0, 0, 0, 0, 0] ^= 1
        Path("ids.txt").write_text("angry0\nnobody\n")
        Path("labels.csv").write_text("id,label\nangry0,sad\nangry9,sad\n")
        Path("twice.csv").write_text("id,label\nangry0,sad\nangry0,happy\n")
        with h5py.File("foreign.h5", "w") as file:
            file["numbers"] = np.arange(3)
        for name in ("text.h5", "a_file"):
            Path(name).write_text("neither a cache nor a folder\n")
        Path("nopath.csv").write_text("file,label\na.mp4,happy\n")
        Path("gone.csv").write_text("path,label\nno.mp4,happy\n")
        Path("a_folder").mkdir()
        Path("ring").symlink_to("ring")
        Path("texts").mkdir()
        Path("texts/a.txt").write_text("no clip\n")
        shutil.copytree(studio_clips / "Train_AFEW", "drawn")

        assert start("supervised.py --cache good.h5 --out run1 --train.epochs 1 --head prototype", patch) == 0
        assert start(f"EVAL --checkpoint {BEST} --cache good.h5 --out results", patch) == 0
        shutil.copy("results/classification.json", "result.json")
        for name, fields in (("othercache", {"cache_hash": "ab" * 32}), ("otherclips", {"rows": []})):
            shutil.copy("result.json", f"{name}.json")
            rewrite(f"{name}.json", lambda result, fields=fields: result.update(fields))
        shutil.copy("run1/settings.json", "settings.json")
        torch.save({"conv1.weight_": torch.zeros(2)}, "other.pth")
        for name in ("noconfig", "cut", "pth", "conv4"):
            shutil.copytree(BEST, name)
        Path("noconfig/config.json").unlink()
        weights = Path("cut/model.safetensors")
        weights.write_bytes(weights.read_bytes()[:-100])
        shutil.copy("other.pth", "pth/model.safetensors")
        sha256 = hashlib.sha256(Path("other.pth").read_bytes()).hexdigest()
        rewrite("pth/config.json", lambda config: config.update(weights_sha256=sha256))
        rewrite("conv4/config.json", lambda config: config["model"].update(encoder={"name": "conv4"}))
        csrn = build_recogniser(network(encoder="conv4", head="csrn"))
        save_checkpoint(Path("csrn"), csrn, {"base_classes": ["angry"]})
        before = contents(place)
        yield place
        assert contents(place) == before, "a command that did nothing has left something behind"


def rewrite(path: str, change) -> None:
    config = json.loads(Path(path).read_text())
    change(config)
    Path(path).write_text(json.dumps(config))


def contents(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if "results" not in p.parts}


@pytest.mark.parametrize(("command", "facts"), TABLE, ids=[command for command, _ in TABLE])
def test_a_mistake_is_one_message(command, facts, place, monkeypatch, capfd):
    assert start(command, monkeypatch) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    program = command.split()[0].replace("EVAL", "vidfer")
    told = re.match(rf"{program}(?: [a-z_-]+){{0,2}}: ", lines[0]) if len(lines) == 1 else None
    assert told, "\n".join(lines)
    message = lines[0][told.end() :]
    wanted = [fact.strip().replace("BEST", BEST).replace("LONG", LONG) for fact in facts]
    missing = [fact for fact in wanted if not tells(message, fact)]
    assert not missing, f"{missing} not in: {message}"


def tells(message: str, fact: str) -> bool:
    """Whether a message has this fact, and not as a part of a longer word or number."""
    return re.search(rf"(?<!\w){re.escape(fact)}(?!\w)", message) is not None


def test_a_tool_names_the_option_that_is_missing(place, monkeypatch, capfd):
    assert start("import_csrn.py --weights other.pth", monkeypatch) == 2
    error = capfd.readouterr().err
    assert "Traceback" not in error and "--out" in error


@pytest.mark.parametrize(
    ("command", "program", "facts"),
    [
        ("{python} -m vidfer.commands.main inspect cut.h5", "vidfer inspect", ["cut.h5", "truncated"]),
        (
            "{python} {root}/recipes/supervised.py --cache v9.h5 --out new",
            "supervised.py",
            ["v9.h5", "schema 9"],
        ),
    ],
    ids=["inspect", "supervised"],
)
def test_the_same_as_a_program(command, program, facts, place):
    words = command.format(python=sys.executable, root=ROOT).split()
    done = subprocess.run(words, cwd=place, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith(f"{program}: ") and all(tells(message, fact) for fact in facts), done.stderr


def test_all_clips_of_a_cache_that_the_run_has_not_seen_are_measured(place, monkeypatch, capfd):
    assert (
        start(f"EVAL --checkpoint {BEST} --cache nosplits.h5 --split all --out results/all", monkeypatch) == 0
    )
    assert "all: WAR" in capfd.readouterr().out
    result = json.loads((place / "results/all/classification.json").read_text())
    assert (result["split"], result["n_clips"], result["note"]) == ("all", 12, "")


def test_clips_that_the_run_may_have_seen_elsewhere_are_told(place, monkeypatch):
    write_striped_cache(place / "results/again.h5", {"train": 1, "test": 1}, size_px=40)
    command = f"EVAL --checkpoint {BEST} --cache results/again.h5 --split all --out results/again"
    assert start(command, monkeypatch) == 0
    note = json.loads((place / "results/again/classification.json").read_text())["note"]
    assert "3 of these clips" in note and "another cache" in note
    shutil.copytree(BEST, "results/alone/best/checkpoint")
    command = (
        "EVAL --checkpoint results/alone/best/checkpoint --cache nosplits.h5 --split all --out results/alone"
    )
    assert start(command, monkeypatch) == 0
    note = json.loads((place / "results/alone/classification.json").read_text())["note"]
    assert "no run folder" in note
