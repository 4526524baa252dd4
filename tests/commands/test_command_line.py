import re
import subprocess
import sys
from pathlib import Path

import pytest
from refused import refused

from vidfer.commands.main import COMMANDS, GROUPS, _command_of, main
from vidfer.commands.old_names import OF_COMMANDS
from vidfer.errors import SettingError


def test_help_lists_every_command(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["vidfer", "--help"])
    main()
    page = capsys.readouterr().out
    lines = re.findall(r"^  (\S+(?: \S+)?) {2,}(\S.*)$", page, re.MULTILINE)
    assert dict(lines) == {name: line for name, (_, line) in COMMANDS.items()}
    assert [name for names in GROUPS.values() for name in names] == list(COMMANDS)


@pytest.mark.parametrize("words", [["results"], ["results", "--help"], ["results", "-h"]])
def test_a_group_of_commands_lists_its_commands(words, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["vidfer", *words])
    main()
    page = capsys.readouterr().out
    names = re.findall(r"^  (results \S+) ", page, re.MULTILINE)
    assert names == ["results compare", "results pool", "results episodes"]


@pytest.mark.parametrize("old", OF_COMMANDS)
def test_the_old_name_of_a_command_leads_to_the_new_one(old):
    with refused(SettingError, f"vidfer {old}", f"vidfer {OF_COMMANDS[old]}"):
        _command_of([old, "a", "--out", "b"])
    assert OF_COMMANDS[old].removesuffix(" --drop") in COMMANDS


def test_a_command_is_one_word_or_two():
    assert _command_of(["sources"]) == ("sources", [])
    assert _command_of(["sources", "folds", "--src", "dfew"]) == ("sources folds", ["--src", "dfew"])
    assert _command_of(["results", "pool", "compare"]) == ("results pool", ["compare"])
    with refused(SettingError, "'cashe'", "cache", "results compare"):
        _command_of(["cashe"])
    with refused(SettingError, "'results join'", "results compare", "results pool", "results episodes"):
        _command_of(["results", "join"])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["vidfer", *name.split(), "--help"])
    with pytest.raises(SystemExit) as stop:
        main()
    page = capsys.readouterr().out
    assert stop.value.code == 0 and page.startswith(f"usage: vidfer {name} ")
    # A protocol file may have turned on what an option of a recipe turns off.
    assert name.startswith("train ") or "--no-" not in page, "a flag is off until it is given"


PAGE = (Path(__file__).parents[2] / "docs" / "cache.md").read_text("utf-8")


@pytest.mark.parametrize("command", re.findall(r"^\|.*\| `vidfer (.+?)` \|$", PAGE, re.MULTILINE))
def test_commands_of_the_page_on_caches_are_understood(command, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where there is no cache
    monkeypatch.setattr("sys.argv", ["vidfer", *command.split()])
    with pytest.raises(SystemExit) as stop:
        main()
    error = capsys.readouterr().err
    assert stop.value.code == 2 and re.match("vidfer: there is no (crop cache|table)", error), error


@pytest.mark.parametrize("words", [["--help"], ["sources"]])
def test_a_reader_that_has_seen_enough_is_no_error(words):
    process = subprocess.Popen(
        [sys.executable, "-m", "vidfer.commands.main", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_what_could_not_be_read_is_listed_with_what_to_do(tmp_path, monkeypatch, capsys):
    (tmp_path / "empty.mp4").touch()
    line = f"vidfer cache --src folder --root {tmp_path} --out {tmp_path}/c.h5 --workers 1"
    for words, told in ((line, True), (line, True), (f"{line} --retry-failed", False)):
        monkeypatch.setattr(sys, "argv", words.split())
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr().err
        assert stop.value.code == 1
        assert "cannot read empty.mp4: the file is empty" in said
        assert ("--retry-failed reads them again" in said) == told
