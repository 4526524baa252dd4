"""Which films a prediction is made of."""

import pytest
from closed import closed
from refused import refused

from vidfer.clips.inputs import find_inputs
from vidfer.errors import DataError


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Films of two people, frames of a clip, pictures, a text; nothing is read here."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "films/ann/a.mp4",
        "films/ann/b.avi",
        "films/bob/a.mp4",
        "films/frames/1.png",
        "films/frames/2.png",
        "films/photo.jpg",
        "films/notes.txt",
        "other/c [1].mp4",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def ids(*names, **options) -> list[str]:
    return [clip.id for clip in find_inputs(names, **options)]


def test_files_folders_and_patterns(place):
    assert ids("films/ann/a.mp4") == ["a.mp4"]
    assert ids("films") == ["ann/a.mp4", "ann/b.avi", "bob/a.mp4", "frames", "photo.jpg"]
    assert ids("films/*/*.mp4") == ["ann/a.mp4", "bob/a.mp4"]
    assert ids("**/a.mp4") == ["ann/a.mp4", "bob/a.mp4"]
    assert ids("other/c [1].mp4") == ["c [1].mp4"]  # a file of this name goes before the pattern
    assert ids("films/notes.txt") == ["notes.txt"]  # what is named is tried
    assert ids("films/ann/a.mp4", "other") == ["films/ann/a.mp4", "other/c [1].mp4"]


def test_names_stay_when_films_are_added_to_a_folder(place):
    (place / "study/ann").mkdir(parents=True)
    (place / "study/ann/a.mp4").write_bytes(b"x")
    assert ids("study") == ["ann/a.mp4"]
    (place / "study/b.mp4").write_bytes(b"x")
    assert ids("study") == ["ann/a.mp4", "b.mp4"]


def test_a_way_through_the_folder_above_leaves_no_dots_in_names(place, monkeypatch):
    monkeypatch.chdir(place / "other")
    (place / "films/link").symlink_to(place / "films/ann")
    assert ids("../films/ann") == ["a.mp4", "b.avi"]
    assert ids("../films/bob", "c [1].mp4") == ["films/bob/a.mp4", "other/c [1].mp4"]
    assert ids("../films/link/../bob/a.mp4", "..")[0] == "films/bob/a.mp4"


def test_closed_folders_are_listed_and_read_as_far_as_they_can(place):
    for name in ("films/closed", "films/named"):  # the names in the second one can be read
        (place / name / "inner").mkdir(parents=True)
        (place / name / "a.mp4").write_bytes(b"x")
    with closed(place / "films/closed"), closed(place / "films/named", 0o444):
        assert set(ids("films")) - {"ann/a.mp4", "ann/b.avi", "bob/a.mp4", "frames", "photo.jpg"} == {
            "closed",
            "named/a.mp4",
            "named/inner",
        }
        assert ids("films/closed") == ["closed"]
        assert ids("films/closed", "other") == ["films/closed", "other/c [1].mp4"]
        assert ids("films/closed/a.mp4") == ["a.mp4"]  # maybe it is there
    assert "closed/a.mp4" in ids("films")


def test_a_film_that_is_named_twice_is_one(place):
    (place / "link.mp4").symlink_to(place / "films/ann/a.mp4")
    assert ids("films/ann", "films/ann/a.mp4", str(place / "films/ann/a.mp4"), "link.mp4") == [
        "a.mp4",
        "b.avi",
    ]


def test_times_reach_every_clip(place):
    clips = find_inputs(["films/ann"], start_s=1.0, end_s=2.5)
    assert [(clip.start_s, clip.end_s) for clip in clips] == [(1.0, 2.5)] * 2


def test_what_a_prediction_wrote_is_no_input(place):
    (place / "films/predictions/films").mkdir(parents=True)
    (place / "films/predictions/predict.json").write_text("{}")
    (place / "films/predictions/films/a.mp4").write_bytes(b"x")
    assert ids("films") == ["ann/a.mp4", "ann/b.avi", "bob/a.mp4", "frames", "photo.jpg"]
    assert ids("films/predictions/films/a.mp4") == ["a.mp4"]


def test_notes_say_what_was_left_out_and_what_may_be_frames(place):
    notes: list[str] = []
    ids("films", on_note=notes.append)
    assert any("notes.txt" in note for note in notes)
    for i in range(8):
        (place / "shots").mkdir(exist_ok=True)
        (place / f"shots/frame_{i}.png").write_bytes(b"x")
    notes.clear()
    assert len(ids("shots", on_note=notes.append)) == 8
    assert any("8 pictures are taken one by one" in note and str(place) in note for note in notes)


def test_names_that_stand_for_nothing(place):
    (place / "empty").mkdir()
    (place / "texts").mkdir()
    (place / "texts/a.txt").write_text("x")
    with refused(DataError, "nowhere.mp4", "pattern"):
        ids("films", "nowhere.mp4")
    with refused(DataError, "empty", "it is empty"):
        ids("empty")
    with refused(DataError, "texts", "a.txt"):
        ids("texts")


def test_folders_without_films_among_others_are_told(place):
    (place / "films/empty").mkdir()
    (place / "films/texts").mkdir()
    (place / "films/texts/a.txt").write_text("x")
    (place / "films/bob/.DS_Store").write_bytes(b"x")
    (place / "films/ann/.DS_Store").write_bytes(b"x")
    notes: list[str] = []
    names = [f"films/{name}" for name in ("ann", "bob", "empty", "texts")]
    assert ids(*names, on_note=notes.append) == ["ann/a.mp4", "ann/b.avi", "bob/a.mp4"]
    assert ids("films", on_note=notes.append)[:3] == ["ann/a.mp4", "ann/b.avi", "bob/a.mp4"]
    assert len([note for note in notes if "2 files and folders that systems make" in note]) == 2
    assert len([note for note in notes if "1 folder that is empty: films/empty" in note]) == 2
    assert "films/texts holds no video and no picture, but a.txt" in notes
    with refused(DataError, "empty", "it is empty"):
        ids(*names)  # where no note can be told
    with refused(DataError, "texts", "a.txt"):
        ids("films/empty", "films/texts", on_note=notes.append)


def test_copies_are_told(place):
    notes: list[str] = []
    for name, content in (
        ("a", b"long"),
        ("copy", b"long"),
        ("other", b"song"),
    ):
        (place / f"other/{name}.mp4").write_bytes(content * 500_000)
    (place / "other/empty.mp4").touch()
    (place / "other/empty 2.mp4").touch()
    (place / "other/small.mp4").write_bytes(b"a")
    (place / "other/small 2.mp4").write_bytes(b"b")
    assert len(ids("other", on_note=notes.append)) == 8
    (note,) = [note for note in notes if "seems to be a copy" in note]
    assert note.startswith("other/copy.mp4 seems to be a copy of other/a.mp4; each")
    with closed(place / "other/copy.mp4"):
        assert len(ids("other", on_note=lambda note: "copy" in note and notes.append(note))) == 8
    assert len([note for note in notes if "copy" in note]) == 1
    ids("films", "other", on_note=notes.append)
    assert any("copy of films/ann/a.mp4; 4 more do so, too;" in note for note in notes)


def test_links_in_a_circle_pipes_and_addresses(place):
    for name, target in (("a", "b"), ("b", "a"), ("ring.mp4", "a")):
        (place / "films/ann" / name).symlink_to(target)
    assert ids("films/ann") == ["a.mp4", "b.avi", "ring.mp4"]  # reading it says what is wrong with it
    with refused(DataError, "https://example.org/a.mp4", "downloads no films"):
        find_inputs(["https://example.org/a.mp4"])
    (place / "locked").touch()
    with refused(DataError, "'locked/a.mp4'", "check the path"):
        find_inputs(["locked/a.mp4"])


def test_a_prediction_may_lie_beside_its_films(place):
    before = ids("films")
    (place / "films/films").mkdir()
    (place / "films/films/a.mp4").write_bytes(b"x")
    assert len(ids("films")) == len(before) + 1
    (place / "films/predict.json").write_text("{}")  # `vidfer predict films --out films --video`
    assert ids("films") == before
