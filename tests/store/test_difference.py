"""Caches of the same made-up clips, of which one was changed."""

import numpy as np
import pytest
from made_up_caches import described, face_track, header_for, make_part, pictures

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.store.difference import difference, difference_page
from vidfer.store.reader import CropCache


def cache_of(clips: list[StoredClip], name: str, **header) -> CropCache:
    path = clips[0].path.parent / f"{name}.h5"
    concatenate(clips, header_for(**header), path)
    return CropCache(path)


@pytest.fixture
def clips(tmp_path) -> list[StoredClip]:
    return [make_part(tmp_path, number, n_frames=7) for number in range(3)]


def changed(clip: StoredClip, number: int, boxes_px: float = 0.0, grey: int = 0) -> StoredClip:
    """The same clip with its box elsewhere in frame 1, and its crops brighter in frames 3 and 4."""
    track, crops = face_track(7, number), pictures(7, number)
    track.boxes_xyxy[1] += np.float32(boxes_px)
    crops[3:5] = np.minimum(crops[3:5].astype(int) + grey, 255)
    path = clip.path.with_name(f"changed_{number}.h5")
    write_part(path, header_for(), clip.record, [(track, [crops])])
    return StoredClip(clip.record, path, 0)


def test_equal_caches_say_so(clips):
    found = difference(cache_of(clips, "a"), cache_of(clips, "b"))
    assert found.same_content and not any((found.other_crops, found.only_here, found.only_there))
    assert difference_page("a.h5", "b.h5", found) == "a.h5 and b.h5 hold the same content"


def test_clips_that_only_one_has(clips):
    found = difference(cache_of(clips[:2], "a"), cache_of(clips[1:], "b"))
    assert (found.only_here, found.only_there) == ([clips[0].record.id], [clips[2].record.id])
    assert not found.other_crops and not found.same_content


def test_a_moved_face_and_other_pixels_are_counted_in_frames(clips):
    moved, brighter = changed(clips[0], 0, boxes_px=0.25), changed(clips[1], 1, grey=40)
    told = []
    caches = cache_of(clips, "a"), cache_of([moved, brighter, clips[2]], "b")
    found = difference(*caches, lambda *counts: told.append(counts))
    assert found.other_crops == {
        moved.record.id: "of 7 frames 1 with the face elsewhere",
        brighter.record.id: "of 7 frames 2 with other pixels",
    }
    assert told == [(1, 2), (2, 2)]


def test_another_label_is_no_other_crop(clips):
    sad = described(clips[0], label="sad")
    found = difference(cache_of(clips, "a"), cache_of([sad, *clips[1:]], "b"))
    assert found.other_description == {sad.record.id: "label happy and sad"}
    assert not found.other_crops and not found.same_content


def test_other_settings_are_named_and_versions_do_not_count(clips, tmp_path):
    settings = header_for().crop_settings | {"key_every": 8}
    found = difference(cache_of(clips, "a"), cache_of(clips, "b", crop_settings=settings))
    assert found.settings == {"key_every": (4, 8)} and not found.same_content
    newer = difference(cache_of(clips, "c"), cache_of(clips, "d", versions={"vidfer": "9"}))
    assert newer.versions == {"vidfer": ("0", "9")} and newer.same_content


def test_a_long_list_is_cut_and_counted(tmp_path):
    clips = [make_part(tmp_path, number, n_frames=1) for number in range(25)]
    found = difference(cache_of(clips, "a"), cache_of(clips[:1], "b"))
    page = difference_page("a.h5", "b.h5", found)
    assert "only in a.h5: 24 clips" in page and "and 4 more" in page
