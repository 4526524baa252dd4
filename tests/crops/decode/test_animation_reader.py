"""Image files that hold several frames: animated WebP and PNG, and TIFF with several pages."""

import cv2
import numpy as np
import pytest
from PIL import Image
from refused import refused

from vidfer.crops.decode.animation_times import animation_times, tiff_pages
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks

GREYS = [67 * i % 240 for i in range(40)]
DELAYS_MS = [40, 100] * 20


def frames_of(greys: list[int]) -> list[np.ndarray]:
    return [np.full((40, 60, 3), grey, np.uint8) for grey in greys]


def animation(suffix: str, greys: list[int], delays_ms: list[int]) -> bytes:
    moving = cv2.Animation()
    moving.frames, moving.durations = frames_of(greys), delays_ms
    return cv2.imencodeanimation(suffix, moving)[1].tobytes()


def tiff(greys: list[int]) -> bytes:
    return cv2.imencodemulti(".tif", frames_of(greys))[1].tobytes()


def read_all(path, **options) -> tuple[list[int], list[float]]:
    """The grey level of the middle of each frame, and the times."""
    chunks = list(read_chunks(path, **options))
    return (
        [int(image[20, 30, 0]) for chunk in chunks for image in chunk.images],
        np.concatenate([chunk.times_s for chunk in chunks]).round(6).tolist(),
    )


@pytest.mark.parametrize("suffix", [".webp", ".png"])
@pytest.mark.parametrize("chunk_frames", [32, 7])
def test_an_animation_gives_all_its_frames_at_their_times(tmp_path, suffix, chunk_frames):
    path = tmp_path / f"bewegt 表情{suffix}"
    path.write_bytes(animation(suffix, GREYS, DELAYS_MS))
    greys, times_s = read_all(path, chunk_frames=chunk_frames)
    assert np.abs(np.array(greys) - GREYS).max() <= 2
    assert times_s == (np.cumsum([0, *DELAYS_MS[:-1]]) / 1000).round(6).tolist()


def test_the_pages_of_a_tiff_are_frames(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(GREYS))
    greys, times_s = read_all(path)
    assert greys == GREYS
    assert times_s == (np.arange(40) / 25).round(6).tolist()
    (reader,) = open_readers(path)
    assert (reader.fps, reader.width, reader.height) == (25.0, 60, 40)


def test_a_part_and_some_of_the_frames(tmp_path):
    path = tmp_path / "a.tiff"
    path.write_bytes(tiff(GREYS))
    assert read_all(path, start_s=0.4, end_s=0.52)[0] == GREYS[10:13]
    assert read_all(path, max_frames=3)[0] == [GREYS[0], GREYS[20], GREYS[39]]
    path.rename(tmp_path / "a.mp4")
    assert read_all(tmp_path / "a.mp4", max_frames=2)[0] == [GREYS[0], GREYS[39]]


@pytest.mark.parametrize("suffix", [".webp", ".png", ".tif"])
def test_an_image_of_one_frame_is_no_animation(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, frames_of([90])[0])[1].tobytes())
    assert animation_times(path.read_bytes()) is None and len(tiff_pages(path.read_bytes())) < 2
    assert read_all(path)[1] == [0.0]


def test_a_smaller_copy_in_a_tiff_is_no_frame(tmp_path):
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(frame) for frame in frames_of([10, 20, 30])]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    assert tiff_pages(path.read_bytes()) == [0, 1, 2]
    pages[0].save(path, tiffinfo={254: 0}, save_all=True, append_images=pages[1:])
    marked = bytearray(path.read_bytes())
    entry = marked.index(b"\xfe\x00\x04\x00\x01\x00\x00\x00")
    marked[entry + 8] = 1
    assert tiff_pages(bytes(marked)) == [1, 2]


def test_a_loop_of_tiff_pages_ends():
    content = bytearray(tiff([1, 2]))
    first = int.from_bytes(content[4:8], "little")
    n_entries = int.from_bytes(content[first : first + 2], "little")
    at = first + 2 + 12 * n_entries
    content[at : at + 4] = first.to_bytes(4, "little")
    assert tiff_pages(bytes(content)) == [0]


def test_a_frame_without_a_time_is_shown_for_a_tenth_of_a_second():
    content = animation(".webp", [0, 50, 100], [40, 40, 40])
    at = content.index(b"ANMF") + 8 + 12
    assert content[at : at + 3] == (40).to_bytes(3, "little")
    content = content[:at] + bytes(3) + content[at + 3 :]
    assert animation_times(content).round(6).tolist() == [0.0, 0.1, 0.14]


@pytest.mark.parametrize("suffix", [".webp", ".png", ".tif"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_that_is_cut_off_gives_the_frames_before_and_says_so(tmp_path, suffix, share):
    content = tiff(GREYS) if suffix == ".tif" else animation(suffix, GREYS, DELAYS_MS)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content[: int(share * len(content))])
    found = []
    with refused(UnreadableVideo, path.name):
        for chunk in read_chunks(path, chunk_frames=5):
            found += [int(image[20, 30, 0]) for image in chunk.images]
    assert np.abs(np.array(found) - GREYS[: len(found)]).max(initial=0) <= 2
