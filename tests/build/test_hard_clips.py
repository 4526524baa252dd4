"""Files that break pipelines: none stops the run, each unreadable or damaged one is listed with a reason."""

from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.store.reader import CropCache

UNREADABLE = (
    "audio_only.mp4",
    "empty.mp4",
    "garbage.mp4",
    "textfile.mp4",
    "truncated_60pct_moov_end.mp4",
)
READABLE = {
    "one_frame.mp4": 1,
    "two_frames.mp4": 2,
    "fps1.mp4": 3,
    "raw_bgr.avi": 25,
}
CUT_SHORT = {"bitflips.mp4": 16, "truncated_50pct.avi": 37, "truncated_60pct_faststart.mp4": 31}
FACELESS = ("black_noface.mp4", "testsrc_noface.mp4")


def test_hard_clips_are_kept_or_listed(shared, tmp_path):
    names = [*UNREADABLE, *READABLE, *CUT_SHORT, *FACELESS]
    clips = [Clip(id=name, path=shared / "data" / "hard_clips" / name) for name in names]
    report = build_cache(clips, tmp_path / "hard.h5", CropSettings(size_px=48), BuildSettings(workers=2))
    reasons = dict(report.failures)
    assert sorted(reasons) == sorted(UNREADABLE) and all(len(reason) > 10 for reason in reasons.values())
    cut_short = dict(report.cut_short)
    assert sorted(cut_short) == sorted(CUT_SHORT)
    assert all(len(reason) > 10 for reason in cut_short.values())
    assert report.n_without_face == len(FACELESS) and report.n_clips == len(names)
    found = {clip.id: clip for clip in CropCache(tmp_path / "hard.h5").clips}
    expected = READABLE | CUT_SHORT
    assert {name: found[name].n_frames for name in expected} == expected
    assert all(found[name].n_frames == 50 and found[name].n_faces == 0 for name in FACELESS)
