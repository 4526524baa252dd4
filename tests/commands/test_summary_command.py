"""`vidfer summary`, on a prediction that was made up."""

import json

import pytest
from made_up_predictions import write_all_tables
from refused import refused

from vidfer.commands.main import main as program
from vidfer.commands.summary import main
from vidfer.errors import SettingError
from vidfer.tables import read_table


@pytest.fixture
def folder(tmp_path):
    """The folder of a prediction of two films; a third could not be read."""
    films = {"a/one.mp4": {0: "hhhhhhhh??"}, "b/two.mp4": {0: "nnnnnnnnnn"}, "broken.mp4": {}}
    return write_all_tables(tmp_path / "films", films).folder


def test_shares_strongest_segments_and_faults(folder, capsys):
    assert main([str(folder), "--top", "Happy", "--by", "folder"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "2 of 3 inputs read, 2 faces followed, seen for 0:02.0 in 20 frames" in lines[0]
    assert lines[2:6] == [
        "frames segments mean length",
        "neutral 50.0 % 1 1.0 s",
        "happy 40.0 % 1 1.0 s",
        "unsure 10.0 % 0 -",
    ]
    assert "a 1 0:01.0 80.0 % 0.0 % 20.0 %" in lines and "b 1 0:01.0 0.0 % 100.0 % 0.0 %" in lines
    assert any(line.startswith("a/one.mp4 0 0:00.0 0:01.0 1.0 s") for line in lines)
    assert "could not be read: 1" in lines and "broken.mp4: not a video" in lines


def test_an_expression_without_a_segment_is_said(folder, capsys):
    assert main([str(folder), "--top", "sad"]) == 0
    assert "sad: no such segment" in capsys.readouterr().out


def test_nobody_seen_and_a_line_end_in_a_name(tmp_path, capsys):
    nobody = write_all_tables(tmp_path / "nobody", {"a.mp4": {}, "b.mp4": {}}).folder
    assert main([str(nobody), "--by", "person"]) == 0
    shown = capsys.readouterr().out
    assert "mean length" not in shown and "seen  " not in shown and "\n\n\n" not in shown
    films = write_all_tables(tmp_path / "films", {"new\nline.mp4": {0: "h"}, "b.mp4": {0: "n"}}).folder
    assert main([str(films), "--by", "input"]) == 0
    assert any(line.startswith(r"new\nline.mp4  ") for line in capsys.readouterr().out.splitlines())


def test_a_table_for_excel_with_decimal_commas_can_be_read_again(folder, tmp_path):
    command = [str(folder), "--by", "person", "--out"]
    assert main([*command, str(tmp_path / "a.csv")]) == 0
    for _ in range(2):  # the second time it replaces its own table
        assert main([*command, str(tmp_path / "b.csv"), "--decimal-commas"]) == 0
    text = (tmp_path / "b.csv").read_text(encoding="utf-8")
    assert text.startswith("\ufeffinput;face_id;") and "a/one.mp4;0;1;1;10;1,0;" in text
    a, b = (read_table(tmp_path / f"{name}.csv", ("input", "share_happy")) for name in "ab")
    assert [{name: cell.replace(",", ".") for name, cell in row.items()} for row in b] == a


def test_the_tables_of_a_prediction_and_of_others_are_not_replaced(folder, tmp_path):
    (tmp_path / "corrections.csv").write_text("input,face_id,label\n")
    for file in (folder / "clips.csv", folder / "segments.csv", tmp_path / "corrections.csv"):
        before = file.read_bytes()
        with refused(SettingError, file, "--out"):
            main([str(folder), "--out", str(file)])
        assert file.read_bytes() == before


def test_rows_as_a_table_and_as_json(folder, capsys, tmp_path, monkeypatch):
    command = ["vidfer", "summary", str(folder), "--by", "person", "--out", str(tmp_path / "p.csv"), "--json"]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as stop:
        program()
    assert not stop.value.code
    content = json.loads(capsys.readouterr().out)
    rows = read_table(tmp_path / "p.csv", ("input", "face_id", "share_unsure"))
    assert [(row["input"], float(row["share_unsure"])) for row in rows] == [
        ("a/one.mp4", 0.2),
        ("b/two.mp4", 0),
    ]
    assert [row["input"] for row in content["rows"]] == ["a/one.mp4", "b/two.mp4"]
    assert content["faults"] == [{"input": "broken.mp4", "reason": "not a video"}]
    assert content["not_upright"] == []
