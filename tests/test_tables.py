"""Tables as spreadsheets save them."""

import pytest

from vidfer.errors import VidferError
from vidfer.tables import number, read_table

ROWS = [(2, {"clip": "ü, 1", "corrected": "sad"}), (4, {"clip": "b;2", "corrected": ""})]


@pytest.mark.parametrize(
    "content",
    [
        'clip,corrected\n"ü, 1",sad\n,\nb;2,\n'.encode(),
        '\ufeffClip;Corrected\r\nü, 1; sad \r\n;\r\n"b;2";\r\n'.encode(),  # Excel, German
        "clip\tcorrected\r\nü, 1\tsad\r\n\t\r\nb;2\r\n".encode("utf-16"),  # Excel's "Unicode text"
        'clip;corrected\r\nü, 1;sad\r\n;\r\n"b;2"\r\n'.encode("cp1252"),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path, content):
    (tmp_path / "table.csv").write_bytes(content)
    assert read_table(tmp_path / "table.csv", ("clip", "corrected")) == ROWS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; it needs the columns clip, corrected"),
        ("clip,label\na,sad\n", "the column corrected is not there; its first line needs clip, corrected"),
        ("clip,corrected,clip\na,,b\n", "the column clip is twice there"),
        ("clip,corrected\na,\nb,c,d\n", "line 3: 3 cells under 2 headings; a text with a ','"),
    ],
)
def test_mistakes_tell_the_line_and_the_remedy(tmp_path, text, message):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(VidferError, match=message):
        read_table(tmp_path / "table.csv", ("clip", "corrected"))


def test_no_file(tmp_path):
    with pytest.raises(VidferError, match=r"cannot read .*nowhere.csv: No such file"):
        read_table(tmp_path / "nowhere.csv", ())


def test_decimal_commas():
    assert number("0,25") == number("0.25") == 0.25
