"""A user's own source: one function in a file, and what goes wrong with one."""

import pytest

from vidfer.clips import find_clips
from vidfer.errors import VidferError

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


def test_clips_of_an_own_function(write, draw):
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


def test_subject_pattern_works_on_own_clips_too(write, draw):
    root = write(GOOD)
    draw("ann_Sad.mp4")
    assert find_clips("my_source.py:my_clips", root, subject_pattern="^(..)")[0].subject == "an"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("other.py:my_clips", r"there is no file other\.py; give your source as my_source\.py:my_clips"),
        ("my_source.py", r"my_source\.py does not say which function; give .*my_source\.py:my_clips"),
        ("my_source.py:", r"my_source\.py: does not say which function"),
        (
            "my_source.py:clips",
            r"my_source\.py has no function clips; its functions are: Name, read, my_clips",
        ),
    ],
)
def test_wrong_names(write, source, message):
    root = write(GOOD)
    with pytest.raises(VidferError, match=message):
        find_clips(source, root)


def body(line: str) -> str:
    return f"from pathlib import Path\nfrom vidfer.clips import Clip\ndef my_clips(root):\n    {line}\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def my_clips(root:\n", r"my_source\.py cannot be loaded: SyntaxError: .*line 1"),
        ("\nimport no_such_thing\n", r"cannot be loaded: ModuleNotFoundError: No module .*\(line 2\)"),
        (body("raise KeyError('who')"), r"failed on .*data with KeyError: 'who' \(line 4\)"),
        (body("return [p for p in root.nonsense]"), r"with AttributeError: .*nonsense.* \(line 4\)"),
        (body("return None"), r"returned no list but NoneType; it must return a list of vidfer\.clips\.Clip"),
        (body("return (x for x in ())"), r"returned no list but generator"),
        (body("return [root]"), r"returned a list with PosixPath; it must return a list of"),
        (body("return []"), r"found no clip in .*data; check the root, or the function"),
        (
            body("return [Clip(id='a', path=root / 'a.mp4')]"),
            r"none of the 1 files that my_source\.py:my_clips names is there, first .*a\.mp4; build",
        ),
        (
            body("return [Clip(id='a', path='a.mp4')]"),
            r"gave clip 'a' the path 'a\.mp4'; use a pathlib\.Path",
        ),
        (body("return [Clip(id='', path=root)]"), r"made a clip with the id ''; an id is a text"),
        (body("return [Clip(id=1, path=root)]"), r"made a clip with the id 1; an id is a text"),
        (
            body("return [Clip(id='a', path=root, split='dev')]"),
            r"gave clip 'a' the split 'dev'; use train, val, test, unlabelled or None",
        ),
        (
            body("return [Clip(id='a', path=root, label=3)]"),
            r"gave clip 'a' the label 3; use a text, or None",
        ),
        (body("return [Clip(id='a', path=root, subject='')]"), r"gave clip 'a' the subject ''; use a text"),
        (body("import sys; sys.exit(3)"), r"failed on .*data with SystemExit: 3 \(line 4\)"),
        ("import sys\nsys.exit(3)\n", r"my_source\.py cannot be loaded: SystemExit: 3 \(line 2\)"),
        (
            body("return [Clip(id='a', path=root, start_s=float('nan'))]"),
            r"gave clip 'a' the start_s nan; use 1\.5, or None",
        ),
        (body("return [Clip(id='a', path=root, end_s='3')]"), r"gave clip 'a' the end_s '3'; use 1\.5"),
        (
            body("return [Clip(id='a', path=root, box_hint=(5, 5, 9))]"),
            r"the box_hint \(5, 5, 9\); use \(10,",
        ),
        (body("return [Clip(id='a', path=root)] * 2"), r"1 ids occur more than once .*, first 'a'"),
    ],
)
def test_mistakes_in_own_code(write, touch, code, message):
    root = write(code)
    touch("b.mp4")
    with pytest.raises(VidferError, match=message):
        find_clips("my_source.py:my_clips", root)


def test_own_vidfer_errors_are_passed_on(write):
    root = write("from vidfer.errors import VidferError\ndef f(root):\n    raise VidferError('no key')\n")
    with pytest.raises(VidferError, match=r"^no key$"):
        find_clips("my_source.py:f", root)
