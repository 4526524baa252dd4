"""Tables of clips, right and wrong."""

from pathlib import Path

import pytest
from refused import refused

from vidfer.clips import find_clips
from vidfer.errors import DataError


def write(root, text, name="clips.csv"):
    (root / name).write_text(text, encoding="utf-8")
    return root / name


def test_all_columns(touch):
    root = touch("v/a.mp4", "v/b.mp4")
    table = write(
        root,
        "id,path,Label,subject,split,start_s,end_s,remark\n"
        "one,v/a.mp4,Happiness,ann,Training,0,1.5,x\n"
        f"two,{root / 'v/b.mp4'},,,,,,\n",
    )
    one, two = find_clips("table", table)
    assert (one.id, one.label, one.subject, one.split) == ("one", "happy", "ann", "train")
    assert (one.start_s, one.end_s, one.source) == (0.0, 1.5, "table")
    assert one.path == root / "v/a.mp4" and two.path == root / "v/b.mp4"
    assert (two.label, two.subject, two.split, two.start_s, two.end_s) == (None,) * 5


@pytest.mark.parametrize("cell", ["NA", "nan", "None", ""])
def test_a_missing_value_is_no_class_and_nobody(touch, cell):
    root = touch("a.mp4", "b.mp4")
    table = write(root, f"path,label,subject,split\na.mp4,{cell},{cell},{cell}\nb.mp4,{cell},{cell},{cell}\n")
    assert {(clip.label, clip.subject, clip.split) for clip in find_clips("table", table)} == {(None,) * 3}


def test_the_columns_that_are_read_and_those_that_are_not_are_told(touch):
    table = write(touch("a.mp4"), "path,label,remark,rater\na.mp4,sad,x,y\n")
    notes = []
    find_clips("table", table, on_note=notes.append)
    read, not_read = notes[0].split(";")
    assert read.endswith(": path, label") and not_read.endswith(": remark, rater")
    assert str(table) in read


def test_drawn_clips_of_every_kind_are_read(draw, found):
    root = draw("v/a.mp4", "v/b.flv", "v/c.png", *(f"v/d/{number}.jpg" for number in (1, 2, 3)))
    write(
        root, "path,label,subject,split\nv/a.mp4,joy,ann,train\nv/b.flv,,,\nv/c.png,sad,,val\nv/d,,ben,test\n"
    )
    assert found("table", root) == {
        "v/a.mp4": ("happy", "ann", "train"),
        "v/b.flv": (None, None, None),
        "v/c.png": ("sad", None, "val"),
        "v/d": (None, "ben", "test"),
    }


def test_path_alone_and_root_as_folder(touch):
    root = touch("a b/ü.mp4")
    write(root, "\ufeffpath\na b/ü.mp4\n")
    assert [clip.id for clip in find_clips("table", root)] == ["a b/ü.mp4"]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("file,label\na.mp4,sad\n", ["clips.csv", "'path'", "file, label"]),
        ("", ["clips.csv", "'path'"]),
        ("path\n", ["clips.csv", "no rows"]),
        ("path,path\na.mp4,a.mp4\n", ["clips.csv", "'path'", "twice"]),
        ("path,label,Label\na.mp4,sad,\n", ["clips.csv", "'label'", "twice"]),
        ("path\na.mp4\nb.mp4\nc.mp4\n", ["2 of 3 rows", "b.mp4", "line 3 of", "clips.csv", "relative to"]),
        ("path,label\n,sad\n", ["line 2 of", "clips.csv", "path"]),
        ("path,split\na.mp4,dev\n", ["line 2 of", "clips.csv", "'dev'", "train, val, test, unlabelled"]),
        ("path,start_s\na.mp4,soon\n", ["line 2 of", "clips.csv", "start_s 'soon'", "seconds"]),
        ("path,end_s\na.mp4,inf\n", ["line 2 of", "clips.csv", "end_s 'inf'", "seconds"]),
        ("path,start,end\na.mp4,1,2\n", ["clips.csv", "'start'", "'start_s'"]),
        ("path,emotion\na.mp4,sad\n", ["clips.csv", "'emotion'", "'label'"]),
        ("path,Subjekt\na.mp4,ann\n", ["clips.csv", "'subjekt'", "'subject'"]),
        ("path,End (s)\na.mp4,2\n", ["clips.csv", "'end (s)'", "'end_s'"]),
        ("path,end_s\na.mp4,-1\n", ["line 2 of", "clips.csv", "end_s '-1'", "seconds"]),
        ("path,start_s,end_s\na.mp4,2,1\n", ["line 2 of", "clips.csv", "start_s 2", "end_s 1"]),
        ("path\na.mp4\na.mp4\n", ["1 ids", "clips.csv", "'a.mp4'"]),
    ],
)
def test_mistakes(touch, text, facts):
    table = write(touch("a.mp4"), text)
    with refused(DataError, *facts):
        find_clips("table", table)


def test_a_table_that_a_german_spreadsheet_saved(touch):
    table = write(touch("ü.mp4"), "Path;Start_s;End_s;Label\nü.mp4;0,5;1,25;sad\n")
    table.write_bytes(table.read_text(encoding="utf-8").encode("cp1252"))
    (clip,) = find_clips("table", table)
    assert (clip.id, clip.start_s, clip.end_s, clip.label) == ("ü.mp4", 0.5, 1.25, "sad")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,label\nü/x.mp4,sad\n", "utf-8"),
        ("path;label\r\nü/x.mp4;sad\r\n", "utf-8-sig"),
        ("path\tlabel\r\nü/x.mp4\tsad\r\n", "utf-16"),
        ("path;label\r\nü/x.mp4;sad\r\n", "cp1252"),
        ('path, label\n"ü/x.mp4", "sad"\n', "utf-8"),
        ("path,label\nü\\x.mp4,sad\n", "utf-8"),
    ],
    ids=["commas", "semicolons", "tabs and UTF-16", "cp1252", "spaces", "backslashes"],
)
def test_one_clip_however_the_table_is_saved(touch, text, encoding):
    root = touch("ü/x.mp4")
    (root / "clips.csv").write_bytes(text.encode(encoding))
    (clip,) = find_clips("table", root / "clips.csv")
    assert (clip.id, clip.path, clip.label) == ("ü/x.mp4", root / "ü/x.mp4", "sad")


def test_a_name_with_a_backslash_is_taken_as_it_stands_where_the_file_exists(touch):
    root = touch("a\\x.mp4", "a/x.mp4")
    (clip,) = find_clips("table", write(root, "path\na\\x.mp4\n"))
    assert clip.path == root / "a\\x.mp4"
    with refused(DataError, "b\\x.mp4", "line 2"):
        find_clips("table", write(root, "path\nb\\x.mp4\n"))


def test_segments_of_one_video_need_ids(touch):
    table = write(touch("a.mp4"), "path,id,start_s,end_s\na.mp4,first,0,1\na.mp4,second,1,2\n")
    assert [clip.start_s for clip in find_clips("table", table)] == [0, 1]


def test_no_table_many_tables_other_format(touch):
    root = touch("a.mp4", "b.xlsx")
    with refused(DataError, root, ".csv", ".parquet", "none"):
        find_clips("table", root)
    with refused(DataError, root / "b.xlsx", ".csv", ".parquet"):
        find_clips("table", root / "b.xlsx")
    write(root, "path\n", "x.csv"), write(root, "path\n", "y.csv")
    with refused(DataError, root, "x.csv, y.csv"):
        find_clips("table", root)


def test_parquet(touch):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    root = touch("a.mp4", "b.mp4")
    content = {"path": ["a.mp4", "b.mp4"], "label": ["joy", None], "start_s": [0.5, None], "subject": [7, 8]}
    parquet.write_table(pyarrow.table(content), root / "t.parquet")
    found = [(c.label, c.start_s, c.subject) for c in find_clips("table", root / "t.parquet")]
    assert found == [("happy", 0.5, "7"), (None, None, "8")]


def test_real_manifests(shared):
    clips = find_clips("table", shared / "data/clips/labelled")
    assert len(clips) == 16 and len({clip.subject for clip in clips}) == 10
    assert all(isinstance(clip.path, Path) and clip.path.is_file() for clip in clips)
    assert len(find_clips("table", shared / "data/clips/unlabelled/manifest.csv")) == 80
