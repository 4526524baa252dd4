import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from made_up_caches import SIZE_PX, clip_record, frame_table, header_for, pictures

from vidfer.errors import VidferError
from vidfer.store.part import write_part
from vidfer.store.reader import CropCache


def test_a_part_is_a_cache_of_one_clip(tmp_path):
    path = tmp_path / "part.h5"
    record = write_part(path, header_for(), clip_record(0), frame_table(6, 0), [pictures(6, 0)])
    assert CropCache(path).clips == (record,)
    assert [p.name for p in tmp_path.iterdir()] == ["part.h5"]


def test_missing_frames_take_no_bytes(tmp_path):
    path = tmp_path / "part.h5"
    write_part(path, header_for(), clip_record(0), frame_table(6, 0), [pictures(6, 0)])
    with h5py.File(path) as file:
        lengths = np.diff(file["frames/jpeg_offset"]).reshape(6, 3)
        assert ((lengths == 0).all(axis=1) == (file["frames/status"][:] == 0)).all()


def test_how_crops_are_cut_into_pieces_changes_nothing(tmp_path):
    crops, table = pictures(9, 0), frame_table(9, 0)
    hashes = set()
    for codec in ("jpeg", "raw"):
        for i, pieces in enumerate(([crops], [crops[:1], crops[1:8], crops[8:]], list(crops[:, None]))):
            record = write_part(tmp_path / f"{i}.h5", header_for(codec), clip_record(0), table, pieces)
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

    write_part(tmp_path / "part.h5", header_for(), clip_record(0), frame_table(10, 0), pieces())
    assert len(alive) == 5


@pytest.mark.parametrize("n_frames", [5, 7])
def test_crops_for_another_number_of_frames(tmp_path, n_frames):
    with pytest.raises(VidferError, match="another number of frames than 6"):
        write_part(
            tmp_path / "p.h5", header_for(), clip_record(0), frame_table(6, 0), [pictures(n_frames, 0)]
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [np.zeros((6, 3, 8, 8, 3), np.uint8), np.zeros((6, 3, SIZE_PX, SIZE_PX, 3))])
def test_crops_of_another_size_or_type(tmp_path, bad):
    with pytest.raises(VidferError, match="not uint8"):
        write_part(tmp_path / "p.h5", header_for(), clip_record(0), frame_table(6, 0), [bad])
    assert not list(tmp_path.iterdir())


FULL_DISK = """
import resource, sys
from pathlib import Path
from made_up_caches import clip_record, frame_table, header_for, pictures
from vidfer.store.durable import disk_fault
from vidfer.store.part import write_part

folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # like a disk that is full
try:
    write_part(folder / "p.h5", header_for(), clip_record(0), frame_table(40, 0), [pictures(40, 0)])
except (OSError, RuntimeError) as error:
    print(disk_fault(folder, error), flush=True)
"""


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    # In a process of its own: HDF5 is not to be trusted after a file that it could not close.
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert "start the same command again" in found.stdout
    assert not list(tmp_path.iterdir())
