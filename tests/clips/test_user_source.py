"""A user's own source: one function in a file, and what goes wrong with one."""

import pytest
from refused import refused

from vidfer.clips import find_clips
from vidfer.errors import CacheError, DataError, SettingError

GOOD = """
from __future__ import annotations
from dataclasses import dataclass
from pathlib import Path
from vidfer.clips import Clip

@dataclass
class Name:
    person: str
    label: str

def read(path: Path) -> Name:
    return Name(*path.stem.split("_"))

def my_clips(root: Path) -> list[Clip]:
    return [
        Clip(id=path.name, path=path, label=read(path).label, subject=read(path).person, split="train")
        for path in root.glob("*.mp4")
    ]
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """write(code) -> root, with the code in my_source.py of the working folder."""
    monkeypatch.chdir(tmp_path)

    def make(code: str):
        (tmp_path / "my_source.py").write_text(code)
        return tmp_path / "data"

    return make


def test_clips_of_the_users_function(write, draw):
    root = write(GOOD)
    draw("ben_Happiness.mp4", "ann_Sad.mp4")
    clips = find_clips("my_source.py:my_clips", root)
    assert [(c.id, c.label, c.subject, c.split, c.source) for c in clips] == [
        ("ann_Sad.mp4", "sad", "ann", "train", "my_source.py:my_clips"),
        ("ben_Happiness.mp4", "happy", "ben", "train", "my_source.py:my_clips"),
    ]


def test_a_path_with_colons_and_a_changed_file(write, draw, tmp_path):
    root = write(GOOD)
    draw("ann_Sad.mp4")
    elsewhere = tmp_path / "a:b"
    elsewhere.mkdir()
    (elsewhere / "my_source.py").write_text(GOOD.replace('split="train"', 'split="test"'))
    assert find_clips("my_source.py:my_clips", root)[0].split == "train"
    assert find_clips(f"{elsewhere}/my_source.py:my_clips", root)[0].split == "test"


def test_a_subject_pattern_works_here_too(write, draw):
    root = write(GOOD)
    draw("ann_Sad.mp4")
    assert find_clips("my_source.py:my_clips", root, subject_pattern="^(..)")[0].subject == "an"


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        ("other.py:my_clips", ["other.py", "my_source.py:my_clips"]),
        ("my_source.py", ["my_source.py", "my_source.py:my_clips"]),
        ("my_source.py:", ["my_source.py:", "my_source.py:my_clips"]),
        ("my_source.py:clips", ["my_source.py", "clips", "Name, read, my_clips"]),
    ],
)
def test_wrong_names(write, source, facts):
    root = write(GOOD)
    with refused(SettingError, *facts):
        find_clips(source, root)


def body(line: str) -> str:
    return f"from pathlib import Path\nfrom vidfer.clips import Clip\ndef my_clips(root):\n    {line}\n"


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("def my_clips(root:\n", ["my_source.py", "SyntaxError", "line 1"]),
        ("\nimport no_such_thing\n", ["my_source.py", "ModuleNotFoundError", "no_such_thing", "line 2"]),
        (body("raise KeyError('who')"), ["/data", "KeyError: 'who'", "line 4"]),
        (body("return [p for p in root.nonsense]"), ["AttributeError", "nonsense", "line 4"]),
        (body("return None"), ["NoneType", "vidfer.clips.Clip"]),
        (body("return (x for x in ())"), ["generator", "vidfer.clips.Clip"]),
        (body("return [root]"), ["PosixPath", "vidfer.clips.Clip"]),
        (body("return []"), ["my_source.py:my_clips", "data", "no clip"]),
        (
            body("return [Clip(id='a', path=root / 'a.mp4')]"),
            ["1 files", "my_source.py:my_clips", "data/a.mp4"],
        ),
        (
            body("return [Clip(id='a', path='a.mp4')]"),
            ["'a'", "path 'a.mp4'", "pathlib.Path"],
        ),
        (body("return [Clip(id='', path=root)]"), ["id ''", "'ann/01.mp4'"]),
        (body("return [Clip(id=1, path=root)]"), ["id 1", "'ann/01.mp4'"]),
        (
            body("return [Clip(id='a', path=root, split='dev')]"),
            ["'a'", "split 'dev'", "train, val, test, unlabelled or None"],
        ),
        (
            body("return [Clip(id='a', path=root, label=3)]"),
            ["'a'", "label 3", "a text, or None"],
        ),
        (body("return [Clip(id='a', path=root, subject='')]"), ["'a'", "subject ''", "a text, or None"]),
        (body("import sys; sys.exit(3)"), ["/data", "SystemExit: 3", "line 4"]),
        ("import sys\nsys.exit(3)\n", ["my_source.py", "SystemExit: 3", "line 2"]),
        (
            body("return [Clip(id='a', path=root, start_s=float('nan'))]"),
            ["'a'", "start_s nan", "1.5, or None"],
        ),
        (body("return [Clip(id='a', path=root, end_s='3')]"), ["'a'", "end_s '3'", "1.5, or None"]),
        (
            body("return [Clip(id='a', path=root, box_hint=(5, 5, 9))]"),
            ["'a'", "box_hint (5, 5, 9)", "(10, 20, 90, 120), or None"],
        ),
        (body("return [Clip(id='a', path=root)] * 2"), ["1 ids", "'a'"]),
    ],
)
def test_mistakes_in_the_users_code(write, touch, code, facts):
    root = write(code)
    touch("b.mp4")
    with refused(DataError, *facts):
        find_clips("my_source.py:my_clips", root)


def test_errors_of_vidfer_are_passed_on(write):
    root = write("from vidfer.errors import CacheError\ndef f(root):\n    raise CacheError('no key')\n")
    with pytest.raises(CacheError, match=r"^no key$"):
        find_clips("my_source.py:f", root)
