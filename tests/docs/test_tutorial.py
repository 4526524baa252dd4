"""The tutorial's commands, run one after another as they stand there, say what the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
PARTS = re.findall(r"^```(bash)?\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
"""Commands, marked bash, each followed by what is to be seen where the page shows it."""


def shape(line: str) -> str:
    """A line of output without its numbers, and without the time left, which a slow machine tells."""
    line = re.sub(r"; [\d a-z]+ left$", "", line.strip())
    return re.sub(r"\d+(\.\d+)?", "#", line)


@pytest.mark.slow
def test_the_tutorial_works_and_shows_what_is_seen(tmp_path):
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TQDM_DISABLE": "1",
    }
    said, told = "", {}
    for language, text in PARTS:
        if language == "bash":
            done = subprocess.run(
                ["bash", "-ec", text],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"$ {text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            said = done.stdout
            told[text.split(" --")[0]] = said
        elif said:
            # Bars of a timeline are another network's on another processor; all other lines have their words.
            shown = [line for line in text.splitlines() if line and line[0] not in " …"]
            seen = [shape(line) for line in said.splitlines()]
            for line in map(shape, shown):
                known, cut, _ = line.partition(" …")
                assert any(one.startswith(known) if cut else one == line for one in seen), (line, said)
    (result,) = (text for command, text in told.items() if command.startswith("vidfer eval"))
    # Chance is 14 %; the page tells how far a number of so few clips may be off.
    assert float(re.findall(r"WAR (\d+\.\d)", result)[0]) > 30
    assert all(n == 16 for n in (len([*d.iterdir()]) for d in (tmp_path / "footage").iterdir()))
    assert "data:image/png;base64," in (tmp_path / "report.html").read_text(encoding="utf-8")
