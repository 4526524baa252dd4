import csv

import numpy as np
import pytest
from crop_caches import store_clips
from made_up_caches import clip_record, header_for, make_cache
from refused import refused

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.errors import SettingError
from vidfer.store.failures import failures_page, list_failures, write_failures
from vidfer.store.reader import CropCache


def store(tmp_path, rows) -> CropCache:
    """A cache of (id, status of each frame, reason)."""
    clips = []
    for number, (name, status, reason) in enumerate(rows):
        n, path = len(status), tmp_path / f"{number}.part"
        track = FaceTrack(
            np.arange(n) / 25, np.ones((n, 4)), np.ones((n, 5, 2)), np.ones(n), np.array(status)
        )
        crops = np.zeros((n, 3, 32, 32, 3), np.uint8)
        record = clip_record(0, id=name, reason=reason)
        write_part(path, header_for(), record, [(track, [crops])])
        clips.append(StoredClip(record, path, 0))
    concatenate(clips, header_for(), tmp_path / "cache.h5")
    return CropCache(tmp_path / "cache.h5")


@pytest.fixture
def cache(tmp_path) -> CropCache:
    return store(
        tmp_path,
        [
            ("a/good.mp4", [1, 1, 2, 3], ""),
            ("a/half.mp4", [1, 0], ""),
            ("b/broken.mp4", [], "no moov atom in b/broken.mp4 at byte 1234"),
            ("b/broken2.mp4", [], "no moov atom in b/broken2.mp4 at byte 77"),
            ("b/text.mp4", [], "is no video"),
            ("c/cut.mp4", [0, 0, 0, 1], "the file promises 90 frames and has 4"),
            ("d/dark.mp4", [0, 0], ""),
            ("d/turned.mp4", [0, 0, 1, 0, 0], ""),
        ],
    )


def test_each_kind_is_listed(cache):
    found = [(failure.id, failure.kind) for failure in list_failures(cache)]
    assert found == [
        ("b/broken.mp4", "unreadable"),
        ("b/broken2.mp4", "unreadable"),
        ("b/text.mp4", "unreadable"),
        ("c/cut.mp4", "cut short"),
        ("d/dark.mp4", "no face"),
        ("c/cut.mp4", "few faces"),
        ("d/turned.mp4", "few faces"),
    ]


def test_reasons_are_grouped(cache):
    page = failures_page(cache)
    assert page.splitlines() == [
        f"{cache.path}: something went wrong with 6 of 8 clips",
        "",
        "3 could not be read",
        "  2 x no moov atom in ... at byte ...",
        "    b/broken.mp4",
        "    b/broken2.mp4",
        "  1 x is no video",
        "    b/text.mp4",
        "",
        "1 could be read only up to a damaged place",
        "  1 x the file promises 90 frames and has 4",
        "    c/cut.mp4",
        "",
        "1 were read and show no face",
        "    d/dark.mp4",
        "",
        "2 show a face in less than 50 % of their frames",
        "    d/turned.mp4: 1 of 5 frames",
        "    c/cut.mp4: 1 of 4 frames",
    ]


def test_the_table_has_all(cache, tmp_path):
    assert write_failures(cache, tmp_path / "new" / "failures.csv") == 7
    with (tmp_path / "new" / "failures.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[3] == {
        "id": "c/cut.mp4",
        "kind": "cut short",
        "reason": "the file promises 90 frames and has 4",
        "n_frames": "4",
        "n_faces": "1",
    }
    with refused(SettingError, tmp_path / "failures.png", ".csv"):
        write_failures(cache, tmp_path / "failures.png")


def test_nothing_went_wrong(tmp_path):
    clip = Clip(id="a", path=tmp_path / "a")
    cache = store_clips(
        tmp_path / "c.h5", [(clip, np.ones(2, np.uint8), np.zeros((2, 3, 8, 8, 3), np.uint8))], size_px=8
    )
    page = failures_page(cache)
    assert page.endswith(
        "each of the 1 clips was read to its end and shows a face in 50 % of its frames or more"
    )


def test_many_clips_of_one_reason_are_counted(tmp_path):
    page = failures_page(CropCache(make_cache(tmp_path, lengths=[0] * 25)))
    assert "  25 x no such codec" in page and page.endswith("    and 5 more") and page.count("clip_") == 20
