"""Novel classes and measured subjects choose neither training clips nor checkpoints."""

import numpy as np
from crop_caches import write_cache

from vidfer.data.episode_batches import validation_episodes
from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.data.split_datasets import evaluation_clips
from vidfer.data.training_split import split_hash, training_split

BASE, NOVEL = ("happy", "sad"), ("fear", "surprise")
TASK = EpisodeSettings(ways=2, shots=1, queries=1, val_episodes=7)


def clips(novel_labels) -> list[dict]:
    """Ten subjects who show base classes, six of novel ones, two of these also base classes."""
    base = [{"id": f"b{i:02d}", "label": BASE[i % 2], "subject": f"p{i // 4}"} for i in range(40)]
    novel = [
        {"id": f"n{i:02d}", "label": label, "subject": f"p{i % 2}" if i < 4 else f"n{i // 4}"}
        for i, label in enumerate(novel_labels)
    ]
    return base + novel


def chosen(tmp_path, novel_labels, **data):
    cache = write_cache(tmp_path / f"{len({*tmp_path.iterdir()})}.h5", clips(novel_labels), size_px=16)
    split = training_split(cache, DataSettings(novel=NOVEL, **data))
    val = evaluation_clips(cache, split.val, BASE, n_frames=1)
    episodes = validation_episodes(val, BASE, TASK, seed=0)
    return cache, split, [episode.query.tolist() for episode in episodes]


def test_novel_labels_choose_neither_clips_nor_checkpoints(tmp_path):
    labels = np.array(NOVEL)[np.arange(16) % 2]
    cache, split, episodes = chosen(tmp_path, labels.tolist())
    other, again, same = chosen(tmp_path, labels[::-1].tolist())  # other labels for the same clips
    assert [c.label for c in cache.clips] != [c.label for c in other.clips]
    assert split_hash(cache, split) == split_hash(other, again) and episodes == same
    kept = {cache.clips[i].label for i in (*split.train, *split.val, *split.test)}
    assert kept == set(BASE)


def test_nobody_who_is_measured_is_trained_or_chosen_on(tmp_path):
    labels = [NOVEL[i % 2] for i in range(16)]
    cache, split, _ = chosen(tmp_path, labels)
    subjects = {c.subject for c in cache.clips if c.label in NOVEL}
    assert not {cache.clips[i].subject for i in (*split.train, *split.val)} & subjects

    # With folds the fold's subjects are kept out, and they alone are measured, whatever they show.
    held, trained = set(), set()
    for number in (1, 2, 3):
        cache, split, _ = chosen(tmp_path, labels, fold=f"{number}/3")
        measured = {cache.clips[i].subject for i in split.fold.held_out}
        used = {cache.clips[i].subject for i in (*split.train, *split.val)}
        assert not used & measured and not held & measured
        held, trained = held | measured, trained | used
    assert held == {c.subject for c in cache.clips} and subjects & trained == {"p0", "p1"}
