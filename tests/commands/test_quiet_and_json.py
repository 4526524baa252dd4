"""--quiet leaves errors and the place of the result; --json is one object and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from refused import refused

from vidfer.commands.main import COMMANDS, _command_of
from vidfer.commands.output_options import ANSWERS, JSON, QUIET, output_group
from vidfer.commands.say import give, is_read, note, output, say, tell
from vidfer.errors import SettingError
from vidfer.store.reader import CropCache
from vidfer.terminal import CONTROLS


@pytest.fixture(autouse=True)
def usual_output() -> Iterator[None]:
    yield
    output.quiet = output.json = output.is_left = False


def run(*words: object) -> int:
    import importlib

    name, arguments = _command_of([str(word) for word in words])
    return importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}").main(arguments)


def answer(capfd, *words: object) -> dict:
    """What a command prints with --json."""
    assert run(*words, "--json") == 0
    return json.loads(capfd.readouterr().out)


def test_the_commands_that_have_them_are_commands():
    assert {*JSON, *QUIET} <= {*COMMANDS} and not {*ANSWERS} & {*QUIET}
    assert output_group("vidfer review") is None and output_group("bench_join.py") is None
    assert output_group("supervised.py") == output_group("vidfer train supervised")
    assert [one.names for one in output_group("vidfer predict").options] == [("--quiet",)]
    assert [one.names for one in output_group("vidfer inspect").options] == [("--json",)]


def shown(capsys, *, quiet: bool, as_json: bool) -> tuple[str, str]:
    output.quiet, output.json = quiet, as_json
    say("said")
    tell("told")
    note("noted")
    give(Path("a.h5"), clips=3)
    return capsys.readouterr()


def test_what_goes_where(capsys):
    assert shown(capsys, quiet=False, as_json=False) == ("said\ntold\n", "noted\n")
    assert shown(capsys, quiet=True, as_json=False) == ("said\na.h5\n", "")
    out, error = shown(capsys, quiet=False, as_json=True)
    assert (json.loads(out), error) == ({"results": ["a.h5"], "clips": 3}, "said\ntold\nnoted\n")
    out, error = shown(capsys, quiet=True, as_json=True)
    assert (json.loads(out), error) == ({"results": ["a.h5"], "clips": 3}, "said\n")


def test_a_stream_of_plain_ascii_gets_the_codes_of_other_letters(monkeypatch):
    plain = TextIOWrapper(BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", plain)
    say("J\u00fcrgen \u2014 \u2265")
    monkeypatch.setattr(output, "json", True)
    give(name="J\u00fcrgen")
    plain.flush()
    first, *rest = plain.buffer.getvalue().decode("ascii").splitlines()
    assert first == r"J\xfcrgen \u2014 \u2265" and json.loads("".join(rest)) == {"name": "J\u00fcrgen"}


def test_the_work_goes_on_without_a_reader(monkeypatch):
    """As in `vidfer predict films | head -1`, which closes the pipe."""
    reads, writes = os.pipe()
    with open(writes, "w", buffering=1, encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", stream)
        assert is_read()
        os.close(reads)
        say("the first line after that")
        say("and one more")
        assert not is_read()  # a camera has no end, so its command asks


def test_a_command_that_answers_in_json_ends_as_usual_without_a_reader(monkeypatch):
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "w", buffering=1, encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", stream)
        output.json = True
        give(clips=3)
        assert not is_read()


def test_json_cannot_control_a_terminal(capsys):
    odd = "a\x1b[31m\x9b2J\u202e\ud800\u0085é.mp4"
    output.json = True
    give(clip=odd, path=Path("b"))
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"clip": odd, "path": "b"}
    assert "é" in shown and not CONTROLS.search(shown.replace("\n", ""))


@pytest.mark.parametrize("command", ["review run", "responsible-use", "app"])
def test_other_commands_have_neither(command):
    with refused(SettingError, "--quiet"):
        run(*command.split(), "--quiet")


def test_they_last_for_one_command(striped_cache, capfd):
    assert answer(capfd, "inspect", striped_cache)["n_clips"] > 0
    assert run("inspect", striped_cache) == 0
    assert capfd.readouterr().out.startswith(str(striped_cache))


def test_a_cache(studio_clips, tmp_path, capfd):
    (tmp_path / "clips/happy").mkdir(parents=True)
    film = next(studio_clips.glob("**/*.avi"))
    (tmp_path / "clips/happy/a.avi").write_bytes(film.read_bytes())
    words = ["cache", "--src", "folder", "--root", tmp_path / "clips", "--size-px", 48, "--workers", 1]
    made = answer(capfd, *words, "--out", tmp_path / "a.h5")
    assert made["results"] == [str(tmp_path / "a.h5")]
    assert (made["clips"], made["read_now"], made["frames"], made["unreadable"]) == (1, 1, 20, [])
    assert run(*words, "--out", tmp_path / "b.h5", "--quiet") == 0
    assert capfd.readouterr() == (f"{tmp_path / 'b.h5'}\n", "")
    (tmp_path / "clips/happy/b.avi").touch()
    reason = "the file is empty (0 bytes)"
    assert run(*words, "--out", tmp_path / "b.h5", "--quiet") == 1
    assert capfd.readouterr() == (f"{tmp_path / 'b.h5'}\n", f"cannot read happy/b.avi: {reason}\n")
    assert run(*words, "--out", tmp_path / "b.h5", "--json") == 1
    assert json.loads(capfd.readouterr().out)["unreadable"] == [{"clip": "happy/b.avi", "reason": reason}]


def test_commands_about_a_cache(striped_cache, tmp_path, capfd):
    cache = answer(capfd, "inspect", striped_cache)
    n_clips, content = cache["n_clips"], cache["content_hash"]
    assert sum(row["clips"] for row in cache["counts"]) == n_clips
    failures = answer(capfd, "inspect", striped_cache, "--failures")["failures"]
    assert len(failures) == 3 and {one["kind"] for one in failures} == {"no face"}
    assert answer(capfd, "verify", striped_cache) == {"cache": str(striped_cache), "faults": []}
    out = tmp_path / "copy.h5"
    made = answer(capfd, "export", striped_cache, "--out", out, "--with-face")
    assert (made["results"], made["clips"], made["of_clips"]) == ([str(out)], n_clips - 3, n_clips)
    merged = tmp_path / "merged.h5"
    made = answer(capfd, "merge", striped_cache, out, "--out", merged)
    assert (made["clips"], made["in_several"], made["content_hash"]) == (n_clips, n_clips - 3, content)
    clip = CropCache(striped_cache).clips[0]
    (tmp_path / "labels.csv").write_text(f"id,label\n{clip.id},awe\n", encoding="utf-8")
    made = answer(capfd, "relabel", merged, "--table", tmp_path / "labels.csv")
    change = {"column": "label", "before": clip.label, "now": "awe", "clips": 1}
    assert (made["listed"], made["changed"], made["changes"]) == (1, 1, [change])
    for words in (["verify", merged], ["export", merged, "--out", tmp_path / "second.h5", "--with-face"]):
        assert run(*words, "--quiet") == 0
    assert capfd.readouterr() == (f"{tmp_path / 'second.h5'}\n", "")
    data = bytearray(merged.read_bytes())
    middle = len(data) // 2
    data[middle] ^= 255
    merged.write_bytes(data)
    assert run("verify", merged, "--json") == 1
    assert json.loads(capfd.readouterr().out)["faults"]


def test_lists(capfd):
    sources = answer(capfd, "sources")["sources"]
    assert {"afew", "folder"} <= {one["name"] for one in sources} and all(one["licence"] for one in sources)
    encoders = answer(capfd, "encoders")["encoders"]
    assert "dinov2_s" in {one["name"] for one in encoders}
    assert "n_parameters" not in answer(capfd, "inspect", "basic7")


def test_actors_quietly(tmp_path, capfd):
    few = "--max-duration-s 0.8 --base-labels happy --novel-labels contempt --train-per-class 1"
    few += " --train-subjects 1 --val-per-class 0 --test-per-class 0 --novel-per-class 0 --unlabelled 0"
    few += " --workers 1"
    assert run("actors", "--out", tmp_path / "a", *few.split(), "--quiet") == 0
    assert capfd.readouterr() == (f"{tmp_path / 'a'}\n", "")
    assert answer(capfd, "actors", "--out", tmp_path / "a", *few.split())["clips"] == 1


def test_a_recipe(striped_cache, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "1")
    words = ["train", "supervised", "--cache", striped_cache, "--train.epochs", 1, "--encoder.width", 4]
    words += ["--data.frames", "2", "--tracker", "none", "--train.batch-size", "6"]
    best = [str(tmp_path / "a/checkpoints/best")]
    metrics = str(tmp_path / "a/metrics.jsonl")
    assert answer(capfd, *words, "--out", tmp_path / "a") == {"results": best, "metrics": metrics}
    assert run(*words, "--out", tmp_path / "b", "--quiet") == 0
    assert capfd.readouterr() == (f"{tmp_path / 'b/checkpoints/best'}\n", "")


def test_a_film_quietly(studio_clips, tmp_path, capfd):
    film = next(studio_clips.glob("**/*.avi"))
    assert run("predict", film, "--out", tmp_path / "p", "--quiet") == 0
    assert capfd.readouterr() == (f"{tmp_path / 'p'}\n", "")
    assert (tmp_path / "p/frames.csv").is_file()
