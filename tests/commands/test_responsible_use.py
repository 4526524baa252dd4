"""What a user is told before vidfer looks at people: by a page, a command, and a first prediction."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidfer.commands import predict, responsible_use
from vidfer.commands.first_note import note_once, state_folder
from vidfer.commands.say import output
from vidfer.responsible_use import COMMAND, ESSENCE, LOOKED_UP, NOTE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "responsible_use.md"


@pytest.fixture
def new_user(tmp_path, monkeypatch) -> Path:
    """Where a user who has never used vidfer keeps what programs remember."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_page_begins_with_what_the_command_says():
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    for point in ESSENCE:
        assert f"- {point}" in text
    assert f"looked it up on {LOOKED_UP}" in text


def test_the_command_prints_each_point_without_markdown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert responsible_use.main([]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 60 and "**" not in shown
    assert all(re.sub("[*`]", "", point) in " ".join(shown.split()) for point in ESSENCE)


def test_the_note_is_shown_once_to_a_user(new_user, capsys):
    assert note_once() and not note_once()
    shown = capsys.readouterr()
    assert shown.err.strip() == NOTE and not shown.out and COMMAND in NOTE
    assert [path.name for path in new_user.rglob("*")] == ["vidfer", "responsible_use_was_shown"]


def test_quiet_keeps_the_note_for_the_next_time(new_user, capsys, monkeypatch):
    monkeypatch.setattr(output, "quiet", True)
    assert not note_once() and not capsys.readouterr().err
    monkeypatch.setattr(output, "quiet", False)
    assert note_once()


def test_a_home_that_cannot_be_written_changes_nothing_else(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "below"))
    assert note_once() and note_once()
    assert capsys.readouterr().err.count(NOTE) == 2


def test_a_state_folder_that_is_not_absolute_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "vidfer"


def test_a_first_prediction_shows_the_note_but_not_as_json(new_user, tmp_path, capsys):
    picture = tmp_path / "grey.png"
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(picture)
    words = [str(picture), "--tables-only", "--out", str(tmp_path / "out")]
    predict.main([*words, "--json"])
    assert NOTE not in capsys.readouterr().err and not new_user.exists()
    for shown in (True, False):
        predict.main(words)
        assert (NOTE in capsys.readouterr().err) == shown
