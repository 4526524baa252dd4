"""Tables as spreadsheets save them, and as vidfer writes them."""

import csv
import random
import re
import sys

import pytest
from refused import refused

from vidfer.errors import DataError, MissingPackageError
from vidfer.tables import cell_of, iterate_rows, iterate_table, number, read_lines, read_table, write_table

ROWS = [{"clip": "ü, 1", "corrected": "sad"}, {"clip": "b;2", "corrected": ""}]


@pytest.fixture
def write(tmp_path):
    """write(content) -> path of a table with this text or these bytes."""

    def write(content, name="table.csv"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    "content",
    [
        'clip,corrected\n"ü, 1",sad\n,\nb;2,\n'.encode(),
        'clip, corrected\n"ü, 1", "sad"\n\nb;2\n'.encode(),  # a space after each comma
        '\ufeffClip;Corrected\r\nü, 1; sad \r\n;\r\n"b;2";\r\n'.encode(),  # Excel, German
        "clip\tcorrected\r\nü, 1\tsad\r\n\t\r\nb;2\r\n".encode("utf-16"),  # Excel's "Unicode text"
        'clip;corrected\r\nü, 1;sad\r\n;\r\n"b;2"\r\n'.encode("cp1252"),
        'corrected,clip,note\nsad,"ü, 1",\n,,\n,b;2,\n'.encode(),
    ],
    ids=["commas", "spaces", "semicolons", "tabs", "windows", "other order"],
)
def test_what_spreadsheets_write_is_read(write, content):
    rows = read_table(write(content), ("clip", "corrected"))
    assert [{name: row[name] for name in ("clip", "corrected")} for row in rows] == ROWS


def test_each_row_knows_its_line(write):
    path = write('\nclip,note\n\na,"two\nlines"\n,\nb,\n')
    assert [row.where for row in read_table(path, ())] == [f"line 5 of {path}", f"line 7 of {path}"]


def test_a_character_that_lies_across_two_blocks_is_no_other_encoding(write):
    rows, rest = divmod((1 << 20) - len("clip\n") - 1, 1000)  # ü: the last byte of a block and the next one
    path = write("clip\n" + ("x" * 999 + "\n") * rows + "x" * rest + "ü\n")
    assert path.read_bytes()[(1 << 20) - 1 : (1 << 20) + 1] == "ü".encode()
    assert read_table(path, ("clip",))[-1]["clip"] == "x" * rest + "ü"


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", ["'clip'", "none", "clip, corrected"]),
        ("clip,label\na,sad\n", ["'corrected'", "clip, label", "clip, corrected"]),
        ("clip,corrected,clip\na,,b\n", ["'clip'", "twice"]),
        ("clip,corrected,Label,label\na,,b,\n", ["'label'", "twice"]),
        ("clip,corrected\na,\nb,c,d\n", ["line 3", "3 cells", "2 columns", "quotation marks"]),
        ("clip,corrected\na," + "x" * 200_000, ["line 2", "field larger than field limit", "CSV"]),
    ],
)
def test_mistakes_tell_the_place_and_the_remedy(write, text, facts):
    path = write(text)
    with refused(DataError, path, *facts):
        read_table(path, ("clip", "corrected"), ("label",))


def test_a_column_that_nobody_reads_may_occur_twice(write):
    assert read_table(write("clip,note,note\na,1,2\n"), ("clip",))[0]["clip"] == "a"


def test_a_remedy_of_the_caller_ends_the_message(write):
    path = write("a,b\n")
    with refused(DataError, path, "'clip'", "a, b", "Give the other file"):
        list(iterate_table(path, ("clip",), remedy="Give the other file"))


def test_a_nul_stays_where_it_was_and_spoils_no_row(write):
    rows = read_table(write("clip,corrected\na\0b,sad\nb,ha\0\n"), ("clip",))
    assert rows == [{"clip": "a\0b", "corrected": "sad"}, {"clip": "b", "corrected": "ha\0"}]


def test_no_text(write):
    for content in (b"\x89HDF\r\n\0\0", "a,b\n".encode("utf-16-le")):
        with refused(DataError, write(content), "CSV", "Parquet"):
            read_table(write(content), ())


def test_no_file(tmp_path):
    for read in (lambda path: read_table(path, ()), lambda path: [*iterate_rows(path)], read_lines):
        with refused(DataError, tmp_path / "nowhere.csv", "No such file"):
            read(tmp_path / "nowhere.csv")


def test_rows_without_a_header(write):
    path = write("1.mp4, 2 ,,\r\n\r\n2.mp4,3\r\n")
    assert [*iterate_rows(path)] == [
        (f"line 1 of {path}", ["1.mp4", "2", "", ""]),
        (f"line 3 of {path}", ["2.mp4", "3"]),
    ]


@pytest.mark.parametrize("cell", ["", " ", "NA", "N/A", "nan", "NaN", "None", "NULL", "<NA>", '"NA"'])
def test_a_missing_value_is_an_empty_cell_however_it_is_written(write, cell):
    rows = read_table(write(f"path,label,subject\na.mp4,{cell},{cell}\nb.mp4,Nan,NAN\n"), ("path",))
    assert rows == [
        {"path": "a.mp4", "label": "", "subject": ""},
        {"path": "b.mp4", "label": "Nan", "subject": "NAN"},  # names, which no program writes for nothing
    ]


def test_lines_of_a_list(write):
    path = write("\n a b 1 \r\n\nü".encode("utf-16"))
    assert read_lines(path) == [(f"line 2 of {path}", "a b 1"), (f"line 4 of {path}", "ü")]


def test_parquet(write):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = write("", "t.parquet")
    content = {"Clip": ["a ", None, "b"], "start_s": [0.5, None, float("nan")], "subject": [7, None, 8]}
    parquet.write_table(pyarrow.table(content), path)
    rows = read_table(path, ("clip",))
    assert rows == [
        {"clip": "a", "start_s": "0.5", "subject": "7"},
        {"clip": "b", "start_s": "", "subject": "8"},
    ]
    assert [row.where for row in rows] == [f"row 1 of {path}", f"row 3 of {path}"]
    with refused(DataError, path, "'label'", "clip, start_s, subject"):
        read_table(path, ("label",))
    with refused(DataError, write("PAR1 nothing", "cut.parquet")):
        read_table(path.with_name("cut.parquet"), ("clip",))
    with refused(DataError, path.with_name("nowhere.parquet")):
        read_table(path.with_name("nowhere.parquet"), ("clip",))


def test_parquet_without_pyarrow_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with refused(MissingPackageError, "t.parquet", "pip install 'vidfer[table]'", "CSV"):
        read_table(write("", "t.parquet"), ())


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "new" / "table.csv"
    write_table(path, ["clip", "note"], [['a "b"', "x, y"], ("ü", None), [1, 0.5]])
    assert path.read_bytes() == 'clip,note\n"a ""b""","x, y"\nü,\n1,0.5\n'.encode()
    assert [[*row.values()] for row in read_table(path, ())] == [['a "b"', "x, y"], ["ü", ""], ["1", "0.5"]]
    assert [file.name for file in path.parent.iterdir()] == ["table.csv"]


def test_decimal_commas():
    assert number("0,25") == number("0.25") == 0.25


NASTY = [
    *(
        "=1+1",
        '=HYPERLINK("http://x","y")',
        "+cmd",
        "-happy",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "＝1",
        "-",
        "+",
    ),
    *("'", "''", "'=1", "''=1", "'tis", r"'\x3d", r"\x1b", r"'=\x41\\", "=\\", "\x1b[31mred", "a\rb", "a\nb"),
    *("a\tb", "\0", "\u202egpj", "\ud83d", "\udcff.mp4", "a ", "a\u3000", "\xa0", "NA", "'NA", "nan", "None"),
    *("-1.5", "+1,5", "-1e-05", ".5", "-1.5.2", "-1+1", "a;=1", 'a "b", c', "\ufeff=1", "ü"),
]


def round_trip(path, texts):
    write_table(path, ["n", "text"], [(i, text) for i, text in enumerate(texts)])
    return [row["text"] for row in read_table(path, ("n", "text"))]


def test_no_text_runs_in_a_spreadsheet_and_each_is_read_as_it_was(tmp_path):
    signs = [
        "=",
        "+",
        "-",
        "@",
        "'",
        "\\",
        "x1b",
        "1",
        " ",
        "\t",
        "\r",
        "\n",
        "\x1b",
        '"',
        ",",
        ";",
        "\x85",
        "é",
    ]
    draw = random.Random(0)
    texts = NASTY + ["".join(draw.choices(signs, k=draw.randint(1, 6))) for _ in range(5000)]
    path = tmp_path / "nasty.csv"
    assert round_trip(path, texts) == texts
    with path.open(newline="", encoding="utf-8") as file:
        for _, cell in [*csv.reader(file)][1:]:
            assert cell[:1] not in ("=", "@", "\t", "\r", " ", "＝")
            assert cell[:1] not in ("+", "-") or isinstance(number(cell), float)
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", cell)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-1.5", "-1.5"),
        ("-happy", "'-happy"),
        ("\x1b[31m\\", r"'\x1b[31m\\"),
        ("'tis", "''tis"),
        ("NA", "'NA"),
        (r"a\x1b", r"a\x1b"),
        ("ann 's", "ann 's"),
    ],
)
def test_how_a_cell_is_written(tmp_path, text, cell):
    assert cell_of(text) == cell
    write_table(tmp_path / "t.csv", [text], [[-1.5]])
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == f"{cell}\n-1.5\n"


@pytest.mark.parametrize("cell", ["'tis", "'", "'-1.5", r"'a\x41", "'=\\x41", "'=\\"])
def test_a_cell_that_people_wrote_with_an_apostrophe_stays(write, cell):
    assert read_table(write(f"a\n{cell}\n"), ("a",)) == [{"a": cell}]


def test_parquet_has_no_apostrophes(write):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = write("", "t.parquet")
    parquet.write_table(pyarrow.table({"a": ["'=1", "=1"]}), path)
    assert read_table(path, ("a",)) == [{"a": "'=1"}, {"a": "=1"}]
