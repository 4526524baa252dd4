"""Entries that do not belong to a data set: stray folders, what systems make, and links."""

import pytest

from vidfer.clips import find_clips

FRAMES = [f"happy/ann_1/{n}.jpg" for n in (1, 2, 3)]


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def ids_of(root, source="folder"):
    lines = []
    clips = find_clips(source, root, on_note=lines.append)
    return {clip.id: clip.label for clip in clips}, lines


@pytest.mark.parametrize("stray", ["new", "flow", "@eaDir", ".ipynb_checkpoints", "__MACOSX"])
@pytest.mark.parametrize("inside", [(), ("1.jpg", "2.jpg"), ("1.mp4",)], ids=["empty", "images", "video"])
def test_a_folder_of_frames_is_a_clip_whatever_folder_stands_in_it(tmp_path, stray, inside):
    touch(tmp_path, *FRAMES, *(f"happy/ann_1/{stray}/{name}" for name in inside))
    (tmp_path / "happy" / "ann_1" / stray).mkdir(exist_ok=True)
    assert ids_of(tmp_path)[0] == {"happy/ann_1": "happy"}


@pytest.mark.parametrize("stray", ["new", "flow", "@eaDir"])
def test_dfew_keeps_its_labels_beside_a_stray_folder(tmp_path, stray):
    touch(tmp_path, *(f"Clip/clip_224x224/{n:05}/{frame}.jpg" for n in (1, 2, 3) for frame in (1, 2, 3)))
    touch(tmp_path, f"Clip/clip_224x224/00003/{stray}/1.jpg", f"Clip/clip_224x224/00003/{stray}/2.jpg")
    (tmp_path / "Clip/clip_224x224/00002" / stray).mkdir()
    for split, text in (("train", "1,1\n2,2\n"), ("test", "3,4\n")):
        table = tmp_path / f"EmoLabel_DataSplit/{split}(single-labeled)/set_1.csv"
        table.parent.mkdir(parents=True)
        table.write_text("video_name,label\n" + text)
    expected = {1: "happy", 2: "sad", 3: "angry"}
    assert ids_of(tmp_path, "dfew")[0] == {f"Clip/clip_224x224/{n:05}": name for n, name in expected.items()}


def test_one_picture_beside_folders_of_frames_makes_no_clip_of_them_all(tmp_path):
    touch(
        tmp_path, *FRAMES, "happy/ann_2/1.jpg", "sad/all/poster.jpg", "sad/all/bob/1.jpg", "sad/all/bob/2.jpg"
    )
    found, _ = ids_of(tmp_path)
    assert found == {
        "happy/ann_1": "happy",
        "happy/ann_2": "happy",
        "sad/all/poster.jpg": "sad",
        "sad/all/bob": "sad",
    }


def test_what_is_left_out_is_counted_and_named(tmp_path):
    touch(tmp_path, *FRAMES, "happy/ann_1/flow/1.jpg", "happy/._b.mp4", "happy/Thumbs.db", "@eaDir/x.jpg")
    found, lines = ids_of(tmp_path)
    assert found == {"happy/ann_1": "happy"}
    counts = sorted(line.split()[2] for line in lines)
    assert counts == ["1", "3"]
    assert any(str(tmp_path / "happy/ann_1/flow") in line for line in lines)
    assert any(str(tmp_path / "@eaDir") in line for line in lines)


def test_files_that_are_not_taken_are_counted_and_named(tmp_path):
    touch(tmp_path, "sad/a.mp4", "sad/b.HEIC", "sad/c.heif", "sad/notes.txt", "sad/data.dat")
    found, lines = ids_of(tmp_path)
    assert found == {"sad/a.mp4": "sad"}
    heic, others = sorted(lines, key=lambda line: "HEIC" not in line)
    assert heic.split()[2] == "2" and "b.HEIC" in heic and "JPEG" in heic
    assert others.split()[2] == "2" and str(tmp_path / "sad/data.dat") in others


def test_a_link_to_the_folder_above_adds_no_clip(tmp_path):
    for label in ("happy", "sad", "fear"):
        touch(tmp_path, *(f"{label}/{label}_{n}.mp4" for n in range(5)))
    (tmp_path / "happy" / "all").symlink_to("..")
    (tmp_path / "happy" / "happy").symlink_to(".")
    (tmp_path / "loop").symlink_to("loop")
    found, lines = ids_of(tmp_path)
    assert len(found) == 15 and all(name.startswith(f"{label}/") for name, label in found.items())
    assert [line.split()[2] for line in lines] == ["2"]


def test_a_linked_folder_elsewhere_is_listed_once(tmp_path):
    store, root = tmp_path / "store", tmp_path / "root"
    touch(store, "happy/a.mp4", "happy/inner/b.mp4")
    touch(root, "sad/c.mp4")
    (root / "happy").symlink_to(store / "happy")
    (root / "sad" / "again").symlink_to(store / "happy")
    (store / "happy" / "back").symlink_to(root)
    found, _ = ids_of(root)
    assert found == {"happy/a.mp4": "happy", "happy/inner/b.mp4": "happy", "sad/c.mp4": "sad"}


def test_a_link_to_a_folder_around_another_linked_folder_adds_the_rest(tmp_path):
    store, root = tmp_path / "store", tmp_path / "root"
    touch(store, "all/happy/a.mp4", "all/other/b.mp4", "c.mp4", "again/d.mp4")
    touch(root, "sad/e.mp4")
    (root / "happy").symlink_to(store / "all" / "happy")
    (root / "later").symlink_to(store)
    (root / "mine").symlink_to(store / "again")
    expected = {
        "happy/a.mp4": "happy",
        "later/again/d.mp4": "later",
        "later/all/other/b.mp4": "later",
        "later/c.mp4": "later",
        "sad/e.mp4": "sad",
    }
    found, lines = ids_of(root)
    assert found == expected
    by_what = {name: next(line for line in lines if str(root / name) in line) for name in ("later", "mine")}
    assert str(root / "later" / "all" / "happy") in by_what["later"] and "link to" not in by_what["later"]
    assert "link to a folder that is listed already" in by_what["mine"] and len(lines) == 2


def test_a_link_to_a_folder_around_the_data_set_adds_nothing_and_is_told(tmp_path):
    touch(tmp_path, "stranger/f.mp4", "root/sad/e.mp4")
    (tmp_path / "root" / "sad" / "up").symlink_to(tmp_path)
    found, (line,) = ids_of(tmp_path / "root")
    assert found == {"sad/e.mp4": "sad"}
    assert line.startswith("left out: 1 link to a folder that holds the whole data set: ")


def test_a_linked_video_is_a_clip(tmp_path):
    touch(tmp_path, "store/a.mp4", "root/sad/b.mp4")
    (tmp_path / "root" / "happy").mkdir()
    (tmp_path / "root" / "happy" / "a.mp4").symlink_to(tmp_path / "store" / "a.mp4")
    assert ids_of(tmp_path / "root")[0] == {"happy/a.mp4": "happy", "sad/b.mp4": "sad"}
