"""The clips of a split as data sets."""

from crop_caches import write_cache
from refused import refused

from vidfer.data.settings import DataSettings
from vidfer.data.split_datasets import evaluation_clips, training_clips
from vidfer.errors import DataError

CLIPS = [{"id": str(i), "label": ("happy", "sad", "fear")[i % 3], "status": "ddddd"} for i in range(6)]


def test_labels_frames_and_mode(tmp_path):
    cache = write_cache(tmp_path / "c.h5", CLIPS)
    settings = DataSettings(frames=7, decode="device")
    train = training_clips(cache, [0, 1, 4], ("sad", "happy"), settings, seed=3)
    assert train.training and train.seed == 3 and train.n_frames == 7
    assert train.labels.tolist() == [1, 0, 0] and train.clips.tolist() == [0, 1, 4]
    val = evaluation_clips(cache, [2, 5], ("fear",), n_frames=7)
    assert not val.training and val.labels.tolist() == [0, 0]
    assert val.n_frames == 5  # no clip has more


def test_clips_without_labels(tmp_path):
    cache = write_cache(tmp_path / "c.h5", CLIPS)
    assert training_clips(cache, [0, 1], None, DataSettings(), seed=0).labels.tolist() == [-1, -1]
    assert evaluation_clips(cache, [2], None, n_frames=1).labels.tolist() == [-1]


def test_a_clip_of_another_class_is_refused(tmp_path):
    cache = write_cache(tmp_path / "c.h5", CLIPS)
    with refused(DataError, "clip '2'", "'fear'", "sad, happy", "c.h5"):
        training_clips(cache, [0, 2], ("sad", "happy"), DataSettings(), seed=0)
