"""Praat's TextGrids, long and short, in the encodings that Praat writes."""

import pytest
from refused import refused

from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.textgrid import read_textgrid, write_textgrid
from vidfer.errors import DataError

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Mary ""M"" Ö"
        xmin = 0
        xmax = 2.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.75
            text = ""
        intervals [2]:
            xmin = 0.75
            xmax = 1.5e0
            text = "happy ! 12"
        intervals [3]:
            xmin = 1.5
            xmax = 2.5
            text = " sad "
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 1.25
            mark = "ding"
    item [3]:
        class = "IntervalTier"
        name = "John"
        xmin = 0
        xmax = 2.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = "angry"
"""
SHORT = """File type = "ooTextFile"
"TextGrid"

0 ! start
2.5
<exists>
3
"IntervalTier"
"Mary ""M"" Ö"
0
2.5
3
0
0.75
""
0.75
1.5
"happy ! 12"
1.5 2.5 " sad "
"TextTier" "bell" 0 2.5 1 1.25 "ding"
"IntervalTier"
"John"
0
2.5
1
0
2.5
"angry"
"""


@pytest.mark.parametrize("text", [LONG, SHORT, LONG.replace("\n", "\r\n")], ids=["long", "short", "windows"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_long_and_short_form_in_all_encodings(tmp_path, text, encoding):
    (tmp_path / "talk.TextGrid").write_bytes(text.encode(encoding))
    found = read_textgrid(tmp_path / "talk.TextGrid")
    assert [(one.tier, one.start_s, one.end_s, one.label) for one in found] == [
        ('Mary "M" Ö', 0.75, 1.5, "happy ! 12"),
        ('Mary "M" Ö', 1.5, 2.5, "sad"),
        ("John", 0.0, 2.5, "angry"),
    ]
    assert {one.media for one in found} == {"talk"}
    assert read_textgrid(tmp_path / "talk.TextGrid", "a.mp4")[0].media == "a.mp4"


def test_what_is_written_fills_the_tiers_and_comes_back_exactly(tmp_path):
    told = [
        Interval(media="v", tier='a "b"', start_s=1 / 3, end_s=2 / 3, label='say "cheese"'),
        Interval(media="v", tier='a "b"', start_s=2 / 3, end_s=1.0, label="happy"),
        Interval(media="v", tier="c", start_s=0.0, end_s=4.25, label="sad"),
    ]
    path = tmp_path / "v.TextGrid"
    write_textgrid(path, told, 3.5, tiers=("empty",))
    found = read_textgrid(path)
    assert [(i.tier, i.start_s, i.end_s, i.label) for i in found] == [
        (i.tier, i.start_s, i.end_s, i.label) for i in told
    ]
    text = path.read_text(encoding="utf-8")
    # Praat wants every tier without gaps from xmin to xmax, and the video may be shorter than the last label.
    assert text.count("xmax = 4.25\n") == 1 + 3 + 3
    assert text.count('text = ""') == 3 and "np.float64" not in text


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ('"TextGrid"', '"PitchTier"', ("no TextGrid", "PitchTier"[:0])),
        (LONG[LONG.index('text = "angry"') :], "", ("cut off", "text")),
        ("size = 3\nitem", "size = 4\nitem", ("cut off", "class")),
        ("size = 3\nitem", "size = 99999999999\nitem", ("cut off", "class")),
        ("size = 3\nitem", "size = -1\nitem", ("-1",)),
        ("xmax = 0.75", 'xmax = "x"', ("xmax", "is due where")),
        ("xmax = 1.5e0", "xmax = 0.25", ("interval 2", "Mary", "0.25")),
        ("xmax = 1.5e0", "xmax = 1e999", ("inf",)),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, old, new, facts):
    assert old in LONG
    (tmp_path / "bad.TextGrid").write_text(LONG.replace(old, new, 1), encoding="utf-8")
    with refused(DataError, "bad.TextGrid", *facts):
        read_textgrid(tmp_path / "bad.TextGrid")


@pytest.mark.parametrize("text", ['"' + "a" * 3_000_000, '"' * 3_000_001, "a" * 3_000_000, "!" * 3_000_000])
def test_a_hostile_file_is_refused_in_one_pass(tmp_path, text):
    (tmp_path / "bad.TextGrid").write_text('"ooTextFile" "TextGrid" ' + text)
    with refused(DataError, "bad.TextGrid"):
        read_textgrid(tmp_path / "bad.TextGrid")


def test_other_bytes_are_refused(tmp_path):
    (tmp_path / "bad.TextGrid").write_bytes(LONG.encode("latin-1"))
    with refused(DataError, "bad.TextGrid", "UTF-8", "Praat"):
        read_textgrid(tmp_path / "bad.TextGrid")
