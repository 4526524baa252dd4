import cv2
import pytest
from made_up_caches import clip_record, make_cache

from vidfer.errors import VidferError
from vidfer.store.contact_sheet import COLOURS, contact_sheet
from vidfer.store.reader import CropCache


def count_of(image, colour: str) -> int:
    """Pixels of exactly that colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return int((image == (blue, green, red)).all(axis=2).sum())


def test_a_sheet_shows_crops_and_the_status_of_each_frame(jpeg_cache, tmp_path):
    cache = CropCache(jpeg_cache)
    path = contact_sheet(cache, clip_record(2).id, tmp_path / "new" / "sheet.png")
    image = cv2.imread(str(path))
    height, width = image.shape[:2]
    assert width > height > 400
    seen = {status for status in COLOURS if count_of(image, COLOURS[status]) > 300}
    status = cache.frames([clip.id for clip in cache.clips].index(clip_record(2).id)).status
    assert seen == {list(COLOURS)[number] for number in set(status.tolist())}


def test_a_clip_of_one_frame_has_a_sheet_too(jpeg_cache, tmp_path):
    assert contact_sheet(CropCache(jpeg_cache), clip_record(1).id, tmp_path / "one.png").stat().st_size > 1000


def test_a_clip_that_is_not_there_or_has_no_frames(jpeg_cache, tmp_path):
    cache = CropCache(jpeg_cache)
    with pytest.raises(VidferError, match=r"no clip 'train/clip_0001'; similar ones: .*clip_0000"):
        contact_sheet(cache, "train/clip_0001", tmp_path / "x.png")
    with pytest.raises(VidferError, match="has no frames: no such codec"):
        contact_sheet(cache, clip_record(3).id, tmp_path / "x.png")


def test_long_names_fit(tmp_path):
    path = make_cache(tmp_path, lengths=(30,))
    assert contact_sheet(CropCache(path), clip_record(0).id, tmp_path / "s.png", n_frames=14).is_file()
