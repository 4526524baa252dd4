"""Small pictures that are read in groups: the same bytes as one by one, and nobody loses their neighbours."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.build import group_clips as grouping
from vidfer.build import make_group as making
from vidfer.build import read_clips
from vidfer.build.build_cache import build_cache
from vidfer.build.group_clips import group_clips
from vidfer.build.settings import BuildSettings
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of

CROPS = CropSettings(size_px=48)
ONE, TWO = BuildSettings(workers=1), BuildSettings(workers=2)
N = 20
BROKEN = {"empty": b"", "text": b"no picture", "cut": None}
"""Files that cannot be read, by their names; `cut` is a picture without its end."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Clip]:
    """Pictures of 48 to 90 pixels and two of 320, some without a face, and broken ones among them."""
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(N):
        frame = draw_clip(
            sample_identity(np.random.default_rng(i)),
            "happy",
            setting="studio",
            seed=i,
            n_frames=1,
            fps=25,
            size=(320, 240),
        )[0][0]
        if i % 9:
            frame = cv2.resize(frame[20:212, 60:252], (48 + i % 3 * 21, 48 + i % 2 * 30))
        if i % 6 == 5:
            frame = np.random.default_rng(i).integers(0, 255, frame.shape, np.uint8)
        suffix = ".png" if i % 2 else ".jpg"
        (folder / f"{i:02d}{suffix}").write_bytes(cv2.imencode(suffix, frame[..., ::-1])[1].tobytes())
    for i, (name, content) in enumerate(BROKEN.items()):
        content = (folder / "02.jpg").read_bytes()[:-400] if content is None else content
        (folder / f"{i * 7 + 3:02d}_{name}.jpg").write_bytes(content)
    return [Clip(id=path.name, path=path, label="happy") for path in sorted(folder.iterdir())]


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
    """Groups as with thousands of clips, of eight clips each, and batches of a few pictures."""
    monkeypatch.setattr(grouping, "GROUPS_A_WORKER", 1)
    monkeypatch.setattr(grouping, "GROUP_CLIPS", 8)


def of_size(n_bytes: int, name: str):
    clip = Clip(id=name, path=Path(name))
    return clip, replace(record_of(clip), file_size=n_bytes)


def test_groups_hold_small_pictures_in_order_and_nothing_else():
    videos = [of_size(90_000, f"{i}.avi") for i in range(3)]
    pictures = [of_size(1_000 + i, f"{i:04d}.jpg") for i in range(1000)]
    large = [of_size(grouping.SMALL_BYTES + 1, "large.jpg")]
    jobs = group_clips([*large, *pictures[::-1], *videos], n_workers=1)
    assert jobs[:4] == [[one] for one in (*large, *videos)]
    assert [one for job in jobs[4:] for one in job] == pictures
    assert {len(job) for job in jobs[4:-1]} == {64} and len(jobs[-1]) <= 64
    assert {len(job) for job in group_clips(pictures[:100], n_workers=2)} <= {6, 4}
    assert group_clips(pictures[:15], n_workers=2) == [[one] for one in pictures[:15]]


def test_groups_are_bounded_in_bytes():
    pictures = [of_size(200_000, f"{i:04d}.jpg") for i in range(600)]
    jobs = group_clips(pictures, n_workers=1)
    assert {len(job) for job in jobs} == {grouping.GROUP_BYTES // 200_000}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("settings", "batch_bytes"), [(ONE, 1 << 24), (TWO, 20_000)])
def test_the_same_bytes_as_one_by_one(
    clips, one_by_one, large_groups, tmp_path, monkeypatch, settings, batch_bytes
):
    monkeypatch.setattr(making, "BATCH_BYTES", batch_bytes)  # in forked workers it may stay as it is
    out = tmp_path / "c.h5"
    report = build_cache(clips, out, CROPS, settings)
    assert out.read_bytes() == one_by_one.read_bytes()
    assert sorted(clip_id.split("_")[1] for clip_id, _ in report.failures) == sorted(
        f"{name}.jpg" for name in BROKEN
    )
    assert report.n_new == len(clips) and 0 < report.n_without_face < N // 2
    assert list(tmp_path.iterdir()) == [out]
    assert build_cache(clips, out, CROPS, settings).n_new == 0


@pytest.mark.timeout(3000)
def test_stopped_between_groups_it_goes_on_with_the_others(
    clips, one_by_one, large_groups, tmp_path, monkeypatch
):
    out, seen = tmp_path / "c.h5", []

    def stop(done: int, _: int) -> None:
        seen.append(done)
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_cache(clips, out, CROPS, ONE, progress=stop)
    parts = list((tmp_path / "c.h5.parts").glob("*.part"))
    assert [path.name.endswith(".group.part") for path in parts] == [True]
    parts[0].rename(parts[0].with_name("0" * 32 + ".group.part"))  # its clips count, not its name
    ready: list[int] = []
    monkeypatch.setattr(grouping, "GROUP_CLIPS", 5)
    report = build_cache(clips, out, CROPS, TWO, progress=lambda done, _: ready.append(done))
    assert ready[0] == 8 and report.n_new == len(clips) - 8
    assert out.read_bytes() == one_by_one.read_bytes()


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("where", ["crops", "records"])
def test_a_damaged_part_of_a_group_is_made_again(
    clips, one_by_one, large_groups, tmp_path, monkeypatch, where
):
    out = tmp_path / "c.h5"

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("vidfer.build.builder.concatenate", stop)
        with pytest.raises(KeyboardInterrupt):
            build_cache(clips, out, CROPS, ONE)
    part = max((tmp_path / "c.h5.parts").glob("*.group.part"), key=lambda path: path.stat().st_size)
    data = bytearray(part.read_bytes())
    data[200 if where == "crops" else -100] ^= 1
    part.write_bytes(data)
    report = build_cache(clips, out, CROPS, ONE)
    assert report.n_new == (1 if where == "crops" else 8)  # the others of it had been joined by then
    assert out.read_bytes() == one_by_one.read_bytes()


@pytest.mark.timeout(3000)
def test_one_that_kills_its_worker_costs_no_neighbour(clips, one_by_one, large_groups, tmp_path, monkeypatch):
    monkeypatch.setattr(read_clips, "PREPARE", "dies_at_deadly:prepare")
    deadly = Clip(id="04_deadly.jpg", path=clips[0].path, label="happy")
    out = tmp_path / "c.h5"
    report = build_cache([*clips, deadly], out, CROPS, TWO)
    reasons = dict(report.failures)
    assert len(reasons) == 1 + len(BROKEN) and "SIGKILL" in reasons[deadly.id]
    expected = {clip.id: clip.hash for clip in CropCache(one_by_one).clips}
    assert expected == {clip.id: clip.hash for clip in CropCache(out).clips if clip.id != deadly.id}


@pytest.mark.timeout(3000)
def test_broken_ones_are_read_again_when_that_is_wanted(clips, large_groups, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    copies = [replace(clip, path=folder / clip.id) for clip in clips[:9]]
    for clip, copy in zip(clips, copies):
        copy.path.write_bytes(clip.path.read_bytes())
    cut = next(clip for clip in copies if "empty" in clip.id)
    whole = (folder / "01.png").read_bytes()
    cut.path.write_bytes(bytes(len(whole)))
    out = tmp_path / "c.h5"
    assert [clip_id for clip_id, _ in build_cache(copies, out, CROPS, ONE).failures] == [cut.id]
    cut.path.write_bytes(whole)  # of the same size: only a retry looks at it again
    assert build_cache(copies, out, CROPS, ONE).n_new == 0
    report = build_cache(copies, out, CROPS, replace(ONE, retry_failed=True))
    assert report.n_new == 1 and not report.failures
