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
from striped_cache import write_striped_cache

from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.settings import ModelSettings

ROOT = Path(__file__).resolve().parents[1]
BEST = "run/checkpoints/best"
SHORT = "--tracker none --data.frames 2"

# A command, and below it what its message must match. The folder has good.h5, a good cache, and run/, a good run.
COMMANDS = r"""
vidfer juggle
    no command 'juggle'; choose one of: actors
vidfer cache --src banana --root clips --out a.h5
    no source 'banana'; choose one of actors, afew
vidfer cache --src folder --root nowhere --out a.h5
    no folder nowhere; give the folder that holds
vidfer cache --src folder --root empty --out a.h5
    the folder empty is empty; give
vidfer cache --src folder --root file --out a.h5
    file is a file; give the folder
vidfer cache --src folder --root texts --out a.h5
    no clip in texts, which holds a.txt; looked for
vidfer cache --src afew --root nowhere --out a.h5
    no folder nowhere; give .*Train_AFEW/
vidfer cache --src afew --root empty --out a.h5
    the folder empty is empty; give .*Train_AFEW/
vidfer cache --src afew --root texts --out a.h5
    no clip in texts.*Train_AFEW/
vidfer cache --src actors --root clips --out a.h5
    clips has no subjects.csv.*--src afew
vidfer cache --src bold --root clips --out a.h5
    no clip in clips.*videos/, annotations/
vidfer cache --src table --root nowhere.csv --out a.h5
    nowhere.csv; give .*table
vidfer cache --src table --root clips --out a.h5
    clips must hold one .csv or .parquet table
vidfer cache --src table --root nopath.csv --out a.h5
    nopath.csv has no column 'path'.*file, label
vidfer cache --src table --root gone.csv --out a.h5
    1 of 1 rows of gone.csv.*no.mp4
vidfer cache --src table --root good.h5 --out a.h5
    good.h5 is neither .csv nor .parquet; give
vidfer cache --src folder --root clips --out empty
    empty is a folder; name the file
vidfer cache --src folder --root clips --out empty --overwrite
    empty is a folder; name the file
vidfer cache --src folder --root clips --out file/a.h5
    cannot write file/a.h5
vidfer cache --src folder --root clips --out text.h5
    text.h5 is no HDF5 file.*delete it
vidfer cache --src folder --root clips --out v9.h5
    v9.h5 has cache schema 9; this vidfer reads .*
vidfer cache --src folder --root clips --out good.h5
    good.h5 was made with other settings.*--overwrite
vidfer cache --src folder --root clips --out a.h5 --device cuda:99
    --device cuda:99 cannot be used here.*choose cpu
vidfer cache --src folder --root clips --out a.h5 --device banana
    --device banana cannot be used here.*choose cpu
vidfer cache --src folder --root clips --out a.h5 --workers 0
    workers is 0; at least 1
vidfer cache --src folder --root clips --out a.h5 --size-px 0
    size_px is 0; it must be greater than 0
vidfer cache --src folder --root clips --out a.h5 --quality 101
    quality is 101; it must be between 1 and 100
vidfer cache --src folder --root clips --out a.h5 --subject-pattern (
    pattern '\(' is no regular expression
vidfer cache --src folder --root clips --out a.h5 --subject-pattern (x)y
    pattern '\(x\)y' fits no file name; the first
vidfer cache --src folder --root clips --out a.h5 --enhance gone.onnx
    enhance is 'gone.onnx': .*give a model's path
vidfer actors --out file
    file is a file; give a folder
vidfer actors --out file/x
    cannot use file/x.*choose another path
vidfer actors --out texts
    texts is not empty.*give a new or an empty folder
vidfer actors --out x --workers 0
    workers is 0; at least 1
vidfer actors --out x --base-labels banana
    unknown expression 'banana'; choose from angry, .*
vidfer inspect nowhere.h5
    no crop cache nowhere.h5; make one with
vidfer inspect empty
    empty is a folder; name the cache file
vidfer inspect text.h5
    text.h5 is no HDF5 file.*make it again
vidfer inspect cut.h5
    cut.h5 .*truncated.*make it again
vidfer inspect v9.h5
    v9.h5 has cache schema 9.*make it again
vidfer inspect foreign.h5
    foreign.h5 .*no vidfer crop cache; name
vidfer inspect good.h5 --clip nobody
    good.h5 has no clip 'nobody'
vidfer inspect good.h5 --clip train/sad000 --out empty
    empty does not end in .png; name
vidfer inspect good.h5 --clip train/sad000 --out file/x.png
    cannot use file: .*choose another path
vidfer verify nowhere.h5
    no crop cache nowhere.h5; make one with
vidfer verify empty
    empty is a folder; name the cache file
vidfer verify cut.h5
    cut.h5 .*truncated.*make it again
vidfer verify v9.h5
    v9.h5 has cache schema 9.*make it again
EVAL --checkpoint nowhere --cache good.h5
    no model.safetensors in nowhere.*name a folder such as
EVAL --checkpoint run --cache good.h5
    no model.safetensors in run.*name run/checkpoints/best
EVAL --checkpoint other.pth --cache good.h5
    no model.safetensors in other.pth.*name a folder
EVAL --checkpoint noconfig --cache good.h5
    no config.json beside noconfig/.*copy the whole
EVAL --checkpoint cut --cache good.h5
    cut/model.safetensors is damaged.*copy the whole
EVAL --checkpoint pth --cache good.h5
    pth/model.safetensors is no safetensors file.*name
EVAL --checkpoint conv4 --cache good.h5
    conv4/model.safetensors.*different models: copy
EVAL --checkpoint BEST --cache nowhere.h5
    no crop cache nowhere.h5; make one with
EVAL --checkpoint BEST --cache empty
    empty is a folder; name the cache file
EVAL --checkpoint BEST --cache cut.h5
    cut.h5 .*truncated.*make it again
EVAL --checkpoint BEST --cache v9.h5
    v9.h5 has cache schema 9.*make it again
EVAL --checkpoint BEST --cache unlabelled.h5
    no clip of split 'test' .*unlabelled.h5: none; name
EVAL --checkpoint BEST --cache nosplits.h5
    nosplits.h5: angry 4, happy 4, sad 4; name .*`all`
EVAL --checkpoint BEST --cache good.h5 --split all
    trained or chosen on 12 of the clips of good.h5.*name
EVAL --checkpoint BEST --cache good.h5 --frames 0
    frames is 0; at least 1
EVAL --checkpoint BEST --cache good.h5 --seed -1
    seed is -1; it must be 0 or more
EVAL --checkpoint BEST --cache good.h5 --device cuda:99
    --device cuda:99 cannot be used here.*choose cpu
EVAL --checkpoint BEST --cache good.h5 --out file
    cannot use file: .*choose another path
EVAL --checkpoint BEST --cache good.h5 --out file/x
    cannot use file/x: .*choose another path
EVAL --checkpoint BEST --cache good.h5 --novel happy
    'happy' is both a base and a novel class.*good.h5
EVAL --checkpoint BEST --cache good.h5 --novel banana
    'banana' is not in good.h5; it has angry
EVAL --checkpoint csrn --cache good.h5
    csrn has no classifier.*name novel classes with --novel
EVAL --checkpoint csrn --cache good.h5 --novel happy sad
    3-way .* need 3 classes, .*2.*good.h5.*name more
EVAL --checkpoint csrn --cache good.h5 --novel happy sad --ways 2 --shots 9
    'happy' has 2 clips; 9-shot.*need 10 \(good.h5
EVAL --checkpoint csrn --cache good.h5 --novel happy sad --ways 1
    ways is 1; an episode needs at least 2
vidfer report
    nothing to report; name run folders
vidfer report --runs nowhere
    nowhere is no run folder.*name the --out
vidfer report --runs file
    file is no run folder.*name the --out
vidfer report --runs BEST
    BEST is no run folder.*name the --out
vidfer report --results nowhere.json
    cannot read result file nowhere.json.*vidfer eval
vidfer report --results empty
    cannot read result file empty.*vidfer eval
vidfer report --results good.h5
    good.h5 is not a result file.*make it again
vidfer report --results settings.json
    settings.json is a result file of schema None
vidfer report --runs run --results result.json --cache nosplits.h5
    nosplits.h5 has content hash.*name that cache
vidfer report --runs run --results result.json --cache cut.h5
    cut.h5 .*truncated.*make it again
vidfer report --runs run --out empty
    empty is a folder; name the page
vidfer report --runs run --out file/r.html
    cannot use file: .*choose another path
vidfer report --runs run --device cuda:99
    --device cuda:99 cannot be used here.*choose cpu
supervised.py --cache nowhere.h5 --out new
    no crop cache nowhere.h5; make one with
supervised.py --cache empty --out new
    empty is a folder; name the cache file
supervised.py --cache v9.h5 --out new
    v9.h5 has cache schema 9.*make it again
supervised.py --cache unlabelled.h5 --out new
    unlabelled.h5 has no labelled clips
supervised.py --cache good.h5 --out run
    run holds a run already; add --resume
supervised.py --cache good.h5 --out texts
    texts exists and is no run folder; choose another
supervised.py --cache good.h5 --out file
    file exists and is no run folder; choose another
supervised.py --cache good.h5 --out file/x
    cannot use file/x: .*choose another path
supervised.py --cache good.h5 --out run --resume --seed 7
    run/settings.json has .*resume with the settings
supervised.py --cache good.h5 --out new --data.classes banana
    'banana' is not in good.h5; it has angry
supervised.py --cache good.h5 --out new --data.classes happy
    'happy' alone .*--data.classes
supervised.py --cache good.h5 --out new --data.classes sad happy --data.novel happy
    'happy' is both .*good.h5
supervised.py --cache good.h5 --out new --imagenet nowhere.pth
    no file of ImageNet weights at nowhere.pth; give
supervised.py --cache good.h5 --out new --imagenet other.pth
    other.pth .*not a ResNet-18; give
supervised.py --cache good.h5 --out new --imagenet file
    file is not a file of weights.*give
supervised.py --cache good.h5 --out new --model.width 0
    width is 0; give at least 1
noisy_student.py --cache good.h5 --out new --teacher nowhere
    no model.safetensors in nowhere.*name
noisy_student.py --cache good.h5 --out new --teacher csrn
    csrn has no classifier; name
noisy_student.py --cache good.h5 --out new --teacher cut
    cut/model.safetensors is damaged.*copy
noisy_student.py --cache good.h5 --out new --teacher BEST
    good.h5 has no unlabelled clips.*--unlabelled
noisy_student.py --cache good.h5 --out new --teacher BEST --unlabelled empty
    empty is a folder; name the cache file
noisy_student.py --cache good.h5 --out new --teacher BEST --unlabelled v9.h5
    v9.h5 has cache schema 9.*make it again
noisy_student.py --cache good.h5 --out new --teacher BEST --unlabelled small.h5
    small.h5 has crops of 16 px.*make one
noisy_student.py --cache good.h5 --out new --teacher BEST --width 2
    --width 2: the teacher has 4
noisy_student.py --cache good.h5 --out new --teacher BEST --data.classes banana
    'banana' is not in good.h5; it has angry
fewshot.py --cache nowhere.h5 --out new
    no crop cache nowhere.h5; make one with
fewshot.py --cache good.h5 --out new
    4-way .* need 4 classes, .*3 .*good.h5.*fewer ways
fewshot.py --cache good.h5 --out new --episodes.ways 3
    'angry' has 2 clips; 4-shot .*need 5 \(good.h5
fewshot.py --cache good.h5 --out new --episodes.ways 1
    --episodes.ways 1: an episode compares at least 2
fewshot.py --cache good.h5 --out new --episodes.ways 3 --episodes.shots 1 --init other.pth
    in other.pth.*name
fewshot.py --cache good.h5 --out new --episodes.ways 3 --episodes.shots 1 --init conv4
    conv4/model.*different models
fewshot.py --cache good.h5 --out new --episodes.ways 3 --episodes.shots 1 --freeze-encoder
    needs --init
fewshot.py --cache good.h5 --out run --episodes.ways 3 --episodes.shots 1
    run holds a run already; add --resume
import_csrn.py --weights nowhere.pth --out new
    no file nowhere.pth; name a .pth
import_csrn.py --weights empty --out new
    no file empty; name a .pth
import_csrn.py --weights other.pth --out new
    other.pth is not a released CSRN checkpoint.*name
import_csrn.py --weights good.h5 --out new
    good.h5 is not a released CSRN checkpoint.*name
"""
LINES = [line.strip() for line in COMMANDS.strip().splitlines()]
TABLE = list(zip(LINES[::2], LINES[1::2], strict=True))


def start(command: str, monkeypatch) -> int:
    """The exit status of a command line, run in this process."""
    words = command.replace("EVAL", "vidfer eval" + " --out results" * ("--out" not in command)).split()
    words = [BEST if word == "BEST" else word for word in words]
    program, arguments = words[0], words[1:]
    if program in ("supervised.py", "noisy_student.py", "fewshot.py"):
        arguments += SHORT.split()
    if program == "supervised.py" and "--model.width" not in arguments:
        arguments += ["--model.width", "4"]
    monkeypatch.setattr("sys.argv", [program, *arguments])
    try:
        if program == "vidfer":
            from vidfer.cli import main

            main()
        else:
            folder = "tools" if program == "import_csrn.py" else "recipes"
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
        with h5py.File("foreign.h5", "w") as file:
            file["numbers"] = np.arange(3)
        for name in ("text.h5", "file"):
            Path(name).write_text("neither a cache nor a folder\n")
        Path("nopath.csv").write_text("file,label\na.mp4,happy\n")
        Path("gone.csv").write_text("path,label\nno.mp4,happy\n")
        Path("empty").mkdir()
        Path("texts").mkdir()
        Path("texts/a.txt").write_text("no clip\n")
        shutil.copytree(studio_clips / "Train_AFEW", "clips")

        assert (
            start("supervised.py --cache good.h5 --out run --train.epochs 1 --model.head prototype", patch)
            == 0
        )
        assert start(f"EVAL --checkpoint {BEST} --cache good.h5 --out results", patch) == 0
        shutil.copy("results/classification.json", "result.json")
        shutil.copy("run/settings.json", "settings.json")
        torch.save({"conv1.weight_": torch.zeros(2)}, "other.pth")
        for name in ("noconfig", "cut", "pth", "conv4"):
            shutil.copytree(BEST, name)
        Path("noconfig/config.json").unlink()
        weights = Path("cut/model.safetensors")
        weights.write_bytes(weights.read_bytes()[:-100])
        shutil.copy("other.pth", "pth/model.safetensors")
        sha256 = hashlib.sha256(Path("other.pth").read_bytes()).hexdigest()
        rewrite("pth/config.json", lambda config: config.update(weights_sha256=sha256))
        rewrite("conv4/config.json", lambda config: config["model"].update(encoder="conv4"))
        csrn = build_recogniser(ModelSettings(encoder="conv4", head="csrn"))
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


@pytest.mark.parametrize(("command", "message"), TABLE, ids=[command for command, _ in TABLE])
def test_a_mistake_is_one_message(command, message, place, monkeypatch, capfd):
    assert start(command, monkeypatch) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    program = command.split()[0].replace("EVAL", "vidfer")
    assert len(lines) == 1 and lines[0].startswith(f"{program}: "), "\n".join(lines)
    assert re.search(message.replace("BEST", BEST), lines[0]), lines[0]


@pytest.mark.parametrize(
    "command",
    [
        "vidfer cache --src folder --root clips",
        "vidfer cache --src folder --root clips --out a.h5 --size-px big",
        "vidfer cache --src folder --root clips --out a.h5 --colour red",
        "vidfer inspect --clip x",
        f"EVAL --checkpoint {BEST} --cache good.h5 --split banana",
        "vidfer report --banana",
        "supervised.py --cache good.h5",
        "noisy_student.py --cache good.h5 --out new",
        "fewshot.py --cache good.h5 --out new --model.encoder banana",
        "import_csrn.py --weights other.pth",
    ],
)
def test_options_that_are_missing_or_unknown_are_named(command, place, monkeypatch, capfd):
    assert start(command, monkeypatch) == 2
    error = capfd.readouterr().err
    assert "Traceback" not in error
    named = ("--out", "--size-px", "--colour", "cache", "--split", "banana", "--teacher")
    assert any(name in error for name in named), error


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("{python} -m vidfer.cli inspect cut.h5", "vidfer: cut.h5 "),
        (
            "{python} {root}/recipes/supervised.py --cache v9.h5 --out new",
            "supervised.py: v9.h5 has cache schema 9",
        ),
    ],
    ids=["inspect", "supervised"],
)
def test_the_same_as_a_program(command, message, place):
    words = command.format(python=sys.executable, root=ROOT).split()
    done = subprocess.run(words, cwd=place, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith(message), done.stderr


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
    assert note == "3 of these clips have the ids of clips that the run has seen, from another cache"
    shutil.copytree(BEST, "results/alone/best/checkpoint")
    command = (
        "EVAL --checkpoint results/alone/best/checkpoint --cache nosplits.h5 --split all --out results/alone"
    )
    assert start(command, monkeypatch) == 0
    note = json.loads((place / "results/alone/classification.json").read_text())["note"]
    assert note.startswith("no run folder around the checkpoint")
