"""Tables of clips, right and wrong."""

import sys
from pathlib import Path

import pytest

from vidfer.clips import find_clips
from vidfer.errors import VidferError


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
    ("text", "message"),
    [
        ("file,label\na.mp4,sad\n", r"no column 'path'; its columns are: file, label\. Name the column"),
        ("path;label\na.mp4;sad\n", r"its columns are: path;label.* separate columns by commas"),
        ("", r"its columns are: none"),
        ("path\n", "has a header and no rows"),
        ("path,path\na.mp4,a.mp4\n", "the column 'path' twice"),
        (
            "path\na.mp4\nb.mp4\nc.mp4\n",
            r"2 of 3 rows of .*clips\.csv .*, first row 2: .*b\.mp4; paths are relative to",
        ),
        ("path,label\n,sad\n", "row 1 of .* has an empty path"),
        ("path,split\na.mp4,dev\n", "row 1 of .* has the split 'dev'; use train, val, test"),
        ("path,start_s\na.mp4,soon\n", "start_s 'soon'; give seconds"),
        ("path,end_s\na.mp4,nan\n", "end_s 'nan'; give seconds"),
        ("path,start_s,end_s\na.mp4,2,1\n", "ends at 1 s, not after its start at 2 s"),
        (
            "path\na.mp4\na.mp4\n",
            r"1 ids occur more than once in .*, first 'a\.mp4'; give every clip its own id",
        ),
    ],
)
def test_mistakes(touch, text, message):
    table = write(touch("a.mp4"), text)
    with pytest.raises(VidferError, match=message):
        find_clips("table", table)


def test_segments_of_one_video_need_ids(touch):
    table = write(touch("a.mp4"), "path,id,start_s,end_s\na.mp4,first,0,1\na.mp4,second,1,2\n")
    assert [clip.start_s for clip in find_clips("table", table)] == [0, 1]


def test_no_table_many_tables_other_format(touch):
    root = touch("a.mp4", "b.xlsx")
    with pytest.raises(VidferError, match=r"must hold one \.csv or \.parquet table; found none"):
        find_clips("table", root)
    with pytest.raises(VidferError, match=r"b\.xlsx is neither \.csv nor \.parquet"):
        find_clips("table", root / "b.xlsx")
    write(root, "path\n", "x.csv"), write(root, "path\n", "y.csv")
    with pytest.raises(VidferError, match=r"found x\.csv, y\.csv\. Give the table's own path"):
        find_clips("table", root)


def test_not_utf8(touch):
    root = touch("a.mp4")
    (root / "t.csv").write_bytes("path,label\nü.mp4,sad\n".encode("latin-1"))
    with pytest.raises(VidferError, match="is not UTF-8 text"):
        find_clips("table", root)


def test_parquet(touch):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    root = touch("a.mp4", "b.mp4")
    content = {"path": ["a.mp4", "b.mp4"], "label": ["joy", None], "start_s": [0.5, None], "subject": [7, 8]}
    parquet.write_table(pyarrow.table(content), root / "t.parquet")
    found = [(c.label, c.start_s, c.subject) for c in find_clips("table", root / "t.parquet")]
    assert found == [("happy", 0.5, "7"), (None, None, "8")]
    (root / "t.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(VidferError, match="is not a Parquet file, or is cut off"):
        find_clips("table", root / "t.parquet")


def test_parquet_without_pyarrow_names_the_extra(touch, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(VidferError, match=r"needs pyarrow; install it with `pip install 'vidfer\[table\]'`"):
        find_clips("table", touch("t.parquet"))


def test_real_manifests(shared):
    clips = find_clips("table", shared / "data/clips/labelled")
    assert len(clips) == 16 and len({clip.subject for clip in clips}) == 10
    assert all(isinstance(clip.path, Path) and clip.path.is_file() for clip in clips)
    assert len(find_clips("table", shared / "data/clips/unlabelled/manifest.csv")) == 80
