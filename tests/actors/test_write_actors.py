"""The files that `vidfer actors` writes."""

import csv
import dataclasses
import multiprocessing
from collections import Counter, defaultdict
from pathlib import Path

import av
import numpy as np
import pytest
from refused import refused

from vidfer.actors.expressions import prototype
from vidfer.actors.plan import plan_clips
from vidfer.actors.settings import ActorSettings
from vidfer.actors.units import unit_columns
from vidfer.actors.write import write_actors
from vidfer.errors import DataError, SettingError
from vidfer.workers import LostWorker

TINY = ActorSettings(
    size=(160, 120),
    setting="wild",
    min_duration_s=0.5,
    max_duration_s=0.6,
    base_labels=("happy", "neutral"),
    novel_labels=("happily_surprised",),
    train_per_class=1,
    val_per_class=0,
    test_per_class=1,
    novel_per_class=1,
    unlabelled=2,
    train_subjects=2,
    test_subjects=1,
    unlabelled_subjects=1,
)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "new"
    write_actors(TINY, folder)
    return folder


def test_layout_is_afews(tiny):
    videos = sorted(str(path.relative_to(tiny)) for path in tiny.rglob("*.avi"))
    assert videos == [
        "Test_AFEW/Happily_Surprised/000000004.avi",
        "Test_AFEW/Happy/000000002.avi",
        "Test_AFEW/Neutral/000000003.avi",
        "Train_AFEW/Happy/000000000.avi",
        "Train_AFEW/Neutral/000000001.avi",
        "Unlabelled_AFEW/000000005.avi",
        "Unlabelled_AFEW/000000006.avi",
    ]
    assert [row["id"] for row in rows(tiny / "truth" / "truth.csv")] == sorted(
        videos, key=lambda name: name[-13:]
    )
    assert {path.stem for path in (tiny / "truth").glob("0*.csv")} == {Path(name).stem for name in videos}
    assert not list(tiny.rglob("*.tmp"))


def test_the_sources_read_it(tiny):
    from vidfer.clips import SOURCES

    clips = {clip.id: clip for clip in SOURCES["actors"].find(tiny)}
    for row in rows(tiny / "truth" / "truth.csv"):
        clip = clips.pop(row["id"])
        assert (clip.subject, clip.split) == (row["subject"], row["split"])
        assert clip.label == (None if row["split"] == "unlabelled" else row["label"])
    assert not clips


def test_the_same_seed_gives_the_same_files_with_any_number_of_workers(tiny, tmp_path):
    seen = []
    write_actors(TINY, tmp_path, workers=2, progress=lambda done, total: seen.append((done, total)))
    assert content(tmp_path) == content(tiny)
    assert seen == [(done, 7) for done in range(8)]


def test_several_processes_draw_where_shared_memory_cannot_be_written(tiny, tmp_path, no_semaphores):
    with pytest.raises(OSError, match="Read-only"):
        multiprocessing.get_context("spawn").Lock()
    write_actors(TINY, tmp_path, workers=2)
    assert content(tmp_path) == content(tiny)


def test_a_process_that_dies_is_a_message(tmp_path, monkeypatch):
    lost = LostWorker("the process that worked on it died (SIGKILL)", died=True)
    monkeypatch.setattr("vidfer.actors.write.run_jobs", lambda *_: iter([(1, lost)]))
    with refused(DataError, "Train_AFEW", ".avi", "SIGKILL", "start the same command again"):
        write_actors(TINY, tmp_path, workers=2)


def test_what_a_process_cannot_write_is_said(tmp_path):
    write_actors(TINY, tmp_path)
    video = next(tmp_path.glob("Test_AFEW/Happy/*.avi"))
    for other in tmp_path.glob("Train_AFEW/*/*.avi"):
        other.unlink()
    video.unlink()
    video.with_suffix(".avi.tmp").mkdir()  # where the process wants to write a file
    with pytest.raises(IsADirectoryError):
        write_actors(TINY, tmp_path, workers=2)


def test_another_seed_gives_other_videos(tiny, tmp_path):
    write_actors(dataclasses.replace(TINY, seed=1), tmp_path)
    first = "Train_AFEW/Happy/000000000.avi"
    assert (tmp_path / first).read_bytes() != (tiny / first).read_bytes()


def test_videos_are_h264_at_25_fps_with_the_promised_length(tiny, studio_clips):
    for folder, shortest_s, longest_s in ((tiny, 0.5, 0.6), (studio_clips, 0.8, 0.8)):
        frames = {row["id"]: int(row["n_frames"]) for row in rows(folder / "truth" / "truth.csv")}
        for name, n_frames in frames.items():
            with av.open(str(folder / name)) as video:
                stream = video.streams.video[0]
                assert stream.codec_context.name == "h264" and stream.average_rate == 25
                decoded = sum(1 for _ in video.decode(stream))
            assert decoded == n_frames == len(rows(folder / "truth" / f"{Path(name).stem}.csv"))
            assert shortest_s - 0.021 <= n_frames / 25 <= longest_s + 0.021


def test_decord_jumps_to_the_right_frame(studio_clips):
    import decord

    path = str(next((studio_clips / "Unlabelled_AFEW").glob("*.avi")))
    with av.open(path) as video:
        expected = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    for index in np.random.default_rng(0).permutation(len(expected))[:10]:
        read = decord.VideoReader(path)[int(index)].asnumpy()
        errors = [np.abs(read.astype(int) - frame).mean() for frame in expected]
        assert np.argmin(errors) == index


def test_subjects_stay_in_one_split_and_expressions_do_not_follow_subjects():
    clips = plan_clips(ActorSettings())
    splits = defaultdict(set)
    labels = defaultdict(Counter)
    for clip in clips:
        splits[clip.subject].add(clip.split)
        if clip.split == "train":
            labels[clip.subject][clip.label] += 1
    assert all(len(where) == 1 for where in splits.values())
    assert len({clip.id for clip in clips}) == len({clip.stem for clip in clips}) == len(clips)
    assert all(len(shown) == 7 and max(shown.values()) <= 2 for shown in labels.values())


def test_counts_follow_the_settings():
    settings = ActorSettings(unlabelled_novel_share=0.2)
    count = Counter((clip.split, clip.label) for clip in plan_clips(settings))
    assert all(count["train", label] == 10 and count["test", label] == 6 for label in settings.base_labels)
    assert all(count["test", label] == 10 for label in settings.novel_labels)
    assert all(count[split, label] == 0 for split in ("train", "val") for label in settings.novel_labels)
    unlabelled = Counter(clip.label for clip in plan_clips(settings) if clip.split == "unlabelled")
    assert sum(unlabelled.values()) == 100
    assert sum(unlabelled[label] for label in settings.novel_labels) == 20
    base = [unlabelled[label] for label in settings.base_labels]
    assert max(base) >= 4 * min(base) > 0, "unlabelled clips are unevenly distributed"


def test_the_truth_names_what_is_seen(studio_clips):
    for row in rows(studio_clips / "truth" / "truth.csv"):
        table = rows(studio_clips / "truth" / f"{Path(row['id']).stem}.csv")
        peaks = {name: max(float(line[name]) for line in table) for name in unit_columns()}
        shown = {int(name[2:4]) for name, peak in peaks.items() if peak > 0.3} - {45}
        assert shown == set(prototype(row["label"]))
        box = [float(table[0][name]) for name in ("box_x1", "box_y1", "box_x2", "box_y2")]
        assert 0 < box[0] < float(table[0]["left_eye_x"]) < float(table[0]["right_eye_x"]) < box[2] < 320
        assert 0 < box[1] < float(table[0]["nose_y"]) < float(table[0]["left_mouth_y"]) < box[3] < 240


def test_a_killed_run_goes_on(tiny, tmp_path):
    seen = []

    def die_after_three(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_actors(TINY, tmp_path, progress=die_after_three)
    assert seen == [(0, 7), (1, 7), (2, 7), (3, 7)]
    assert not (tmp_path / "subjects.csv").exists()
    finished = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.avi")}
    (tmp_path / "Test_AFEW" / "Happy" / "000000002.avi").with_suffix(".avi.tmp").write_bytes(b"half a clip")
    write_actors(TINY, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen[4:] == [(3, 7), (4, 7), (5, 7), (6, 7), (7, 7)]
    assert all(path.stat().st_mtime_ns == when for path, when in finished.items())
    assert {name for name in content(tmp_path) if not name.endswith(".tmp")} == set(content(tiny))
    assert all(content(tmp_path)[name] == data for name, data in content(tiny).items())


def test_foreign_folders_are_left_alone(tiny, tmp_path):
    (tmp_path / "holiday.avi").write_bytes(b"precious")
    with refused(SettingError, tmp_path):
        write_actors(TINY, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.avi"]
    with refused(SettingError, tiny, "truth/settings.json"):
        write_actors(dataclasses.replace(TINY, seed=9), tiny)
    with refused(SettingError, tmp_path / "holiday.avi"):
        write_actors(TINY, tmp_path / "holiday.avi")
