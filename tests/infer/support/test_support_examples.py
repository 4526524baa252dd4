import shutil

import cv2
import numpy as np
import pytest
from refused import refused

from vidfer.errors import DataError
from vidfer.infer.support.examples import find_examples


def picture(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8, 3), value, np.uint8))
    return path


@pytest.fixture
def folder(tmp_path):
    for i, name in enumerate(("pout/a.png", "pout/b.png", "Wink/c.png", "Neutral/d.png")):
        picture(tmp_path / name, 10 * i)
    return tmp_path


def test_folders_name_the_classes_and_some_names_are_background(folder):
    picture(folder / "wink" / "frames" / "1.png", 50)
    picture(folder / "wink" / "frames" / "2.png", 60)
    picture(folder / "None of these" / "e.png", 70)
    found = find_examples(folder)
    assert found.classes == ("pout", "wink")  # two spellings are one class
    labels = {clip.id: clip.label for clip in found.clips}
    assert labels["wink/frames"] == labels["Wink/c.png"] == "wink"
    assert labels["Neutral/d.png"] is None and labels["None of these/e.png"] is None
    assert sorted(found.labels()) == [-1, -1, 0, 0, 1, 1]
    assert any("Wink" in note for note in found.notes)


def test_a_background_name_can_be_a_class(folder):
    assert find_examples(folder, background=("none",)).classes == ("Neutral", "Wink", "pout")


def test_a_table_has_times_and_boxes(folder):
    table = folder / "examples.csv"
    table.write_text(
        "path,label,start_s,end_s,subject,x,y,width,height\n"
        "pout/a.png,Happiness,1,2.5,ann,10,20,30,40\nWink/c.png,neutral,,,bob,,,,\n"
    )
    happy, neutral = find_examples(table).clips
    assert happy.label == "Happiness"  # as the user wrote it
    assert (happy.start_s, happy.end_s, happy.box_hint) == (1, 2.5, (10, 20, 40, 60))
    assert neutral.label is None and neutral.box_hint is None and neutral.subject == "bob"


def test_a_dictionary(folder):
    given = {
        "pout": [folder / "pout" / "a.png", (folder / "pout" / "b.png", 0.0, 1.0)],
        "none": [folder / "Wink"],
    }
    found = find_examples(given)
    assert found.classes == ("pout",) and [clip.label for clip in found.clips] == ["pout", "pout", None]
    assert found.clips[1].end_s == 1.0


def test_the_same_file_twice_counts_once(folder):
    shutil.copy(folder / "pout" / "a.png", folder / "pout" / "z.png")
    found = find_examples(folder)
    assert [clip.id for clip in found.clips if clip.label == "pout"] == ["pout/a.png", "pout/b.png"]
    assert any("pout/z.png" in note and "pout/a.png" in note for note in found.notes)


def test_a_link_to_itself_is_left_for_the_reader_to_tell(folder):
    before = len(find_examples(folder).clips)
    (folder / "pout" / "ring.mp4").symlink_to("ring.mp4")
    assert len(find_examples(folder).clips) == before + 1


def test_the_same_file_in_two_classes_is_refused(folder):
    shutil.copy(folder / "pout" / "a.png", folder / "Wink" / "z.png")
    with refused(DataError, "z.png", "a.png", "'pout'", "'Wink'"):
        find_examples(folder)


def test_pieces_of_one_video_that_contradict_each_other_are_told(folder):
    table = folder / "examples.csv"
    table.write_text("path,label,start_s,end_s\npout/a.png,pout,0,2\npout/a.png,wink,1,3\n")
    assert any("contradict" in note for note in find_examples(table).notes)
    table.write_text("path,label,start_s,end_s\npout/a.png,pout,0,2\npout/a.png,wink,2,3\n")
    assert not any("contradict" in note for note in find_examples(table).notes)


def test_what_cannot_be_learned_is_refused(folder, tmp_path):
    (folder / "empty").mkdir()
    with refused(DataError, "'empty'"):
        find_examples(folder)
    (folder / "empty").rmdir()
    picture(folder / "unsure" / "x.png", 99)
    with refused(DataError, "'unsure'"):
        find_examples(folder)
    with refused(DataError, "no expression"):
        find_examples({"neutral": [folder / "pout" / "a.png"]})
    with refused(DataError, "'pout'", "nothing.mp4"):
        find_examples({"pout": [folder / "nothing.mp4"]})
    with refused(DataError, "'pout'"):
        find_examples({"pout": str(folder / "pout" / "a.png")})
    with refused(DataError, "no folder", folder / "nowhere"):
        find_examples(folder / "nowhere")
    table = folder / "examples.csv"
    for row, fact in (("pout/a.png,", "no label"), ("pout/a.png,pout,1,2,0,5", "x, y")):
        table.write_text(f"path,label,x,y,width,height\n{row}\n")
        with refused(DataError, fact):
            find_examples(table)
