"""The Tab key in real shells."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vidfer.commands.completion_scripts import SCRIPTS
from vidfer.commands.completion_table import read_table
from vidfer.commands.main import COMMANDS

FIRST = {name.partition(" ")[0] for name in COMMANDS} | {"help"}
SECOND = {name.partition(" ")[2] for name in COMMANDS if name.startswith("results ")}
SOURCES_OPTIONS = {"--json", "--help"}
FACES = {"main", "longest", "largest", "centre", "all", "picture"}

LINES = {
    "": FIRST,
    "pre": {"predict"},
    "results ": SECOND,
    "help results ": SECOND,
    "help ca": {"cache"},
    "results po": {"pool"},
    "encoders g": {"get"},
    "encoders get dinov2": {"dinov2_s"},
    "sources --": SOURCES_OPTIONS,
    "sources folds --sr": {"--src"},
    "cache --fa": {"--face", "--face-side"},
    "cache --face ": FACES,
    "cache --src afew --root x --face lo": {"longest"},
    "cache --src raf": {"rafdb"},
    "cache --overwrite --face m": {"main"},
    "train supervised --encoder dinov2": {"dinov2_s"},
    "train supervised --encoder.reg": {"--encoder.regions", "--encoder.region-attention"},
    "train supervised --encoder.regions face ey": {"eyes"},
    "train fewshot --head cs": {"csrn"},
    "train egs --protocol egs_5way_1": {"egs_5way_1shot"},
    "inspect fi": {"films", "file.h5"},
    "inspect file.h5 --out fil": {"films", "file.h5"},
    "merge --overwrite fil": {"films", "file.h5"},
    "cache --workers fi": set(),
    "completion f": {"fish"},
}
"""What is typed before the Tab key, and what is offered."""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a script for each shell, a file and a folder."""
    place = tmp_path_factory.mktemp("completion")
    (place / "films").mkdir()
    (place / "home").mkdir()
    (place / "file.h5").touch()
    for shell, script in SCRIPTS.items():
        (place / f".vidfer.{shell}").write_text(script(read_table()), encoding="utf-8")
    return place


def answers(place: Path, shell: str, command: str) -> list[set[str]]:
    """What a shell offers for each of the lines; it prints a line with a dash behind each answer."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run(
        [shell, *(["--norc"] if shell == "bash" else []), "-c", command],
        cwd=place,
        capture_output=True,
        text=True,
        env=os.environ | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(place / "home")),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [set(part.split()) for part in done.stdout.split("\n-\n")[:-1]]


BASH = """
ask() {
  COMP_WORDS=(vidfer "$@")
  COMP_CWORD=$#
  _vidfer
  printf '%s\\n' "${COMPREPLY[@]}"
  printf '\\n-\\n'
}
"""


def test_bash(place):
    asked = []
    for line in LINES:
        words = line.split(" ")
        asked.append(f"ask {' '.join(map(shlex.quote, words))}")
    found = answers(place, "bash", "source .vidfer.bash\n" + BASH + "\n".join(asked))
    assert dict(zip(LINES, found)) == LINES


def test_fish(place):
    lines = {line: words - {"--help"} for line, words in LINES.items() if "face ey" not in line}
    asked = [f"complete -C {shlex.quote(f'vidfer {line}')} | cut -f 1; echo; echo -" for line in lines]
    found = answers(place, "fish", "source .vidfer.fish\n" + "\n".join(asked))
    found = [{word.rstrip("/") for word in words} for words in found]
    assert dict(zip(lines, found)) == lines  # of several values it completes the first


ZSH = """
compdef() { :; }
compadd() { shift; for word in "$@"; do [[ "$word" = "$cur"* ]] && print -- "$word"; done }
_files() { print -l -- $cur*(N) }
ask() { words=(vidfer "$@"); CURRENT=$#words; _vidfer; print -- "\\n-"; }
"""
"""zsh offers no completion without a terminal, so its two builtins print what they would offer."""


def test_zsh(place):
    asked = [f"ask {' '.join(map(shlex.quote, line.split(' ')))}" for line in LINES]
    found = answers(place, "zsh", ZSH + "source ./.vidfer.zsh\n" + "\n".join(asked))
    assert dict(zip(LINES, found)) == LINES


def test_it_is_printed_at_once():
    code = "import sys; sys.argv = ['vidfer', 'completion', 'bash']\n"
    code += "from vidfer.commands.main import main\ntry:\n    main()\nfinally:\n"
    code += "    print({'torch', 'numpy', 'cv2', 'h5py'} & {*sys.modules}, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == SCRIPTS["bash"](read_table()).rstrip() + "\n" and done.stderr == "set()\n"
