import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_up_caches import SIZE_PX, clip_record, face_track, header_for, pictures
from refused import refused

from vidfer.build.part import Part
from vidfer.build.write_part import write_group, write_part
from vidfer.errors import CacheError, DataError
from vidfer.store.hashes import clip_digest
from vidfer.store.records import frame_columns


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_a_part_gives_back_what_was_written(tmp_path, codec, monkeypatch):
    monkeypatch.setattr("vidfer.build.part.BLOCK_BYTES", 10_000)
    path, track, crops = tmp_path / "p.part", face_track(6, 0), pictures(6, 0)
    [record] = write_part(path, header_for(codec), clip_record(2), [(track, [crops])])
    assert [p.name for p in tmp_path.iterdir()] == ["p.part"]
    part = Part(path, header_for(codec))
    assert part.records == (record,) and record.box_hint == clip_record(2).box_hint
    for name, column in frame_columns(part.frames(0)).items():
        np.testing.assert_array_equal(column, frame_columns(track)[name])
    pieces = list(part.payload(0))
    data = np.concatenate(pieces)
    assert len(pieces) > 1 and len(data) == part.payload_bytes(0)
    crops[track.status == 0] = 0
    if codec == "raw":
        np.testing.assert_array_equal(data.reshape(crops.shape), crops)
    else:
        offsets = part.offsets(0)
        eyes = cv2.imdecode(data[offsets[4] : offsets[5]], cv2.IMREAD_COLOR_RGB)  # of frame 1
        assert np.abs(eyes - crops[1, 1].astype(float)).mean() < 10
        lengths = np.diff(offsets).reshape(6, 3)
        assert ((lengths == 0).all(axis=1) == (track.status == 0)).all(), "missing frames take no byte"
    part.close()


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_several_faces_in_one_part(tmp_path, codec):
    header, main = header_for(codec), clip_record(2)
    records = [main, main.other_face(1), main.other_face(2)]
    tracks, crops = [face_track(n, n) for n in (6, 0, 9)], [pictures(n, n) for n in (6, 0, 9)]
    written = write_part(tmp_path / "p.part", header, main, ((t, [c]) for t, c in zip(tracks, crops)))
    part = Part(tmp_path / "p.part", header)
    assert list(part.records) == written
    ids = [(clip.id, clip.main_id, clip.label, clip.subject, clip.split) for clip in part.records]
    assert ids == [
        (main.id, main.id, "happy", "person_2", "test"),
        (f"{main.id}#face2", main.id, None, None, "test"),
        (f"{main.id}#face3", main.id, None, None, "test"),
    ]
    for i, (track, pixels) in enumerate(zip(tracks, crops)):
        assert clip_digest(part, i) == part.records[i].crops_hash
        np.testing.assert_array_equal(part.frames(i).status, track.status)
        alone = write_part(tmp_path / "alone.part", header, records[i], [(track, [pixels])])
        assert alone == [part.records[i]]
    part.close()


def test_a_part_of_an_older_vidfer_is_read(tmp_path):
    """It lacks the field that says what decoded the clip; the column of the face was always named person."""
    path, header = tmp_path / "p.part", header_for()
    [written] = write_part(path, header, clip_record(0), [(face_track(6, 0), [pictures(6, 0)])])
    data = path.read_bytes()
    n_text = int.from_bytes(data[-40:-32], "little")
    [[values, n_bytes]] = json.loads(data[-40 - n_text : -40])
    assert values.pop("reader") == "" and values["person"] == 0
    text = json.dumps([[values, n_bytes]]).encode()
    path.write_bytes(
        data[: -40 - n_text] + text + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest()
    )
    part = Part(path, header)
    assert part.records == (written,) and clip_digest(part, 0) == written.crops_hash
    part.close()


@pytest.mark.parametrize("end", ["cut", "empty", "zeros", "gone", "another size"])
def test_a_part_that_is_not_whole_says_so(tmp_path, end):
    path = tmp_path / "p.part"
    write_part(path, header_for("raw"), clip_record(0), [(face_track(6, 0), [pictures(6, 0)])])
    whole = path.read_bytes()
    changed = {"cut": whole[:-1], "empty": b"", "zeros": b"\0" * len(whole), "another size": whole[9:]}
    path.unlink()
    if end in changed:
        path.write_bytes(changed[end])
    with refused(CacheError, path):
        Part(path, header_for("raw"))


def test_how_crops_are_cut_into_pieces_changes_nothing(tmp_path):
    crops, track = pictures(9, 0), face_track(9, 0)
    hashes = set()
    for codec in ("jpeg", "raw"):
        for i, pieces in enumerate(([crops], [crops[:1], crops[1:8], crops[8:]], list(crops[:, None]))):
            [record] = write_part(tmp_path / f"{i}.h5", header_for(codec), clip_record(0), [(track, pieces)])
            hashes.add((codec, record.hash))
    assert len(hashes) == 2


def test_one_piece_is_held_at_a_time(tmp_path):
    alive = []

    def pieces():
        for _ in range(5):
            piece = pictures(2, 0)
            alive.append(piece.ctypes.data)
            yield piece
            del piece

    write_part(tmp_path / "part.h5", header_for(), clip_record(0), [(face_track(10, 0), pieces())])
    assert len(alive) == 5


@pytest.mark.parametrize("n_frames", [5, 7])
def test_crops_for_another_number_of_frames(tmp_path, n_frames):
    faces = [(face_track(6, 0), [pictures(n_frames, 0)])]
    with refused(DataError, clip_record(0).id, 6):
        write_part(tmp_path / "p.h5", header_for(), clip_record(0), faces)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [np.zeros((6, 3, 8, 8, 3), np.uint8), np.zeros((6, 3, SIZE_PX, SIZE_PX, 3))])
def test_crops_of_another_size_or_type(tmp_path, bad):
    with refused(DataError, clip_record(0).id, bad.dtype, bad.shape[1:], "uint8"):
        write_part(tmp_path / "p.h5", header_for(), clip_record(0), [(face_track(6, 0), [bad])])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_a_clip_that_fails_on_the_way_leaves_its_neighbours_whole(tmp_path, codec):
    def pieces(number: int):
        yield pictures(6, number)[:4]
        if number == 1:
            raise DataError("the film tears")
        yield pictures(6, number)[4:]

    header, path = header_for(codec), tmp_path / "p.group.part"
    clips = [(clip_record(i), [(face_track(6, i), pieces(i))]) for i in range(3)]
    written = write_group(path, header, clips)
    part = Part(path, header)
    assert list(part.records) == written
    assert [(clip.n_frames, clip.reason) for clip in written] == [(6, ""), (0, "the film tears"), (6, "")]
    for i in (0, 2):
        faces = [(face_track(6, i), [pictures(6, i)])]
        assert write_part(tmp_path / "alone.part", header, clip_record(i), faces) == [part.records[i]]
    for i in range(3):
        assert clip_digest(part, i) == part.records[i].crops_hash
    part.close()


FULL_DISK = """
import resource, sys
from pathlib import Path
from made_up_caches import clip_record, face_track, header_for, pictures
from vidfer.files import disk_fault
from vidfer.build.write_part import write_part

folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # like a disk that is full
try:
    write_part(folder / "p.h5", header_for(), clip_record(0), [(face_track(40, 0), [pictures(40, 0)])])
except (OSError, RuntimeError) as error:
    print(disk_fault(folder, error), flush=True)
"""


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    # In a process of its own, because a limit cannot be taken back.
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    found = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert str(tmp_path) in found.stdout and "start the same command" in found.stdout
    assert not list(tmp_path.iterdir())
