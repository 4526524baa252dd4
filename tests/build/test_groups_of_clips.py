"""Short videos and small folders of frames that are read in groups, beside pictures: the same bytes as one by
one, and nobody loses their neighbours."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.build import group_clips as grouping
from vidfer.build import make_group as making
from vidfer.build import read_clips
from vidfer.build.build_cache import build_cache
from vidfer.build.finished_parts import find_parts
from vidfer.build.group_clips import group_clips
from vidfer.build.header import header_of
from vidfer.build.make_part import prepare
from vidfer.build.part import Part
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of

CROPS = CropSettings(size_px=48, face="all")
ONE, TWO = BuildSettings(workers=1), BuildSettings(workers=2)
HEADER = header_of(CROPS, ONE)
SMALL_PX = (96, 72)
"""Width and height of a frame."""
UNREADABLE = ["04_cut.avi", "06_no.avi", "10_unreadable"]


def draw(person: int, n_frames: int) -> np.ndarray:
    identity = sample_identity(np.random.default_rng(person))
    options = {"setting": "studio", "seed": person, "n_frames": n_frames, "fps": 25, "size": (320, 240)}
    frames = draw_clip(identity, "happy", **options)[0]
    return np.stack([cv2.resize(image, SMALL_PX, interpolation=cv2.INTER_AREA) for image in frames])


def write_frames(frames: np.ndarray, folder: Path) -> None:
    folder.mkdir(parents=True)
    for i, image in enumerate(frames):
        cv2.imwrite(str(folder / f"{i}.jpg"), image[..., ::-1])


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Clip]:
    """Videos, folders of frames, an animation and a picture, mixed; of every kind one that is broken."""
    root = tmp_path_factory.mktemp("short") / "happy"
    root.mkdir()
    for i in range(4):
        encode(draw(i, 9 + i), root / f"{3 * i:02d}.avi", fps=25, crf=23)
        write_frames(draw(10 + i, 5 + i), root / f"{3 * i + 1:02d}")
    two = np.concatenate([draw(3, 12), draw(5, 12)], axis=2)
    encode(two, root / "02_two.avi", fps=25, crf=23)
    frames = [Image.fromarray(image) for image in draw(20, 6)]
    frames[0].save(root / "05.webp", save_all=True, append_images=frames[1:], duration=40)
    frames[0].save(root / "08.png")
    whole = (root / "00.avi").read_bytes()
    (root / "04_cut.avi").write_bytes(whole[: len(whole) * 2 // 3])
    (root / "06_no.avi").write_bytes(b"RIFF" + bytes(3000))
    write_frames(draw(21, 6), root / "07_broken")
    (root / "07_broken" / "3.jpg").write_bytes(b"no picture")
    write_frames(draw(22, 3), root / "10_unreadable")
    (root / "10_unreadable" / "0.jpg").write_bytes(b"")
    return find_clips("folder", root.parent)


@pytest.fixture(scope="module")
def one_by_one(clips, tmp_path_factory) -> Path:
    """The cache of these clips, each with a part of its own."""
    out = tmp_path_factory.mktemp("alone") / "c.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "GROUP_CLIPS", 1)
        build_cache(clips, out, CROPS, ONE)
    return out


@pytest.fixture
def large_groups(monkeypatch):
    """Groups as with thousands of clips, of at most eight clips each."""
    monkeypatch.setattr(grouping, "GROUPS_A_WORKER", 1)
    monkeypatch.setattr(grouping, "GROUP_CLIPS", 8)


def parts_and_make(folder: Path) -> tuple[PartsFolder, Callable]:
    """A folder for parts, and what makes them in this process."""
    parts = PartsFolder(folder / "c.h5.parts")
    parts.folder.mkdir(parents=True)
    return parts, prepare(parts, HEADER, CROPS, "cpu", overlap=True)


def hashes_in(parts: PartsFolder) -> dict[str, str]:
    """The hash of each face of each clip of all parts."""
    opened = [Part(path, HEADER) for path in parts.folder.iterdir()]
    return {clip.id: clip.hash for part in opened for clip in part.records}


def of_size(n_bytes: int, name: str):
    clip = Clip(id=name, path=Path(name))
    return clip, replace(record_of(clip), file_size=n_bytes)


def test_videos_count_more_than_pictures_and_folders_as_their_frames():
    folders = [of_size(100_000, f"{i:04d}") for i in range(0, 900, 3)]
    videos = [of_size(25_000, f"{i:04d}.MP4") for i in range(1, 900, 3)]
    animations = [of_size(100_000, f"{i:04d}.webp") for i in range(2, 900, 3)]
    large = [of_size(300_000, "folder"), of_size(75_000, "large.mp4"), of_size(300_000, "large.webp")]
    jobs = group_clips([*large, *videos, *folders, *animations], n_workers=1)
    assert jobs[:3] == [[one] for one in large]
    assert [one[1].id for job in jobs[3:] for one in job] == sorted(
        one[1].id for one in (*videos, *folders, *animations)
    )
    assert {len(job) for job in jobs[3:]} == {grouping.GROUP_BYTES // 100_000}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("settings", "batch_frames"), [(ONE, 512), (ONE, 25), (TWO, 512)])
def test_short_clips_have_the_same_bytes_as_one_by_one(
    clips, one_by_one, large_groups, tmp_path, monkeypatch, settings, batch_frames
):
    monkeypatch.setattr(making, "BATCH_FRAMES", batch_frames)  # in forked workers it may stay as it is
    out = tmp_path / "c.h5"
    report = build_cache(clips, out, CROPS, settings)
    assert out.read_bytes() == one_by_one.read_bytes()
    assert [Path(clip_id).name for clip_id, _ in report.failures] == UNREADABLE
    assert [Path(clip_id).name for clip_id, _ in report.cut_short] == ["07_broken"]
    faces = {clip.id: clip for clip in CropCache(out).clips}
    assert {Path(clip_id).name for clip_id in faces} >= {"02_two.avi", "02_two.avi#face2"}
    assert sum(clip.n_faces > 4 for clip in faces.values()) >= 11


def test_a_kill_in_the_middle_of_a_group_loses_one_batch(clips, one_by_one, tmp_path, monkeypatch):
    monkeypatch.setattr(making, "BATCH_FRAMES", 30)
    todo = [(clip, record_of(clip)) for clip in clips]
    parts, make = parts_and_make(tmp_path)
    n_read, read_clip = [], making.read_clip

    def killed_at_the_last(clip, settings):
        n_read.append(clip.id)
        if len(n_read) == len(todo):
            raise KeyboardInterrupt
        return read_clip(clip, settings)

    monkeypatch.setattr(making, "read_clip", killed_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        make(todo)
    found = find_parts(parts, HEADER)
    n_finished = len(found.whole) + len(found.failed)
    n_frames = {clip.id: clip.n_frames for clip in CropCache(one_by_one).clips}
    assert n_finished and sum(n_frames[record.id] for _, record in todo[n_finished:-1]) <= 30
    assert {path.suffix for path in parts.folder.iterdir()} == {".part"}


@pytest.mark.timeout(3000)
def test_a_video_that_kills_its_worker_costs_no_neighbour(
    clips, one_by_one, large_groups, tmp_path, monkeypatch
):
    monkeypatch.setattr(read_clips, "PREPARE", "dies_while_reading:prepare")
    deadly = replace(clips[0], id="happy/04_deadly.avi")
    out, seen = tmp_path / "c.h5", set()

    def look(*_) -> None:
        seen.update(path.name for path in (tmp_path / "c.h5.parts").glob("*.group.part"))

    report = build_cache([*clips, deadly], out, CROPS, TWO, progress=look)
    assert seen and "SIGKILL" in dict(report.failures)[deadly.id]
    expected = {clip.id: clip.hash for clip in CropCache(one_by_one).clips}
    assert expected == {clip.id: clip.hash for clip in CropCache(out).clips if clip.id != deadly.id}


def test_clips_that_are_too_long_to_be_kept_are_followed_alone(clips, tmp_path, monkeypatch):
    """How long a clip is shows only when it is read."""
    monkeypatch.setattr("vidfer.crops.extract.BUFFER_BYTES", 1)
    monkeypatch.setattr("vidfer.crops.decode.video.CHUNK_BYTES", 4 * 3 * SMALL_PX[0] * SMALL_PX[1])
    todo = [(clip, record_of(clip)) for clip in clips if clip.path.suffix in (".avi", ".png")]
    parts, make = parts_and_make(tmp_path / "together")
    make(todo)
    parts_alone, make_alone = parts_and_make(tmp_path / "alone")
    for one in todo:
        make_alone([one])
    assert hashes_in(parts) == hashes_in(parts_alone)
    n_long = sum(clip.path.suffix == ".avi" and clip.path.name not in UNREADABLE for clip, _ in todo)
    assert len(list(parts.folder.iterdir())) >= n_long
