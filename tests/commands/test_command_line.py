import importlib
import os
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import tyro
from refused import refused

from vidfer.commands import console
from vidfer.commands.main import COMMANDS, FAMILIES, GROUPS, _command_of, main
from vidfer.commands.old_names import OF_COMMANDS
from vidfer.commands.say import output, say
from vidfer.errors import SettingError


def shown(monkeypatch, capsys, *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["vidfer", *words])
    main()
    return capsys.readouterr().out


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_every_command_on_one_screen(words, capsys, monkeypatch):
    page = shown(monkeypatch, capsys, *words)
    named = dict(re.findall(r"^  (\S+(?: \S+)?) {2,}(\S.*)$", page, re.MULTILINE))
    single = {name: line for name, (_, line) in COMMANDS.items() if name.partition(" ")[0] not in FAMILIES}
    assert named == single | FAMILIES
    assert {name for names in GROUPS.values() for name in names} == {*COMMANDS}
    assert 24 <= len(page.splitlines()) <= 45 and max(map(len, page.splitlines())) <= 100
    assert "vidfer predict film.mp4" in page


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_commands_is_listed(family, capsys, monkeypatch):
    members = {name for name in COMMANDS if name.startswith(f"{family} ")}
    for words in ((family,), (family, "--help"), (family, "--help-all"), ("help", family)):
        page = shown(monkeypatch, capsys, *words)
        assert set(re.findall(rf"^  ({family} \S+) ", page, re.MULTILINE)) == members
    assert all(name.partition(" ")[2] in FAMILIES[family] or family == "results" for name in members)


def test_help_of_a_command(capsys, monkeypatch):
    pages = []
    for words in (("help", "results", "pool"), ("results", "pool", "--help")):
        with pytest.raises(SystemExit) as stop:
            shown(monkeypatch, capsys, *words)
        assert stop.value.code == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1] and pages[0].startswith("usage: vidfer results pool RESULT ...")


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_of_a_command_are_understood(name, monkeypatch):
    """They run up to the point where the options are there."""
    with patch.object(console, "help_page", return_value="") as page, pytest.raises(SystemExit):
        _start([*name.split(), "--help"])
    examples = page.call_args.args[3]
    assert 1 <= len(examples) <= 4
    for command, what in examples:
        program, *words = shlex.split(re.split(" >+ ", command)[0])
        assert (program, _command_of(words)[0]) == ("vidfer", name)
        assert re.fullmatch(r"[a-z].*[^.]", what)
        end = patch.object(tyro, "cli", side_effect=lambda *a, **b: _end(real(*a, **b)))
        with end, pytest.raises(_Understood):
            _start(words)


real = tyro.cli


class _Understood(Exception):
    pass


def _end(options: object) -> None:
    raise _Understood


def _start(words: list[str]) -> None:
    name, arguments = _command_of(words)
    importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}").main(arguments)


@pytest.mark.parametrize("old", OF_COMMANDS)
def test_the_old_name_of_a_command_leads_to_the_new_one(old):
    with refused(SettingError, f"vidfer {old}", f"vidfer {OF_COMMANDS[old]}"):
        _command_of([old, "a", "--out", "b"])
    assert OF_COMMANDS[old].removesuffix(" --drop") in COMMANDS


def test_a_command_is_one_word_or_two():
    assert _command_of(["sources"]) == ("sources", [])
    assert _command_of(["sources", "folds", "--src", "dfew"]) == ("sources folds", ["--src", "dfew"])
    assert _command_of(["results", "pool", "compare"]) == ("results pool", ["compare"])
    with refused(SettingError, "'banana'", "vidfer --help"):
        _command_of(["banana"])
    with refused(SettingError, "there is no option --banana", "vidfer --help"):
        _command_of(["--banana", "cache"])
    with refused(SettingError, "'results banana'", "results compare", "results pool", "results episodes"):
        _command_of(["results", "banana"])


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["cashe"], "cache"),
        (["Predict"], "predict"),
        (["trian"], "train"),
        (["train", "superwised"], "train supervised"),
        (["fewshot"], "train fewshot"),
        (["results", "compair"], "results compare"),
    ],
)
def test_the_nearest_command_is_named(words, meant):
    with refused(SettingError, " ".join(words), f"did you mean {meant}?", "vidfer --help"):
        _command_of(words)


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
    assert stop.value.code == 2 and re.match(r"vidfer [\w ]+: there is no (crop cache|table)", error), error


@pytest.mark.parametrize("words", [["--help"], ["sources"]])
def test_a_reader_that_has_seen_enough_is_no_error(words):
    process = subprocess.Popen(
        [sys.executable, "-m", "vidfer.commands.main", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_the_exit_status_stays_without_a_reader(monkeypatch):
    """Of `vidfer verify a.h5 | head -0`, say, where the cache is damaged."""

    def finds_damage(_) -> int:
        say("what is damaged")
        return 1

    monkeypatch.setattr("vidfer.commands.verify.main", finds_damage)
    monkeypatch.setattr("sys.argv", ["vidfer", "verify", "a.h5"])
    monkeypatch.setattr(output, "is_left", False)
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "w", encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", stream)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_a_full_disk_is_told_also_where_it_is_found_at_the_end(monkeypatch, capsys):
    monkeypatch.setattr("vidfer.commands.verify.main", lambda _: say("a short output"))
    monkeypatch.setattr("sys.argv", ["vidfer", "verify", "a.h5"])
    with suppress(OSError), open("/dev/full", "w", encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", stream)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 2 and "the disk is full" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "name"), [(1, "stdout"), (2, "stderr")])
def test_a_stream_that_is_closed_is_no_error(number, name):
    """As by `vidfer sources >&-`."""
    code = f"import os, sys; os.close({number}); sys.{name} = None; sys.argv = ['vidfer', 'sources']"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; from vidfer.commands.main import main; main()"],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


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


@pytest.mark.parametrize(
    "error", ["ImportError('libGL.so.1: no such file')", "OSError('libcudnn.so.9: no such file')"]
)
def test_a_package_that_cannot_be_loaded_is_told(error, tmp_path, monkeypatch, capsys):
    (tmp_path / "broken_net").mkdir()
    (tmp_path / "broken_net" / "__init__.py").write_text(f"raise {error}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("vidfer.commands.verify.main", lambda _: importlib.import_module("broken_net"))
    monkeypatch.setattr("sys.argv", ["vidfer", "verify", "a.h5"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "Traceback" not in said
    assert said.startswith("vidfer verify: broken_net cannot be loaded: lib") and "`vidfer doctor`" in said


def test_an_import_that_is_our_own_fault_keeps_its_traceback(monkeypatch):
    def gone(_):
        from vidfer.commands import no_such_name  # noqa: F401

    monkeypatch.setattr("vidfer.commands.verify.main", gone)
    monkeypatch.setattr("sys.argv", ["vidfer", "verify", "a.h5"])
    with pytest.raises(ImportError):
        main()


def test_home_is_found_in_quotation_marks_and_behind_an_equals_sign(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Some:
        """Nothing."""

        inputs: tyro.conf.Positional[tuple[str, ...]] = ()
        """Files."""
        out: Path | None = None
        """A folder."""
        pattern: str = ""
        """An expression."""

    monkeypatch.setenv("HOME", "/home/ann")
    found = console.parse(Some, ["~/films/*.mp4", "~", "a~/b", "--out=~/found", "--pattern=a=~/b"])
    assert found.inputs == ("/home/ann/films/*.mp4", "~", "a~/b")
    assert (found.out, found.pattern) == (Path("/home/ann/found"), "a=~/b")
    assert console.parse(Some, ["--out", "~/found"]).out == Path("/home/ann/found")
